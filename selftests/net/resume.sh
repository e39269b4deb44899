#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# After suspend no session of before is used again, at either end: whoever has
# a copy of the memory must not find keys to go on with.
# rigs: qemu
# timeout: 60
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"
[ -w /sys/power/pm_test ] && grep -qw freezer /sys/power/pm_test && [ -w /sys/power/state ] ||
	t_skip_all "this kernel cannot pretend to suspend"
setup_pool
check "the two hosts are connected" ping_ok h1 10.10.0.2
id=$(current_id h1)
mon h1 pool0
mon h2 pool0
state=$(tr ' ' '\n' </sys/power/state | grep -m 1 -E 'freeze|mem')
echo freezer >/sys/power/pm_test
check "the machine suspends and resumes" sh -c "echo $state >/sys/power/state"
echo none >/sys/power/pm_test
check "traffic flows afterwards" wait_for 10 ping_ok h1 10.10.0.2
check "in another session" test "$(current_id h1)" != "$id"
# The first of them says goodbye to the other, which may hear it before its own turn.
for h in h1 h2; do
	check_event "$h: the old one went because of it" 10 "$h" '.type == "session-down" and
		(.reason == "resumed" or .reason == "closed-by-peer")'
done
check_match "and so it is told" resumed "$(events h1 true; events h2 true)"
t_done
