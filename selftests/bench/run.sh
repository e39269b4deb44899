#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# `make bench`: build what the benchmark needs, run it in one guest, and report.
# Usage: run.sh [-n ROUNDS] [-s SECONDS] [-r ROWS] [-S SUBJECTS] [--awake] [--update-doc]
#   ROWS and SUBJECTS are lists of names or patterns of the shell; empty means all.
#   --awake keeps the guest's processors from sleeping, for a host that is busy: then
#   cpu_per_gb says nothing, but ratios mean more.
# RIG=uml, or qemu. It leaves build/bench.{json,md,svg,png}.

# shellcheck source=../host-steps.sh
. "$(dirname "$0")/../host-steps.sh"

rig=${RIG:-uml} rounds='' seconds='' rows='' subjects='' awake='' update=''
while [ $# -gt 0 ]; do
	case $1 in
	-n) rounds=$2; shift 2 ;;
	-s) seconds=$2; shift 2 ;;
	-r) rows=$2; shift 2 ;;
	-S) subjects=$2; shift 2 ;;
	--awake) awake=1; shift ;;
	--update-doc) update=1; shift ;;
	*) die "usage: run.sh [-n ROUNDS] [-s SECONDS] [-r ROWS] [-S SUBJECTS] [--awake] [--update-doc]" ;;
	esac
done
rounds=${rounds:-5} seconds=${seconds:-3}
[[ $rounds =~ ^[1-9][0-9]*$ && $seconds =~ ^[1-9][0-9]*$ ]] ||
	die "rounds and seconds are whole numbers above 0"

here=$TOP/selftests/bench
out=$TOP/build/bench
mkdir -p "$out"
# shellcheck disable=SC2086
need $GUEST_PACKAGES wireguard-tools
build_userspace || die "the tools did not build"
gcc -O2 -Wall -Wextra -Werror -o "$out/rr" "$here/rr.c"
"$here/ovpn-build.sh" "$out"
"$here/limit-build.sh" "$rig" "$out/$rig"
"$VM_DIR/module.sh" "$rig" >/dev/null

results=$out/results
rm -rf "$results"
mkdir -p "$results/cpu"
# The processor time of the guest is known best, and to all guests alike, outside of it.
/usr/bin/python3 "$here/cputime.py" $$ "$results/cpu" &
cputime=$!
trap 'kill "$cputime" 2>/dev/null || true' EXIT
rc=0
RESULTS=$results "$VM_DIR/run.sh" "$rig" -t 14400 -- \
	"$here/bench.sh" "$rounds" "$seconds" "$rows" "$subjects" "$awake" || rc=$?
[ -s "$results/bench.json" ] || exit $((rc ? rc : 1))
cp "$results/bench.json" "$TOP/build/"
jq --arg date "$(date -u +%F)" --arg host_cpus "$(nproc)" \
	--arg commit "$(git -C "$TOP" describe --always --dirty 2>/dev/null || echo unknown)" \
	--arg host "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" \
	'. + $ARGS.named' "$results/bench-run.json" >"$TOP/build/bench-run.json"

# Debian's matplotlib draws the plot, and nothing but the plot needs it.
need python3-matplotlib
# shellcheck disable=SC2086
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/report.py" "$TOP/build" ${update:+--update-doc "$TOP/Documentation/benchmarks.md"} ||
	rc=$((rc ? rc : 1))
exit "$rc"
