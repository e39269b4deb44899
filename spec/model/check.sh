#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Checks the models with spin and prints TAP. Usage: check.sh [DIRECTORY FOR WHAT IS BUILT]
#
# A property holds only if the search was complete: without an error, without a
# word of truncation, and with the end of the search in the output. A mutant
# must fail with the error that is named, and no other.

set -u
HERE=$(cd "$(dirname "$0")" && pwd)
OUT=${1:-$(mktemp -d)}
JOBS=2
MEGABYTES=700		# of one search; two run at a time
SECONDS_EACH=300
rm -rf "$OUT"
mkdir -p "$OUT"

# search NAME MODEL KIND DEFINES...: KIND is safety, or cycles (any cycle is an
# error). Leaves the output in $OUT/NAME/out.
search() {
	local name=$1 model=$2 kind=$3 cc='-DSAFETY' opt=''; shift 3

	[ "$kind" = safety ] || { cc=-DNP; opt=-l; }
	mkdir -p "$OUT/$name"
	(
		cd "$OUT/$name" || exit 1
		spin "$@" -a "$HERE/$model.pml" &&
			gcc -O0 $cc -DMEMLIM=$MEGABYTES -o pan pan.c &&
			timeout $SECONDS_EACH ./pan -m200000 -w20 -n $opt
		echo "exit $?"
	) >"$OUT/$name/out" 2>&1
}

# complete FILE: the search came to its end
complete() {
	grep -q '^exit 0$' "$1" && grep -q 'errors: 0$' "$1" && grep -q '^pan: elapsed time' "$1" &&
		! grep -qiE 'truncated|max search depth|out of memory|not completed|reached limit' "$1"
}

# The cases: expectation|text|model|kind|defines. The expectation is `holds`, or
# a regular expression for the error that must be found.
KEYS='assertion violated \(\( !\(end\[0\]\.key'
UNREADABLE='assertion violated \(?\(?end\[\(1-me\)\]\.(receive|key)'
CASES=(
"holds|rekey on one TCP connection: same keys, nothing lost, two receive epochs|rekey|safety|-DCH_FIFO"
"holds|rekey on the worst network: same keys, two receive epochs|rekey|safety|-DCH_NET"
"holds|rekey with losses and new connections: comes to rest in one epoch|rekey|safety|-DCH_LOSS"
"holds|rekey with losses and new connections: never goes round in circles|rekey|cycles|-DCH_LOSS"
"assertion violated  ?!|the last epoch is reached on TCP (must be found)|rekey|safety|-DCH_FIFO -DWITNESS=1"
"assertion violated  ?!|the last epoch is reached on the worst network (must be found)|rekey|safety|-DCH_NET -DWITNESS=1"
"$KEYS|mutant: the higher ephemeral wins at one end|rekey|safety|-DCH_NET -DMUTANT_HIGHER_WINS"
"$UNREADABLE|mutant: the answerer switches at once|rekey|safety|-DCH_FIFO -DMUTANT_ANSWERER_SWITCHES"
"assertion violated 0|mutant: the offerer wipes its old receive key at once|rekey|safety|-DCH_FIFO -DMUTANT_OFFERER_WIPES"
"$UNREADABLE|mutant: an offer that comes again gets another answer|rekey|safety|-DCH_NET -DMUTANT_NEW_ANSWER"
"live<=2|mutant: the answerer keeps a third receive epoch|rekey|safety|-DCH_FIFO -DMUTANT_THREE_EPOCHS"
"live<=2|mutant: offers before the last rekey was heard|rekey|safety|-DCH_FIFO -DMUTANT_OFFERS_UNHEARD"
"$KEYS|mutant: who has answered offers as well|rekey|safety|-DCH_NET -DMUTANT_OFFERS_AFTER_ANSWER"
"$UNREADABLE|mutant: an offer of an earlier epoch is taken|rekey|safety|-DCH_NET -DMUTANT_OFFER_OF_ANY_EPOCH"
"$UNREADABLE|mutant: each repetition of an offer has a new ephemeral|rekey|safety|-DCH_FIFO -DMUTANT_REDRAW"
"assertion violated \(+end\[0\]\.send|mutant: an offer is not repeated|rekey|safety|-DCH_LOSS -DMUTANT_OFFER_ONCE"
"non-progress cycle|without an ACK for a repeated answer (README): it never ends|rekey|cycles|-DCH_LOSS -DWITHOUT_REPEAT_ACK"
"non-progress cycle|a session moves by the newest epoch it has, not heard (README): it never ends|rekey|cycles|-DCH_LOSS -DWITHOUT_NEWEST_HEARD"
"holds|duel without faults: one session is left|duel|safety|-DFAULTS=0"
"holds|duel with two faults: one session is left|duel|safety|-DFAULTS=2"
"holds|duel with one fault: never goes round in circles|duel|cycles|-DFAULTS=1"
"non-progress cycle|mutant: both ends close|duel|cycles|-DFAULTS=0 -DMUTANT_BOTH_CLOSE"
"assertion violated \(+end\[0\]\.current|mutant: no end closes|duel|safety|-DFAULTS=0 -DMUTANT_NONE_CLOSES"
"assertion violated \(m!=1\)|traffic under way to a surplus session is lost at its CLOSE (README)|duel|safety|-DFAULTS=0 -DDATA"
)

one() {
	local expect text model kind defines

	IFS='~' read -r expect text model kind defines <<<"$2"
	# shellcheck disable=SC2086
	search "$1" "$model" "$kind" $defines
}

# The expectation may have a | in it: the last four fields are cut from the end.
split() {
	local rest=$1 defines kind model text

	defines=${rest##*|} rest=${rest%|*}
	kind=${rest##*|} rest=${rest%|*}
	model=${rest##*|} rest=${rest%|*}
	text=${rest##*|} rest=${rest%|*}
	printf '%s~%s~%s~%s~%s' "$rest" "$text" "$model" "$kind" "$defines"
}

for i in "${!CASES[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge $JOBS ]; do wait -n; done
	one "$i" "$(split "${CASES[i]}")" &
done
wait

failed=0
echo "1..${#CASES[@]}"
for i in "${!CASES[@]}"; do
	IFS='~' read -r expect text _ <<<"$(split "${CASES[i]}")"
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$OUT/$i/out")
	ok=''
	if [ "$expect" = holds ]; then
		complete "$OUT/$i/out" && ok=1 && text+=": $states states"
	else
		grep -E '^pan:1:' "$OUT/$i/out" | grep -qE -- "$expect" && ok=1 && text+=': caught'
	fi
	if [ "$ok" ]; then
		echo "ok $((i + 1)) - $text"
	else
		echo "not ok $((i + 1)) - $text"
		tail -n 30 "$OUT/$i/out" | sed 's/^/# /'
		failed=1
	fi
done
exit $failed
