#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A copy of the virtual machine has the same keys and sequence numbers: no session
# of before the fork is used again, at either end, and not a word is sent under it.
# rigs: qemu
# timeout: 60
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"
grep -q ' add_vmfork_randomness$' /proc/kallsyms || t_skip_all "this kernel has no generation ID driver"
fork=$POOL_TOP/build/$POOL_RIG/vmfork/vmfork.ko
setup_pool
check "the two hosts are connected" ping_ok h1 10.10.0.2
id=$(current_id h1)
mon h1 pool0
mon h2 pool0
check_fails "the machine is forked" insmod "$fork"
check_match "by the test's module" 'Operation canceled' "$OUT"
for h in h1 h2; do
	check_event "$h: its session went because of it, without a word to the other" 10 "$h" \
		'.type == "session-down" and .reason == "resumed"'
done
check "traffic flows afterwards" wait_for 20 ping_ok h1 10.10.0.2
check "in another session" test "$(current_id h1)" != "$id"
check_eq "and nothing of the old one is taken" "0 0" \
	"$(dev_drops h1 pool0 rx-auth) $(dev_drops h2 pool0 rx-auth)"
t_done
