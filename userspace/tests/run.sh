#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Run the tests of user space: run.sh UNIT_TEST... with OUT in the environment.
# Their results become one TAP stream; the exit code can be trusted.

cd "$(dirname "$0")" || exit 1
OUT=${OUT:?where the built files are}
export OUT
export CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1
unset NO_COLOR POOL_COLOR POOL_FAKE POOL_FAKE_FAULT POOL_FAKE_BUSY POOL_FAKE_LOG
unset POOL_ENDPOINT_RESOLUTION_RETRIES IP_LIB_DIR

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
total=0 failed=0

run() {
	name=$1
	shift
	timeout 300 "$@" >"$log" 2>&1
	code=$?
	ok=$(grep -cE '^ok [0-9]' "$log")
	bad=$(grep -cE '^not ok ' "$log")
	plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$log")
	# What dies, says nothing or stops half way has failed, whatever it printed.
	if [ "$bad" -eq 0 ] && [ $code -ne 0 ]; then
		bad=1 && echo "not ok 0 - it exited with $code" >>"$log"
	elif [ "${plan:-0}" -eq 0 ] || [ $((ok + bad)) -ne "${plan:-0}" ]; then
		bad=$((bad + 1))
		echo "not ok 0 - it came to $((ok + bad)) of ${plan:-no} tests" >>"$log"
	fi
	# Numbered anew, with the name of the test in front; all else is a comment.
	awk -v n=$total -v name="$name" '
		/^1\.\.[0-9]+$/ || /^# ok - tests$/ { next }
		/^(not )?ok / {
			word = /^not/ ? "not ok" : "ok"
			sub(/^(not )?ok [0-9]* ?(- )?/, "")
			print word, ++n, "- " name ": " $0
			next
		}
		/^#/ { print; next }
		{ print "#", $0 }
	' "$log"
	total=$((total + ok + bad)) failed=$((failed + bad))
}

for t in "$@"; do
	run "$t" "$OUT/tests/$t"
done
for t in cli keys fake conf names man; do
	run "$t" sh "./$t.sh"
done
echo "1..$total"
echo "# userspace: $((total - failed)) passed, $failed failed"
[ $failed -eq 0 ] && [ $total -gt 0 ]
