#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# pool.yaml and the tool have the same names: every attribute of an answer is
# decoded, and every reason is explained.

. ./lib.sh
spec=../../Documentation/netlink/specs/pool.yaml

# "device listen-port" for each attribute that the kernel may send
awk '
	/^[a-z]/ { sets = ($1 == "attribute-sets:"); next }
	!sets { next }
	/^    name: / { set = $2 }
	/^        name: / { print set, $2 }
' $spec | grep -E '^(device|peer|session|event|telemetry) ' |
	grep -vE ' (pad|flags|private-key|preshared-key|allowed-ip-auto)$' >"$tmp/attrs"
check "attributes are found" test "$(wc -l <"$tmp/attrs")" -gt 60
while read -r set name; do
	upper=$(echo "${set}_$name" | tr 'a-z-' 'A-Z_')
	if grep -E -A 1 "\\b$upper\\b" ../lib/fields.c | grep -q "\"$name\""; then
		ok "$set $name"
	else
		not_ok "$set $name" "lib/fields.c does not know POOL_A_$upper as \"$name\""
	fi
done <"$tmp/attrs"

try help reasons
is "help reasons" 0
awk '
	/^    name: / { drops = ($2 == "drops") }
	drops && /^        name: / && $2 != "pad" { print $2 }
' $spec >"$tmp/drops"
check "drops are found" test "$(wc -l <"$tmp/drops")" -gt 50
while read -r name; do
	check "$name is explained" grep -qE "^  $name +[^ ]" "$tmp/out"
done <"$tmp/drops"
finish
