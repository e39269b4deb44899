#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The man pages are sound, and tell of everything that the tool knows.

. ./lib.sh
man=../../Documentation/man

for page in pool ip-link-pool; do
	if command -v mandoc >/dev/null; then
		mandoc -Tlint -W style $man/$page.8 >"$tmp/lint" 2>&1
		check "$page.8: mandoc$(head -n 1 "$tmp/lint")" test ! -s "$tmp/lint"
	fi
	if command -v groff >/dev/null; then
		groff -man -ww -Tutf8 -z $man/$page.8 >"$tmp/lint" 2>&1
		check "$page.8: groff$(head -n 1 "$tmp/lint")" test ! -s "$tmp/lint"
	fi
done

# Words as they stand on the command line and in files, and the keys of JSON.
sed 's/\\-/-/g; s/"//g; s/\\fP//g' $man/pool.8 >"$tmp/page"
grep -oE '^	\{ ("[a-z-]+"|NULL), "[A-Za-z]+", ("[A-Za-z]+"|NULL)' ../lib/config.c |
	grep -oE '"[^"]+"' | tr -d '"' >"$tmp/words"
check "settings are found" test "$(wc -l <"$tmp/words")" -gt 20
# In UNIT() the key follows the name.
grep -v '^	HIDDEN' ../lib/fields.c | sed '/UNIT(/s/"[^"]*", //' | grep -oE '"[a-z_-]+"' | tr -d '"' | tr - _ | sort -u >>"$tmp/words"
sed -n '/^static const struct view/,/^};/p' ../pool/show_field.c | grep -oE '"[a-z-]+"' |
	tr -d '"' >>"$tmp/words"
for c in show set genkey genpsk pubkey address showconf setconf syncconf addconf monitor help; do
	echo $c >>"$tmp/words"
done
while read -r word; do
	check "pool.8 tells of $word" grep -qwF -e "$word" "$tmp/page"
done <"$tmp/words"
finish
