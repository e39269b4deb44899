#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# link_pool.so alone, and with the `ip` of this machine. Prints TAP.

count=0
bad=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
IP_LIB_DIR=$OUT
export IP_LIB_DIR LC_ALL=C

check() {
	name=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $name"
	else
		bad=$((bad + 1))
		echo "not ok $count - $name"
		sed 's/^/#   /' "$tmp/out" "$tmp/err"
	fi
}

# run WORDS...: ip with them; exit code, stdout and stderr are kept
run() {
	timeout 10 "$IP" "$@" >"$tmp/out" 2>"$tmp/err"
	code=$?
}

"$OUT/test_plugin" >"$tmp/unit" 2>&1
code=$?
cat "$tmp/unit"
count=$(grep -cE '^(not )?ok ' "$tmp/unit")
bad=$(grep -c '^not ok ' "$tmp/unit")
: >"$tmp/out"
cp "$tmp/unit" "$tmp/err"
check "the units end well" test $code -eq 0

# The size of the struct is the same as in the `ip` it is loaded into.
size=$(readelf --dyn-syms -W "$IP" 2>/dev/null | awk '$8 == "dummy_link_util" { print $3; exit }')
ours=$(readelf --dyn-syms -W "$OUT/link_pool.so" | awk '$8 == "pool_link_util" { print $3; exit }')
check "exported: pool_link_util, $ours bytes" test -n "$ours"
if [ -z "$size" ]; then
	echo "ok $((count += 1)) - # SKIP this ip has no plugins to compare with"
	echo "1..$count"
	[ $bad -eq 0 ]
	exit
fi
check "as those of ip ($size)" test "$size" = "$ours"
# Nothing is called that this `ip` does not have.
readelf --dyn-syms -W "$IP" | awk '$7 != "UND" { sub(/@.*/, "", $8); print $8 }' | sort -u >"$tmp/has"
readelf --dyn-syms -W "$OUT/link_pool.so" | awk '$7 == "UND" && $8 !~ /@/ && $8 !~ /^(_ITM|__gmon|$)/ { print $8 }' |
	sort -u >"$tmp/wants"
comm -13 "$tmp/has" "$tmp/wants" >"$tmp/out"
check "ip has what it calls" test ! -s "$tmp/out"
check "matches() is not called" test "$(grep -c matches "$tmp/wants")" -eq 0

run link help pool
check "ip link help pool" grep -q 'listen-port PORT' "$tmp/out"
run link add name pooltest type pool listen-port 70000
check "a bad port" grep -q 'argument "70000" is wrong: "listen-port" must be' "$tmp/err"
check "ends with an error" test $code -ne 0
run link add name pooltest type pool transport quic
check "a bad transport" grep -q 'argument "quic" is wrong: "transport" must be' "$tmp/err"
run link add name pooltest type pool fwmark x
check "a bad mark" grep -q 'argument "x" is wrong: "fwmark" must be' "$tmp/err"
run link add name pooltest type pool listen-port
check "a value is missing" grep -qi 'not complete' "$tmp/err"
run link add name pooltest type pool colour red
check "an unknown word" grep -q 'unknown option "colour"' "$tmp/err"
run link set dev lo type pool help
check "ip link set" grep -q 'listen-port PORT' "$tmp/err"

# What the kernel would tell, through the real `ip`.
"$OUT/test_plugin" "$tmp/links"
run -d monitor file "$tmp/links"
check "ip -d prints the options" grep -q 'pool listen-port 9300 transport tcp fwmark 0x10' "$tmp/out"
check "and a device without data" grep -q 'pool1' "$tmp/out"
# Few versions of `ip monitor` speak JSON; the selftests try `ip -d -j link show`.
run -d -j monitor file "$tmp/links"
if grep -q '^[[{]' "$tmp/out"; then
	tr -d ' \n' <"$tmp/out" >"$tmp/flat"
	check "ip -d -j, too" grep -qF \
		'"info_data":{"listen_port":9300,"transport":"tcp","fwmark":"0x10"}' "$tmp/flat"
fi
echo "1..$count"
[ $bad -eq 0 ]
