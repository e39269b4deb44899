# SPDX-License-Identifier: GPL-2.0
# Documentation/netlink/specs/pool.yaml -> names-gen.h: for each enum, for the
# drop reasons and codes, and for the bits of a mismatch, what each value is
# called and what it means. Reads just as much YAML as that file uses.

function indent(s)
{
	match(s, /^ */)
	return RLENGTH
}

function flush_entry()
{
	if (entry != "") {
		gsub(/\\/, "\\\\", doc)
		gsub(/"/, "\\\"", doc)
		printf "\t[%d] = { \"%s\", \"%s\" },\n", value++, entry, doc
	}
	entry = doc = ""
	folding = 0
}

function close_table()
{
	flush_entry()
	if (table != "")
		print "};\n"
	table = ""
}

function open_table(name, first)
{
	close_table()
	gsub(/-/, "_", name)
	table = name
	value = first
	printf "static const struct name_why %s_names[] = {\n", name
}

function text(s)
{
	sub(/^[^:]*: */, "", s)
	return s
}

BEGIN {
	print "/* SPDX-License-Identifier: GPL-2.0 */"
	print "/* Made from pool.yaml by names.awk: do not edit. */\n"
}

/^[a-z]/ {
	close_table()
	section = $1
	kind = ""
	next
}

# A new definition, or a new attribute set.
/^  -$/ {
	close_table()
	kind = def = ""
	first = 0
	next
}

section == "definitions:" && /^    type: / { kind = $2; next }
section == "definitions:" && /^    name: / { def = $2; next }
section == "definitions:" && /^    value-start: / { first = $2; next }
section == "definitions:" && (kind == "enum" || def == "mismatch") && /^    entries:/ {
	open_table(def, first)
	if ($0 ~ /\[/) {
		line = $0
		gsub(/.*\[|\].*/, "", line)
		n = split(line, words, /, */)
		for (i = 1; i <= n; i++) {
			entry = words[i]
			flush_entry()
		}
		close_table()
	}
	next
}

section == "attribute-sets:" && /^    name: / {
	if ($2 == "drops" || $2 == "codes")
		open_table(substr($2, 1, length($2) - 1), 1)
	next
}

table == "" { next }

/^ *-$/ { flush_entry(); next }
/^ *- [a-z]/ { flush_entry(); entry = $2; next }
/^ *name: / { entry = $2; next }
/^ *doc: >-/ { folding = indent($0) + 1; next }
/^ *doc: / { doc = text($0); next }
folding && indent($0) >= folding {
	sub(/^ */, "")
	doc = doc (doc == "" ? "" : " ") $0
	next
}
{ folding = 0 }

END { close_table() }
