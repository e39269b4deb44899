#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# `make demo`: two hosts and a tunnel in a guest with Debian's own kernel
# (RIG=uml: with the newest one). The guest does the work (guest.sh); the
# capture of the underlay is then looked at out here, where that is quick.

# shellcheck source=../host-steps.sh
. "$(dirname "$0")/../host-steps.sh"

rig=${RIG:-qemu}
started=$SECONDS

# shellcheck disable=SC2086
need $GUEST_PACKAGES
build_userspace || die "the tools did not build"
"$VM_DIR/module.sh" "$rig" >/dev/null

RESULTS=$TOP/build/demo
rm -rf "$RESULTS"
mkdir -p "$RESULTS"
export RESULTS
say "starting the guest ($rig)"
rc=0
"$VM_DIR/run.sh" "$rig" -t 900 -- "$TOP/selftests/demo/guest.sh" || rc=$?
if [ "$rc" = 0 ]; then
	say "looking at the capture of the underlay"
	/usr/bin/python3 "$TOP/selftests/demo/capture.py" "$RESULTS/underlay.pcap" \
		"$(cat "$RESULTS/marker")" 9253 || rc=$?
fi
rm -f "$RESULTS/underlay.pcap"
say "$((SECONDS - started)) s in all"
if [ "$rc" = 0 ]; then
	echo "demo: everything was as it must be"
else
	echo "demo: FAILED"
fi
exit "$rc"
