#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Can the rig be trusted? Prints TAP.
# Usage: check.sh RIG

. "$(dirname "$0")/common.sh"
set +e

rig=${1:?rig}
n=0 failed=0
ok() { n=$((n + 1)); echo "ok $n - $*"; }
not_ok() { n=$((n + 1)); failed=1; echo "not ok $n - $*"; sed 's/^/# /' "$tmp/out"; }

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TMPDIR=$tmp

# guest WANTED TEXT RUN.SH-ARGUMENT...: WANTED is a regular expression for the exit code.
guest() {
	local wanted=$1 text=$2 rc; shift 2

	"$VM_DIR/run.sh" "$rig" "$@" >"$tmp/out" 2>&1
	rc=$?
	if [[ $rc =~ ^($wanted)$ ]]; then ok "$text"; else not_ok "$text (exit code $rc)"; fi
}

kdir=$("$VM_DIR/module.sh" --kdir "$rig")
src=$TOP/build/$rig/faulty
arch=''
[ "$rig" = qemu ] || arch=ARCH=um
mkdir -p "$src" && cp "$VM_DIR"/faulty/* "$src"/
make -s -C "$kdir" $arch M="$src" modules >"$tmp/out" 2>&1 || not_ok "a module is built for this rig"
faulty=$src/faulty.ko

guest 7 "a command's exit code comes out" -t 180 -- sh -c "echo $$ >\$RESULTS/check; exit 7"
if [ "$(cat "$TOP/build/results/$rig/check" 2>/dev/null)" = $$ ]; then
	ok "results stay on the host"
else
	not_ok "results stay on the host"
fi
guest 123 "a WARN fails, and with -k the command comes to its end" -k -t 180 -- insmod "$faulty" fault=warn
guest 125 "a panic fails" -t 180 -- insmod "$faulty" fault=panic

# What is the same code on every rig is tried on the quick one.
if [ "$rig" = uml ]; then
	guest 0 "a command that succeeds" -t 180 -- true
	guest 0 "nothing of the host can be written" -t 180 -- \
		sh -c "! touch '$TOP/README.md' && echo x >/etc/pool-rig-check"
	if [ -e /etc/pool-rig-check ]; then
		not_ok "the overlay keeps it in the guest"
	else
		ok "the overlay keeps it in the guest"
	fi
	guest 124 "a hang is ended" -t 10 -- sleep 1000
	guest '123|125' "a WARN fails" -t 180 -- insmod "$faulty" fault=warn
	guest '123|125' "an oops fails" -t 180 -- insmod "$faulty" fault=oops
	# shellcheck disable=SC2016
	guest 125 "a guest that powers off by itself fails" -t 180 -- sh -c '"/.lower$POOL_BUSYBOX" poweroff -f'
	guest 123 "a complaint fails whatever the command says" -t 180 -- sh -c 'echo "BUG: as asked" >/dev/kmsg'
fi
if [ "$rig" = kasan ]; then
	guest '123|125' "KASAN sees a use after free" -t 180 -- insmod "$faulty" fault=use-after-free
	guest '123|125' "sleeping in atomic context is seen" -t 180 -- insmod "$faulty" fault=sleep-in-atomic
	guest '123|125' "lockdep sees an inversion" -t 180 -- insmod "$faulty" fault=lock-inversion
	# Allocators that are debugged keep no list of what they gave away, where kmemleak
	# would find it. One CPU: for the second, UML frees something before it is up.
	search='kmemleak=on slab_debug=F ncpus=1'
	guest 123 "kmemleak sees a leak" -b "$search" -t 180 -- insmod "$faulty" fault=leak
	guest 0 "and nothing where there is none" -b "$search" -t 180 -- insmod "$faulty"
fi
# Whoever kills the runner ends the guest.
"$VM_DIR/run.sh" "$rig" -t 180 -- sleep 1000 >/dev/null 2>&1 &
runner=$!
for _ in {1..600}; do pgrep -f "$tmp/pool-" >/dev/null && break; sleep 0.1; done
sleep 1
kill -KILL "$runner"
wait "$runner" 2>/dev/null
# The command line of every guest names its job directory, which is in $tmp.
for _ in {1..200}; do pgrep -f "$tmp/pool-" >/dev/null || break; sleep 0.1; done
if pgrep -a -f "$tmp/pool-" >"$tmp/out"; then not_ok "no process is left behind"; else ok "no process is left behind"; fi
echo "1..$n"
exit "$failed"
