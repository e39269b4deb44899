// SPDX-License-Identifier: GPL-2.0
/* pool set */
#include "pool.h"
#include "../lib/apply.h"

static int set(struct config *c, const char *name, int argc, char **argv)
{
	struct nl_dev dev;
	struct nl nl;
	struct err e;
	int ret;

	if (nl_dev_parse(&dev, name, &e) || config_parse_args(c, argc, argv, &e))
		return fail("set", &e, POOL_USAGE);
	if (config_load(c, warn, &e) || nl_open(&nl, &e))
		return fail("set", &e, POOL_REFUSED);
	ret = apply(&nl, &dev, c, NULL, &apply_out, &e);
	nl_close(&nl);
	if (!ret)
		return POOL_OK;
	err_prepend(&e, "%s: ", name);
	return fail("set", &e, POOL_REFUSED);
}

int cmd_set(int argc, char **argv)
{
	struct config c = { 0 };
	int ret;

	if (argc < 2)
		return fail_usage("set", "the name of a device is missing");
	if (argc < 3)
		return fail_usage("set", "there is nothing to set");
	ret = set(&c, argv[1], argc - 2, argv + 2);
	config_free(&c);
	return ret;
}
