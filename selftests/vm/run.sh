#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Boot a rig and run one command in it, as root, in the current directory.
#
# Usage: run.sh [-t SECONDS] [-l FILE] [-k] [-i] [-b WORDS] RIG [-t SECONDS] -- COMMAND [ARG...]
#   RIG  uml      UML, newest kernel, quick
#        kasan    the same kernel with KASAN, lockdep, object debugging, failing
#                 allocations and, on request (see net/leaks), a search for leaks
#        time     the same kernel with one CPU, and time that skips what is idle
#        qemu     QEMU with Debian's own kernel
#   -t   the time limit in seconds, from power-on to power-off (default 300)
#   -l   keep the kernel log in FILE
#   -k   keep going after a kernel warning (it still fails the run)
#   -i   interactive: the command gets the terminal
#   -b   words for the kernel's command line
#
# The guest sees the host's root with a writable overlay that is lost at the
# end, an empty /tmp and /run, and no network but lo. What it writes to
# $RESULTS (build/results/RIG, or what RESULTS says) stays on the host.
#
# Exit code: that of COMMAND; or, whatever COMMAND said, 124 the time was up,
# 125 the guest ended without a verdict (a panic), 123 the kernel complained.

. "$(dirname "$0")/common.sh"

limit=300 logfile='' keep='' interactive='' boot='' rig=''
while [ $# -gt 0 ]; do
	case $1 in
	-t) limit=$2; shift 2 ;;
	-l) logfile=$2; shift 2 ;;
	-k) keep=1; shift ;;
	-b) boot=$2; shift 2 ;;
	-i) interactive=1; shift ;;
	--) shift; break ;;
	-*) die "unknown option $1" ;;
	*) [ -z "$rig" ] || break; rig=$1; shift ;;
	esac
done
if [ -z "$rig" ] || [ $# -eq 0 ]; then
	die "usage: run.sh RIG [-t SECONDS] -- COMMAND..."
fi

need iproute2 kmod util-linux procps
busybox=$("$VM_DIR/busybox.sh")
results=${RESULTS:-$TOP/build/results/$rig}
mkdir -p "$results"
results=$(realpath "$results")
job=$(mktemp -d "${TMPDIR:-/tmp}/pool-$rig.XXXXXX")
guest_pid='' modules=''
clean_up() {
	[ -z "$guest_pid" ] || kill -KILL "$guest_pid" 2>/dev/null || true
	rm -rf "$job" ${modules:+"$modules"}
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# The modules as they are now: pool.ko may be built anew while the guest runs.
tree=$(echo "$TOP/build/$rig"/modules/lib/modules/*/)
if [ -d "$tree" ]; then
	modules=$(mktemp -d "$TOP/build/$rig/run.XXXXXX")
	flock "$TOP/build/$rig/.lock" cp -al "$tree." "$modules/"
fi

log=$job/kernel.log
: >"$log"
NONCE=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
printf 'exec ' >"$job/command"
printf '%q ' "$@" >>"$job/command"

# put NAME VALUE...: variables for the guest's environment.
put() {
	while [ $# -gt 0 ]; do
		printf 'export %s=%q\n' "$1" "$2" >>"$job/env"
		shift 2
	done
}
# What is slow takes longer: tests scale their patience by this.
case $rig in
uml) slow=1 ;;
*) slow=4 ;;
esac
put POOL_SLOW "$slow" NONCE "$NONCE" POOL_RIG "$rig" POOL_TOP "$TOP" POOL_CWD "$(pwd -P)" RESULTS "$results" \
	POOL_BUSYBOX "$busybox" POOL_MODULES "$modules" POOL_KO "$TOP/build/$rig/pool.ko" \
	POOL "$TOP/build/userspace/pool" IP_LIB_DIR "$TOP/build/iproute2-plugin" \
	INTERACTIVE "$interactive" TERM "${TERM:-dumb}"
[ -z "$keep" ] || put POOL_PANIC_ON_WARN 0
if [ "$interactive" ] && [ -t 0 ]; then
	read -r rows cols < <(stty size)
	put LINES "$rows" COLUMNS "$cols"
fi

# The rig: a file that sets guest=(COMMAND...), run with the console on
# descriptor 0 and 1 and the kernel log going to $log.
guest=()
case $rig in
uml | kasan | time) . "$VM_DIR/rig-uml.sh" ;;
qemu) . "$VM_DIR/rig-qemu.sh" ;;
*) die "no such rig: $rig (uml, kasan, time, qemu)" ;;
esac

# A PID namespace of its own, tied to us: whatever happens to this script,
# nothing of the guest is left behind. The guest is not its process 1, which a
# signal of its own (UML aborts when it panics) would not end.
# shellcheck disable=SC2016
guest=(setpriv --pdeathsig KILL unshare --pid --fork --kill-child=KILL --mount-proc
	bash -c '"$@"; exit $?' - "${guest[@]}")
[ "$(id -u)" = 0 ] || guest=(unshare --user --map-root-user "${guest[@]}")
# A session of its own: the scheduler shares the processors out by sessions, and a
# guest shall not get what a busy build leaves. (UML makes itself one.)
[ "$interactive" ] || guest=(setsid "${guest[@]}")
ulimit -c 0

timed_out=
if [ "$interactive" ]; then
	"${guest[@]}" 2>"$job/stderr" || true
else
	# The guest's output is a pipe of our own: UML leaves what it got in
	# non-blocking mode.
	mkfifo "$job/output"
	cat "$job/output" &
	cat_pid=$!
	"${guest[@]}" </dev/null >"$job/output" 2>"$job/stderr" &
	guest_pid=$!
	end=$((SECONDS + limit))
	while kill -0 "$guest_pid" 2>/dev/null; do
		if [ "$SECONDS" -ge "$end" ]; then
			timed_out=1
			kill -KILL "$guest_pid" 2>/dev/null || true
			break
		fi
		sleep 0.1
	done
	wait "$guest_pid" 2>/dev/null || true
	guest_pid=''
	wait "$cat_pid" || true
fi

[ -z "$logfile" ] || cp "$log" "$logfile"
verdict=$(sed -n "s/.*pool-guest: verdict $NONCE \([0-9]*\).*/\1/p" "$log" | head -n 1)

fail() {
	local saved

	mkdir -p "$TOP/build/log"
	saved=$TOP/build/log/$rig-$(date +%Y%m%d-%H%M%S)-$$.log
	cp "$log" "$saved"
	printf 'run.sh: %s: %s; kernel log: %s\n' "$rig" "$2" "$saved" >&2
	exit "$1"
}

if [ -s "$job/stderr" ] && [ -z "$verdict" ]; then
	tail -n 20 "$job/stderr" >&2
fi
if complaints "$log" >"$job/bad"; then
	echo "--- the kernel's complaints:" >&2
	cat "$job/bad" >&2
	echo "---" >&2
fi
if [ "$timed_out" ]; then
	tail -n 15 "$log" >&2
	fail 124 "the time limit of $limit s passed"
elif [ -z "$verdict" ]; then
	tail -n 40 "$log" >&2
	fail 125 "the guest ended without a verdict"
elif [ -s "$job/bad" ]; then
	fail 123 "the kernel complained (the command's exit code was $verdict)"
fi
exit "$verdict"
