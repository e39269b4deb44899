#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# run-tests.sh PROGRAM...: run cmocka programs, print one TAP stream of them all.

export CMOCKA_MESSAGE_OUTPUT=TAP

for program in "$@"; do
	timeout 300 "$program" 2>&1
	echo "exit: $? ${program##*/}"
done | awk '
	/^1\.\.[0-9]+$/ {
		planned = substr($0, 4)
		next
	}
	/^(not )?ok [0-9]+/ {
		n++
		ran++
		if (/# SKIP/) {
			# cmocka says "not ok" of these
			skipped++
			printf "ok %d - %s # SKIP\n", n, $NF
			next
		}
		if ($1 == "not")
			bad++
		sub(/ok [0-9]+/, "ok " n)
		print
		next
	}
	/^exit: / {
		# A crash, or a test that never ran, has no line of its own.
		if (!planned || ran != planned || ($2 != 0 && !bad)) {
			n++
			bad++
			printf "not ok %d - %s ended with %d after %d of %d tests\n",
			       n, $3, $2, ran, planned
		}
		failed += bad
		planned = ran = bad = 0
		next
	}
	/^# ok - / { next }
	/^#/ { print; next }
	{ print "# " $0 }
	END {
		printf "1..%d\n", n
		printf "# %d passed, %d failed, %d skipped\n", n - failed - skipped,
		       failed, skipped
		exit failed > 0 || n == 0
	}'
