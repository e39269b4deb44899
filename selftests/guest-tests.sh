#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs inside a guest, for run-tests.sh: the tests given, one after the other.
# Usage: guest-tests.sh MARK NAME:SECONDS...
#
# Lines that begin with MARK are for run-tests.sh:
#	MARK begin NAME SECONDS
#	MARK fault TEXT		what else was wrong with the test, after its TAP
#	MARK end NAME EXITCODE SECONDS
# Leaves with 77 when the guest is no longer fit for the next test.

. "$(dirname "$0")/vm/common.sh"
set +e

mark=$1; shift
fault() { echo "$mark fault $*"; }

# The kernel log since this test began.
log_since() { dmesg | sed -n "\\|pool-guest: test $1\$|,\$p"; }

# What a test has left behind is a fault, and must not reach the next one.
tidy() {
	local ns dev left=''

	for ns in $(ip netns list | cut -d' ' -f1); do
		left+=" namespace:$ns"
		ip netns pids "$ns" | xargs -r kill -KILL 2>/dev/null
		ip netns del "$ns"
	done
	for dev in $(ip -j link show | jq -r '.[].ifname'); do
		grep -qxF "$dev" <<<"$devices" && continue
		left+=" device:$dev"
		ip link del "$dev"
	done
	[ -z "$left" ] || fault "left behind:$left"
	if [ -d /sys/module/pool ]; then
		for _ in {1..50}; do
			modprobe -r pool 2>/dev/null && return 0
			sleep 0.2
		done
		fault "pool.ko cannot be removed, reference count $(cat /sys/module/pool/refcnt)"
		return 1
	fi
}

devices=$(ip -j link show | jq -r '.[].ifname')
for test; do
	name=${test%:*} limit=${test##*:} fit=1
	start=$SECONDS
	echo "$mark begin $name $limit"
	echo "pool-guest: test $name" >/dev/kmsg
	# A session of its own, by which to find what it leaves running.
	# shellcheck disable=SC2016
	setsid -w bash -c 'echo $$ >/run/test.sid; exec timeout -k 5 "$@"' - \
		"$limit" "$TOP/selftests/$name.sh" </dev/null 2>&1
	rc=$?
	[ "$rc" != 124 ] && [ "$rc" != 137 ] || fault "the time limit of $limit s passed"
	pkill -KILL -s "$(cat /run/test.sid)"
	tidy || fit=
	if log_since "$name" >/tmp/log && complaints /tmp/log >/tmp/bad; then
		fault "the kernel complained"
		sed 's/^/# /' /tmp/bad
		fit=
	fi
	echo "$mark end $name $rc $((SECONDS - start))"
	[ "$fit" ] || exit 77
done
