// SPDX-License-Identifier: GPL-2.0
/* pool show */
#include <time.h>
#include <unistd.h>

#include "pool.h"
#include "../lib/json.h"
#include "../lib/parse.h"

struct wish {
	const char *device;	/* NULL: all */
	const char *field;
	bool names;		/* "interfaces" */
	bool as_json;
	bool with_name;		/* "all" was said: each line tells its device */
	u32 watch;		/* seconds between two reports; 0: only one */
};

enum {
	WATCH_MOST = 86400,
};

static int set_watch(struct wish *w, const char *seconds, struct err *e)
{
	u64 n = 1;

	if (w->watch)
		return err_set(e, "given twice");
	if (seconds && parse_number(seconds, 1, WATCH_MOST, &n, e))
		return -1;
	w->watch = (u32)n;
	return 0;
}

/* Behind --watch: a number and no device, whatever number it is. */
static bool is_number(const char *word)
{
	return word && *word && strspn(word, "0123456789.") == strlen(word);
}

/* 0, or an exit code. */
static int parse_wish(struct wish *w, int argc, char **argv)
{
	bool device_given = false;
	struct err e;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json") || !strcmp(argv[i], "-j")) {
			w->as_json = true;
		} else if (!strcmp(argv[i], "--watch") || !strcmp(argv[i], "-w")) {
			const char *word = argv[i];
			const char *seconds = i + 1 < argc && is_number(argv[i + 1]) ? argv[++i] :
										       NULL;

			if (set_watch(w, seconds, &e)) {
				err_prepend(&e, "\"%s\": ", word);
				return fail("show", &e, POOL_USAGE);
			}
		} else if (argv[i][0] == '-') {
			return fail_usage("show", "\"%.64s\": must be --json or --watch", argv[i]);
		} else if (!device_given) {
			device_given = true;
			if (!strcmp(argv[i], "interfaces"))
				w->names = true;
			else if (!strcmp(argv[i], "all"))
				w->with_name = true;
			else
				w->device = argv[i];
		} else if (w->field) {
			return fail_usage("show", "\"%.64s\": one view at a time", argv[i]);
		} else if (!show_field_exists(argv[i])) {
			return fail_usage("show", "\"%.64s\": must be one of %s", argv[i],
					  show_field_list());
		} else {
			w->field = argv[i];
		}
	}
	if (w->names && (w->field || w->as_json))
		return fail_usage("show", "\"interfaces\" goes with nothing else");
	if (w->as_json && w->field)
		return fail_usage("show", "--json is the whole document: leave \"%s\" out",
				  w->field);
	return 0;
}

static void show_names(const struct device_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		printf("%s%s", i ? " " : "", list->dev[i].ifname);
	if (list->n)
		putchar('\n');
}

/* Fill in the peers; devices that went away in the meantime are dropped. */
static int get_peers(struct nl *nl, const struct wish *w, struct device_list *list,
		     struct err *e)
{
	bool sessions = !w->field || show_field_wants_sessions(w->field);
	size_t i, kept = 0;
	int ret = 0;

	if (w->names || (w->field && !show_field_wants_peers(w->field)))
		return 0;
	for (i = 0; i < list->n; i++) {
		struct nl_error ne = { 0 };

		if (!ret && state_get_peers(nl, &list->dev[i], sessions, &ne, e)) {
			if (w->device || ne.code != ENODEV) {
				ret = err_prepend(e, "%s: ", list->dev[i].ifname);
			} else {
				state_free_device(&list->dev[i]);
				continue;
			}
		}
		list->dev[kept++] = list->dev[i];
	}
	list->n = kept;
	return ret;
}

static void show_list(const struct wish *w, const struct device_list *list)
{
	struct json j = { .out = stdout, .one_line = w->watch };
	size_t i;

	if (w->names) {
		show_names(list);
		return;
	}
	if (w->as_json)
		json_open(&j, NULL, '{');
	for (i = 0; i < list->n; i++) {
		if (w->as_json) {
			json_device(&j, &list->dev[i]);
		} else if (w->field) {
			show_field(&list->dev[i], w->field, w->with_name);
		} else {
			if (i)
				putchar('\n');
			show_human(&list->dev[i]);
		}
	}
	if (w->as_json) {
		json_close(&j, '}');
		putchar('\n');
	}
}

/* One look at all that is wished for. */
static int look(struct nl *nl, const struct wish *w, const struct nl_dev *dev,
		struct device_list *list, struct err *e)
{
	if (state_get_devices(nl, dev, list, e))
		return w->device ? err_prepend(e, "%s: ", w->device) : -1;
	return get_peers(nl, w, list, e);
}

/* What stands between two reports, or above each on a terminal. */
static void between(const struct wish *w, bool terminal, bool first)
{
	char stamp[16];
	time_t now;
	struct tm tm;

	if (!terminal) {
		if (!first && !w->as_json)
			putchar('\n');
		return;
	}
	if (w->as_json)
		return;
	time(&now);
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%H:%M:%S", &tm);
	/* To the upper left corner, and all below goes. */
	printf("\033[H\033[2J%s, every %u second%s\n\n", stamp, w->watch,
	       w->watch == 1 ? "" : "s");
}

/* One report, or with --watch one after the other until something fails. */
static int report(struct nl *nl, const struct wish *w, const struct nl_dev *dev, struct err *e)
{
	bool terminal = isatty(STDOUT_FILENO), first = true;
	int ret;

	do {
		struct device_list list = { 0 };

		ret = look(nl, w, dev, &list, e);
		if (!ret && w->watch)
			between(w, terminal, first);
		if (!ret)
			show_list(w, &list);
		state_free_list(&list);
		first = false;
		if (ret || !w->watch)
			break;
		fflush(stdout);
		sleep(w->watch);
	} while (!ferror(stdout));
	return ret;
}

int cmd_show(int argc, char **argv)
{
	struct wish w = { 0 };
	struct nl_dev dev;
	struct nl nl;
	struct err e;
	int ret;

	ret = parse_wish(&w, argc, argv);
	if (ret)
		return ret;
	if (w.device && nl_dev_parse(&dev, w.device, &e))
		return fail("show", &e, POOL_USAGE);
	if (nl_open(&nl, &e))
		return fail("show", &e, POOL_REFUSED);
	colour_init();
	/* A report is painted by one write, so that nobody sees half of it. */
	if (w.watch)
		setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	ret = report(&nl, &w, w.device ? &dev : NULL, &e);
	nl_close(&nl);
	if (ret)
		return finish("show", fail("show", &e, POOL_REFUSED));
	return finish("show", POOL_OK);
}
