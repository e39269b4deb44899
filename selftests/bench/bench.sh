#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest: measure. Every round takes every measurement, and each measurement goes
# through its subjects in turn, so that a noisy machine is as noisy for all of them.
# Usage: bench.sh ROUNDS SECONDS ROWS SUBJECTS AWAKE; leaves bench.json and bench-run.json in $RESULTS.
set -eu -o pipefail

rounds=$1 seconds=$2 only_rows=$3 only_subjects=$4 awake=$5
: "${POOL:?}" "${POOL_TOP:?}" "${POOL_RIG:?}" "${RESULTS:?}"
here=$POOL_TOP/selftests/bench
tools=$POOL_TOP/build/bench
tmp=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
mkdir "$tmp/rounds"

say() { printf '%s\n' "$*" >&2; }

# shellcheck source=subjects.bash
. "$here/subjects.bash"
# shellcheck source=ovpn.bash
. "$here/ovpn.bash"
# shellcheck source=rows.bash
. "$here/rows.bash"
# shellcheck source=crypto.bash
. "$here/crypto.bash"
# shellcheck source=peers.bash
. "$here/peers.bash"
# shellcheck source=clients.bash
. "$here/clients.bash"

# matches NAME LIST: is NAME one of LIST, whose words may be patterns? An empty list: yes.
matches() {
	local pattern
	[ "$2" ] || return 0
	set -f
	for pattern in $2; do
		# shellcheck disable=SC2053
		if [[ $1 == $pattern ]]; then set +f; return 0; fi
	done
	set +f
	return 1
}

# selected LIST WORDS: those of the words that match.
selected() {
	local word
	for word in $2; do if matches "$word" "$1"; then echo "$word"; fi; done
}

# known LIST NAMES: each word of the list matches one of the names.
known() {
	local word
	set -f
	for word in $1; do
		[ "$(selected "$word" "$2")" ] || { say "no such thing to measure: $word; there are: $2"; exit 2; }
	done
	set +f
}

# take ROUND MEASUREMENT SUBJECT: run it, and keep what it says of the rows asked for.
failed=0
take() {
	local round=$1 name=$2 subject=$3 row value rc
	set +e
	(set -e; "measure_$name" "$subject") >"$tmp/said" 2>"$tmp/err"
	rc=$?
	set -e
	if [ $rc != 0 ]; then
		say "round $round: $name of $subject failed:"
		tail -n 5 "$tmp/err" "$tmp/said" >&2
		failed=1
		return
	fi
	[ "$name" != clients ] && [ "$name" != table ] || live_memory "$subject" >>"$tmp/said"
	while read -r row value; do
		matches "$row" "$only_rows" || continue
		[[ $value =~ ^[0-9.]+$ ]] || { say "$row of $subject: no number: $value"; failed=1; continue; }
		echo "$value" >>"$tmp/rounds/$row@$subject"
		printf 'round %d: %-16s %-10s %12.1f %s\n' "$round" "$row" "$subject" "$value" \
			"$(unit_of "$row")" >&2
	done <"$tmp/said"
}

# live_memory SUBJECT: once a round has both parts, what a peer with a session takes.
live_memory() {
	cat "$tmp/said" >>"$tmp/memory.$1.$round"
	awk '$1 ~ /^mem_/ { sum += $2; n++ } END { if (n == 2) print "mem_peer_live", sum }' "$tmp/memory.$1.$round"
}

# write_json: what there is so far.
write_json() {
	local row subject
	for row in $(all_rows); do
		for subject in $(all_subjects); do
			[ -s "$tmp/rounds/$row@$subject" ] || continue
			jq -s --arg row "$row" --arg s "$subject" --arg unit "$(unit_of "$row")" \
				'{row: $row, subject: $s, unit: $unit, rounds: .}' "$tmp/rounds/$row@$subject"
		done
	done | jq -s . >"$RESULTS/bench.json.new"
	mv "$RESULTS/bench.json.new" "$RESULTS/bench.json"
}

# others: how much of the host other programs have used since the beginning, in percent.
others() {
	echo "$began $(cpu_time)" | awk '{ print int(($5 - $2 - ($4 - $1)) / ($6 - $3) * 100 + 0.5) }'
}

# write_run: what the figures depend on.
write_run() {
	jq -n --arg rig "$POOL_RIG" --arg kernel "$(uname -r)" --arg cpus "$(nproc)" --arg rounds "$rounds" \
		--arg seconds "$seconds" --arg rows "$only_rows" --arg subjects "$only_subjects" \
		--arg drivers "$(drivers)" --arg awake "$awake" --arg others "$(others)" '$ARGS.named' >"$RESULTS/bench-run.json"
}

# stay_awake: processors that are never idle, so that the guest need not wait for a busy host
# to wake it. Whatever else wants to run goes before these.
stay_awake() {
	for _ in $(seq "$(nproc)"); do
		while :; do :; done &
		chrt --idle --pid 0 $!
	done
}

# A function, so that all of this is read before the first of it is run: it takes long, and
# somebody may change the file meanwhile.
main() {
	local name round subject plan=()

	known "$only_rows" "$(all_rows)"
	known "$only_subjects" "$(all_subjects)"
	modprobe pool
	for name in $(all_measurements); do
		[ -z "$(selected "$only_rows" "$(rows_of "$name")")" ] || plan+=("$name")
	done
	look_for_ovpn
	for name in "${plan[@]}"; do "prepare_$(ground_of "$name")"; done
	[ -z "$awake" ] || stay_awake
	began=$(cpu_time)
	for round in $(seq "$rounds"); do
		for name in "${plan[@]}"; do
			for subject in $(selected "$only_subjects" "$(subjects_of "$name")"); do
				take "$round" "$name" "$subject"
			done
		done
		write_json
		write_run
	done
	exit "$failed"
}
main
