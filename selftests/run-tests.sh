#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# All tests, or those whose name matches. Behind `make test`.
#
# Usage: run-tests.sh [-l] [REGEX]     -l lists the names and runs nothing
# Environment: RIG="uml kasan ..."     only on these rigs (and no host steps)
#
# A test is a name. Host steps (host-steps.sh) have names like unit/proto.
# Guest tests are the files selftests/{net,wire}/*.sh; their names carry the
# rig, net/ping@uml, so a regular expression can pick that too. UML boots in a
# second: each test gets a guest of its own there, and some run side by side, for
# tests mostly wait. On QEMU all run one after the other in one guest; after a
# crash or a kernel complaint a fresh one goes on with the next test.
#
# What fails while the machine is shared is run once more with the machine to itself, if
# it was the test's own results that failed and not the kernel that complained; that run
# counts, and the end names it. More than SECOND_CHANCES such tests are no bad luck.
#
# Each TAP line is one result. A test that prints none, breaks its plan, leaves
# something behind or makes the kernel complain has failed, whatever it prints.
#
# The last line says `N passed, N failed`, and `, N skipped` if so.

. "$(dirname "$0")/vm/common.sh"

SELF=$TOP/selftests
ALL_RIGS='uml time kasan qemu'
SECOND_CHANCES=6
list=''
[ "${1:-}" != -l ] || { list=1; shift; }
only=${1:-${ONLY:-.}}
rigs=${RIG:-$ALL_RIGS}
started=$SECONDS
logs=$TOP/build/log/run-$(date +%m%d-%H%M%S)-$$	# build/log/tests is the newest

. "$SELF/host-steps.sh"

wanted() { grep -qE -- "$only" <<<"$1"; }

# header FILE KEY: the value of a "# key: value" line at the head of a test.
header() { sed -n "1,20s/^# *$2: *//p" "$1" | head -n 1; }

# tests_of RIG: NAME:SECONDS of each wanted guest test of this rig.
tests_of() {
	local file name limit on

	for file in "$SELF"/net/*.sh "$SELF"/wire/*.sh; do
		[ -x "$file" ] || continue
		name=${file#"$SELF"/}; name=${name%.sh}
		on=$(header "$file" rigs)
		[ -n "$on" ] || continue
		[[ " $on " == *" $1 "* ]] && wanted "$name@$1" || continue
		limit=$(header "$file" timeout)
		limit=${limit:-60}
		# Even on the quick rig a test may have to share the machine.
		[ "$1" = uml ] && limit=$((limit * 4)) || limit=$((limit * 5))
		echo "$name:$limit"
	done | sort -t: -k2,2nr	# the longest first, or they would be waited for in the end
}

# --- results ----------------------------------------------------------------

# Every process keeps its count in a file; the sum is made at the end.
passed=0 failed=0 skipped=0
save_counts() { echo "$passed $failed $skipped" >"$counts/sum.$BASHPID"; }

# result LABEL LINE: count a TAP line and print it.
result() {
	case $2 in
	'not ok'*) failed=$((failed + 1)); echo "$1: $2" >>"$counts/failures" ;;
	*'# SKIP'* | *'# skip'*) skipped=$((skipped + 1)) ;;
	*) passed=$((passed + 1)) ;;
	esac
	printf '%s: %s\n' "$1" "$2"
}

# tap_begin LABEL LOGFILE / tap_line LINE / tap_end EXITCODE: follow the TAP of one test.
tap_begin() {
	label=$1 tap_log=$2 results=0 bad=0 plan='' all_skipped=''
	mkdir -p "$(dirname "$tap_log")"
	: >"$tap_log"
}
tap_line() {
	printf '%s\n' "$1" >>"$tap_log"
	case $1 in
	'ok '* | 'not ok '*)
		results=$((results + 1))
		[[ $1 == ok* ]] || bad=1
		result "$label" "$1"
		;;
	'1..0 # '[Ss][Kk][Ii][Pp]*) plan=0 all_skipped=1; result "$label" "ok - ${1#1..0 }" ;;
	1..[1-9]*) plan=${1#1..}; plan=${plan%% *} ;;
	'Bail out!'*) tap_fault "$1" ;;
	'#'*) printf '%s: %s\n' "$label" "$1" ;;
	esac
}
tap_fault() { bad=1; result "$label" "not ok - $*"; }
tap_end() {
	if [ "$all_skipped" ]; then
		[ "$results" -eq 0 ] || tap_fault "skipped as a whole and yet with results"
	elif [ "$results" -eq 0 ]; then
		[ "$bad" = 1 ] || tap_fault "no result at all (exit code $1)"
	elif [ -z "$plan" ]; then
		tap_fault "no plan: it did not come to its end (exit code $1)"
	elif [ "$plan" != "$results" ]; then
		tap_fault "$results results where $plan were planned"
	fi
	[ "$1" = 0 ] || [ "$bad" = 1 ] || tap_fault "exit code $1"
	if [ "$bad" = 1 ]; then
		[ "${faults:-1}" -gt 0 ] || echo "$label $again_limit" >>"$counts/again"
		grep -avE '^(ok|not ok|#|1\.\.)' "$tap_log" | tail -n 25 | sed "s|^|$label: |" || true
	fi
}

# --- host steps -------------------------------------------------------------

# run_step NAME: a step prints TAP, or its exit code is its one result.
run_step() {
	local name=$1 log=$logs/$1.log rc=0 t=$SECONDS

	mkdir -p "$(dirname "$log")"
	say "$name"
	# A process of its own, where `set -e` holds whoever calls us.
	"$SELF/host-steps.sh" "$name" >"$log.out" 2>&1 </dev/null || rc=$?
	tap_begin "$name" "$log"
	if grep -qE '^1\.\.[0-9]' "$log.out"; then
		while IFS= read -r line; do tap_line "$line"; done <"$log.out"
		tap_end "$rc"
	elif [ "$rc" = 0 ]; then
		result "$name" "ok - $name ($((SECONDS - t)) s)"
	else
		result "$name" "not ok - $name (exit code $rc)"
		tail -n 40 "$log.out" | sed "s|^|$name: # |"
	fi
}

# --- guest tests ------------------------------------------------------------

# run_batch RIG TEST...: boot a guest and follow it through the tests; those it
# did not get to are left in $rest.
run_batch() {
	local rig=$1 log mark test line fd pid rc=0 seconds name='' faults=0 outside='' hung='' limit=120 patience=120 boot
	shift
	mark="@$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')"
	for test; do limit=$((limit + ${test##*:} + 60)); done
	# The seconds of its tests are not ours.
	[ "$rig" != time ] || limit=900
	rest=("$@")
	[ "$rig" != qemu ] || patience=300	# 10 s on a machine of its own, but who has one
	boot=$(for test; do header "$SELF/${test%%:*}.sh" boot; done | sort -u)

	# -k: the guest itself looks at the log after each test, and names it.
	mkdir -p "$logs/$rig/results"
	log=$logs/$rig/kernel.$BASHPID
	exec {fd}< <(RESULTS=$logs/$rig/results exec "$VM_DIR/run.sh" -b "$boot" "$rig" -k -t "$limit" -l "$log" -- \
		"$SELF/guest-tests.sh" "$mark" "$@" 2>&1)
	pid=$!
	while :; do
		rc=0
		IFS= read -r -t "$patience" line <&"$fd" || rc=$?
		if [ "$rc" -gt 128 ] && [ ! "$hung" ]; then
			hung=" (silent for $patience s)" patience=30
			kill "$pid" 2>/dev/null || true
			continue
		fi
		[ "$rc" = 0 ] || break
		line=${line%$'\r'}	# a serial console ends its lines so
		case $line in
		"$mark begin "*)
			read -r _ _ name seconds <<<"$line"
			tap_begin "$name@$rig" "$logs/$rig/$name.log"
			again_limit=$seconds
			rest=("${rest[@]:1}")
			patience=$((seconds + 60))
			[ "$rig" != time ] || patience=900
			;;
		"$mark fault "*)
			tap_fault "${line#"$mark fault "}"
			faults=$((faults + 1))
			;;
		"$mark end "*)
			read -r _ _ _ rc seconds <<<"$line"
			tap_end "$rc"
			echo "$seconds s $name@$rig" >>"$logs/times"
			name='' patience=60
			;;
		*)
			if [ "$name" ]; then tap_line "$line"; else outside+="$line"$'\n'; fi
			;;
		esac
	done
	exec {fd}<&-
	rc=0
	wait "$pid" || rc=$?

	if [ "$name" ]; then
		faults=$((faults + 1))
		tap_fault "the guest did not survive this test, exit code $rc$hung"
		plan=$results	# that it has none goes without saying
		tap_end 1
	elif [ "$rc" != 0 ] && [ "$rc" != 77 ] && [ "$faults" = 0 ]; then
		result "rig@$rig" "not ok - the guest failed outside of any test, exit code $rc$hung"
		printf '%s' "$outside" | tail -n 60 | sed "s|^|rig@$rig: # |"
	fi
}

# take RIG N: the next N tests of the queue, in $tests.
take() {
	exec 8>"$counts/lock"
	flock 8
	mapfile -t tests < <(head -n "$2" "$counts/queue.$1")
	sed -i "1,$2d" "$counts/queue.$1"
	exec 8>&-
}

# worker RIG N: tests from the queue, N to a guest, until there are none.
worker() {
	local rig=$1 tests rest

	passed=0 failed=0 skipped=0
	trap save_counts EXIT
	while take "$rig" "$2" && [ ${#tests[@]} -gt 0 ]; do
		while [ ${#tests[@]} -gt 0 ]; do
			run_batch "$rig" "${tests[@]}"
			if [ "${#rest[@]}" = "${#tests[@]}" ]; then
				result "rig@$rig" "not ok - a guest comes up; cannot run: ${rest[*]%:*}"
				break
			fi
			tests=("${rest[@]}")
		done
	done
}

# run_rig RIG: all its wanted tests.
run_rig() {
	local rig=$1 workers=1 each=1000 n pids=()

	tests_of "$rig" >"$counts/queue.$rig"
	n=$(wc -l <"$counts/queue.$rig")
	if [ "$n" = 0 ]; then return 0; fi
	if ! "$VM_DIR/module.sh" "$rig" >"$logs/module.$rig" 2>&1; then
		result "build@$rig" "not ok - pool.ko is built for this rig; $n tests cannot run"
		tail -n 40 "$logs/module.$rig" | sed "s|^|build@$rig: # |"
		return 0
	fi
	result "build@$rig" "ok - pool.ko is built for this rig"
	case $rig in
	uml) workers=$((JOBS + 1)) each=1 ;;
	time | kasan) workers=$JOBS each=1 ;;
	esac
	say "$rig: $n tests, $workers at a time"
	for _ in $(seq "$workers"); do
		worker "$rig" "$each" &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n" || result "rig@$rig" "not ok - its tests came to their end"
	done
}

# --- all of it --------------------------------------------------------------

on_rig() { [[ " $rigs " == *" $1 "* ]] && [ -n "$(tests_of "$1")" ]; }

steps=()
if [ -z "${RIG:-}" ]; then
	for name in "${HOST_STEPS[@]}"; do
		if wanted "$name"; then steps+=("$name"); fi
	done
fi

if [ "$list" ]; then
	printf '%s\n' "${steps[@]}"
	for rig in $rigs; do tests_of "$rig" | sed "s/:.*/@$rig/"; done
	exit 0
fi

mkdir -p "$logs"
ln -sfn "${logs##*/}" "$TOP/build/log/tests"
find "$TOP/build/log" -mindepth 1 -maxdepth 1 -mtime +1 -exec rm -rf {} +
counts=$(mktemp -d)
touch "$counts/failures"
# Nothing of ours outlives us: run.sh ends its guest when it is told to end.
end_children() {
	local child

	for child in $(pgrep -P "$1"); do
		end_children "$child"
		kill "$child" 2>/dev/null || true
	done
}
trap 'end_children $$; rm -rf "$counts"' EXIT
trap 'exit 130' INT TERM

guests=''
for rig in $rigs; do if on_rig "$rig"; then guests+=" $rig"; fi; done
[ "$guests" ] || [ ${#steps[@]} -gt 0 ] || die "no test matches: $only"

if [ "$guests" ]; then
	# shellcheck disable=SC2086
	need $GUEST_PACKAGES
	build_userspace || { echo "not ok - the tools are built"; echo "0 passed, 1 failed"; exit 1; }
fi
# The first kernel gets the machine to itself; the others are built, at low
# priority, while the first one's tests run, which mostly wait.
if [[ $guests == *uml* ]]; then "$VM_DIR/uml-build.sh" fast >/dev/null; fi

(
	trap save_counts EXIT
	for name in "${steps[@]}"; do
		[[ $name != unit/* ]] || run_step "$name"
	done
	if [[ $guests == *time* ]]; then nice -n 19 "$VM_DIR/uml-build.sh" time >/dev/null; fi
	if [[ $guests == *kasan* ]]; then nice -n 19 "$VM_DIR/uml-build.sh" kasan >/dev/null; fi
	if [[ $guests == *qemu* ]]; then run_rig qemu; fi
	for name in "${steps[@]}"; do
		[[ $name == unit/* ]] || run_step "$name"
	done
) &
host=$!
(
	trap save_counts EXIT
	for rig in uml time kasan; do
		if [[ " $guests " == *" $rig "* ]]; then run_rig "$rig"; fi
	done
) &
guest=$!
for pid in "$host" "$guest"; do
	wait "$pid" || {
		failed=$((failed + 1))
		echo "run-tests.sh: not all tests could be run" | tee -a "$counts/failures"
	}
done
for sum in "$counts"/sum.*; do
	read -r p f s <"$sum"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done

# second_chances: see the head of this file.
second_chances() {
	local label limit tests rest n

	while read -r label limit; do
		say "once more, with the machine to itself: $label"
		grep -vF -- "$label: " "$counts/failures" >"$counts/others" || true
		n=$(($(wc -l <"$counts/failures") - $(wc -l <"$counts/others")))
		cp "$counts/others" "$counts/failures"
		failed=$((failed - n))
		n=$(grep -c '^ok ' "$logs/${label#*@}/${label%@*}.log") || true
		passed=$((passed - n))
		tests=("${label%@*}:$limit")
		run_batch "${label#*@}" "${tests[@]}"
		grep -qF -- "$label: " "$counts/failures" || echo "$label" >>"$counts/alone"
	done <"$counts/second"
}
if [ -s "$counts/again" ] && [ "$(wc -l <"$counts/again")" -le "$SECOND_CHANCES" ]; then
	mv "$counts/again" "$counts/second"
	second_chances
fi
if [ -s "$counts/alone" ]; then
	echo
	echo "failed beside others, passed alone:"
	sed 's/^/  /' "$counts/alone"
fi
if [ -s "$counts/failures" ]; then
	echo
	echo "failures:"
	sed 's/^/  /' "$counts/failures"
fi
[ ! -f "$logs/times" ] || { echo; echo "slowest:"; sort -rn "$logs/times" | head -n 8 | sed 's/^/  /'; }
echo
echo "logs: ${logs#"$TOP"/}; $((SECONDS - started)) s in all"
echo "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
