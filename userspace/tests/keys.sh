#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# genkey, genpsk, pubkey and address.

. ./lib.sh
umask 077

try genkey
is "genkey" 0
check "one line of 44 characters" grep -qxE '[A-Za-z0-9+/]{43}=' "$tmp/out"
cp "$tmp/out" "$tmp/k1"
try genkey
check "another one each time" test "$(cat "$tmp/out")" != "$(cat "$tmp/k1")"
# Clamped: the low three bits of the first byte, the high two of the last.
first=$(base64 -d <"$tmp/k1" | od -An -v -tu1 -N 1)
last=$(base64 -d <"$tmp/k1" | od -An -v -tu1 -j 31)
check "clamped below" test $((first & 7)) -eq 0
check "clamped above" test $((last & 192)) -eq 64
try genpsk
is "genpsk" 0
check "genpsk: one line of 44 characters" grep -qxE '[A-Za-z0-9+/]{43}=' "$tmp/out"
try genkey word
is "genkey takes no word" 2 '"word": genkey takes no words'
try genpsk word
is "genpsk takes no word" 2 '"word": genpsk takes no words'

(umask 022; "$POOL" genkey >"$tmp/open") 2>"$tmp/err"
code=$? tried="genkey > open file"
is "genkey warns of an open file" 0 "every user may open the file"
check "and writes the key" test -s "$tmp/open"
"$POOL" genkey >"$tmp/closed" 2>"$tmp/err"
check "no warning for a closed one" test ! -s "$tmp/err"
"$POOL" genkey 2>"$tmp/err" | cat >/dev/null
check "no warning for a pipe" test ! -s "$tmp/err"

# RFC 7748, 6.1: Alice's keys.
printf 'dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=\n' >"$tmp/alice"
try_from "$tmp/alice" pubkey
is "pubkey" 0
out "pubkey of RFC 7748" "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="
printf 'dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=' >"$tmp/bare"
try_from "$tmp/bare" pubkey
out "pubkey without a newline" "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="
try pubkey
is "pubkey of nothing" 1 "standard input: a key is missing"
printf 'secret!\n' >"$tmp/bad"
try_from "$tmp/bad" pubkey
is "pubkey of garbage" 1 "standard input: this is no key"
lacks "which is not repeated" "secret!"
try pubkey $SECRET
is "pubkey of a word" 2 "the private key comes from standard input"
lacks "which is not repeated" "$SECRET"

try address $KEY_A
is "address" 0
# Node ID and checksum computed here, from the text of the protocol.
node=$(printf '%s' "$KEY_A" | base64 -d | sha256sum | cut -c 1-16)
check "two lines" test "$(wc -l <"$tmp/out")" -eq 2
has "text form" "pool1:11000000-O0000000000000000-S0000000000000000-N$node-C"
try address $KEY_A organisation 1 segment 0x2a
org=$(printf 'pool1 org\0\0\0\0\0\0\0\001' | sha256sum | cut -c 1-10)
has "organisation and segment" "pool1:11000000-O0000000000000001-S000000000000002a-N$node-C"
if command -v python3 >/dev/null; then
	want=$(python3 -c "
import ipaddress, zlib
print(ipaddress.IPv6Address(bytes.fromhex('fd$org' + '002a' + '$node')))
print('%08x' % zlib.crc32(bytes.fromhex('11000000' + '0000000000000001' + '000000000000002a' + '$node')))")
	out "IPv6 address" "$(echo "$want" | head -n 1)"
	has "checksum" "-C$(echo "$want" | tail -n 1)"
fi
cp "$tmp/out" "$tmp/want"
printf '%s\n' "$KEY_A" >"$tmp/pub"
try_from "$tmp/pub" address - segment 2a organisation 1
check "key from stdin, words in any order" cmp -s "$tmp/out" "$tmp/want"
try address $KEY_A organisation
is "a value is missing" 2 '"organisation": a value is missing'
try address $KEY_A organisation xyz
is "a value is wrong" 2 '"organisation": xyz: must be 1 to 16 hex digits'
try address $KEY_A region 1
is "a word is wrong" 2 '"region": must be organisation or segment'
try address "${KEY_A}A"
is "neither a key nor a device" 2 "neither a device nor a public key"
try address pool0 organisation 1
is "a device has its own" 2 "they go with a key only"
try address -
is "no key on stdin" 1 "standard input: a key is missing"
finish
