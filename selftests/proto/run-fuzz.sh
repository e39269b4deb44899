#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# run-fuzz.sh SECONDS TARGET...: each for so long; TAP. What it learnt stays
# beside the target, in TARGET.corpus; what broke it in TARGET.crash-*.

seconds=$1
shift
n=0
failed=0

echo "1..$#"
for target in "$@"; do
	n=$((n + 1))
	name=${target##*/}
	mkdir -p "$target.corpus"
	export POOL_FUZZ_SEEDS="$target.corpus"
	if timeout $((seconds + 120)) "$target" -max_total_time="$seconds" -max_len=512 \
		-timeout=10 -rss_limit_mb=1024 -print_final_stats=1 -verbosity=1 \
		-artifact_prefix="$target." "$target.corpus" >"$target.log" 2>&1; then
		echo "ok $n - fuzz $name, $(sed -n 's/.*number_of_executed_units: *//p' \
			"$target.log") runs"
	else
		failed=$((failed + 1))
		echo "not ok $n - fuzz $name"
		tail -n 40 "$target.log" | sed 's/^/# /'
	fi
done
exit $((failed > 0))
