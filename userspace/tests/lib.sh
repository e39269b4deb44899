# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# TAP for the shell tests. Sourced.
#
#   try WORDS...         run the tool, keep exit code, stdout and stderr
#   is NAME CODE [TEXT]  the last try ended with CODE, and stderr has TEXT
#   out NAME TEXT        its stdout has a line that is TEXT
#   has NAME TEXT        its stdout has TEXT somewhere
#   finish               the plan; the exit code of the script

POOL=${POOL:-$OUT/tests/pool}
count=0
bad=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# A key of each kind, the same in every run.
KEY_A=AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=
KEY_B=IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=
KEY_C=CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=
SECRET=aIGChIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2en2A=

ok() {
	count=$((count + 1))
	echo "ok $count - $1"
}

not_ok() {
	count=$((count + 1))
	bad=$((bad + 1))
	echo "not ok $count - $1"
	shift
	for line in "$@"; do
		printf '%s\n' "$line" | cut -c 1-500 | sed 's/^/#   /'
	done
}

# check NAME COMMAND...: COMMAND succeeds
check() {
	check_name=$1
	shift
	if "$@"; then ok "$check_name"; else not_ok "$check_name" "failed: $*"; fi
}

try() {
	tried="$*"
	"$POOL" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	code=$?
}

# As try, standard input from a file.
try_from() {
	from=$1
	shift
	tried="$* < $from"
	"$POOL" "$@" >"$tmp/out" 2>"$tmp/err" <"$from"
	code=$?
}

dump_try() {
	not_ok "$1" "pool $tried" "$2" "exit code $code" "stdout: $(head -c 2000 "$tmp/out")" \
		"stderr: $(head -c 2000 "$tmp/err")"
}

is() {
	if [ "$code" -ne "$2" ]; then
		dump_try "$1" "wanted exit code $2"
	elif [ $# -gt 2 ] && ! grep -qF -e "$3" "$tmp/err"; then
		dump_try "$1" "wanted on stderr: $3"
	elif [ $# -eq 2 ] && [ "$2" -eq 0 ] && [ -s "$tmp/err" ]; then
		dump_try "$1" "wanted nothing on stderr"
	else
		ok "$1"
	fi
}

out() {
	if grep -qxF -e "$2" "$tmp/out"; then ok "$1"; else dump_try "$1" "wanted the line: $2"; fi
}

has() {
	if grep -qF -e "$2" "$tmp/out"; then ok "$1"; else dump_try "$1" "wanted: $2"; fi
}

lacks() {
	if grep -qF -e "$2" "$tmp/out" "$tmp/err"; then
		dump_try "$1" "must not be there: $2"
	else
		ok "$1"
	fi
}

finish() {
	echo "1..$count"
	[ $bad -eq 0 ]
	exit
}
