#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A bad underlay below datagrams: loss, reordering, duplication, corruption. What goes
# through in TCP arrives complete, in one session; the drops have their reasons; and
# the loss that is shown is about that of the underlay.
# rigs: uml
# timeout: 300
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"
. "$(dirname "$0")/dgram.bash"
: "${TRANSPORT:=udp}"

load_module
setup_two
pair_up || t_bail "pool0 on both hosts"
for h in h1 h2; do on $h "$POOL" set pool0 heartbeat 1; done
check "the two hosts are connected" ping_ok h1 10.10.0.2
check "the path MTU is found" wait_for 30 both_fit 1500
id=$(current_id h1)

netem() { local h; for h in h1 h2; do tc -n wan qdisc replace dev $h root netem limit 5000 "$@"; done; }
no_netem() { local h; for h in h1 h2; do tc -n wan qdisc del dev $h root; done; }
drops() { echo $(($(dev_drops h1 pool0 "$1") + $(dev_drops h2 pool0 "$1"))); }
# through NAME BYTES NETEM...: transfers there and back under it.
through() {
	local name=$1 bytes=$2; shift 2
	netem "$@"
	xfer_start there h1 h2 10.10.0.2 "$bytes"
	xfer_check there "$name: $bytes bytes from h1 to h2, SHA-256 equal" 60
	xfer_start back h2 h1 fd10::1 "$bytes"
	xfer_check back "$name: $bytes bytes from h2 to h1, SHA-256 equal" 60
	no_netem
	check "$name: the hosts are connected afterwards" wait_for 10 ping_ok h1 10.10.0.2
}
mb=$((1 << 20))
through "loss 1 %" $((8 * mb)) loss 1%
through "loss 5 %" $((2 * mb)) loss 5%
through "reordering 25 %" $((8 * mb)) delay 5ms reorder 25% gap 3
check_eq "what comes late is neither a replay nor too old" "0 0" "$(drops rx-replayed) $(drops rx-too-old)"
through "duplication 5 %" $((8 * mb)) duplicate 5%
check_cmp "what comes twice is taken once" "$(drops rx-replayed)" -gt 10
through "corruption 1 %" $((4 * mb)) corrupt 1%
through "all of it" $mb delay 10ms 3ms loss 1% corrupt 0.5% duplicate 1% reorder 5%
check_eq "it was one session all the time" "$id" "$(current_id h1)"
[ $TRANSPORT = udp ] || check_cmp "what was corrupt was found out" $(($(drops rx-auth) + $(drops rx-decrypt))) -gt 5
t_diag "h1 $(pool_json h1 pool0 '.[].drops | tojson'), h2 $(pool_json h2 pool0 '.[].drops | tojson')"

# --- loss as it is shown --------------------------------------------------------------

# about PPM: so says h2 of what h1 sent, and tells h1.
ppm() { current h2 .telemetry.loss_ppm; }
about() { [ "$(ppm)" -ge $(($1 / 2)) ] && [ "$(ppm)" -le $(($1 * 2)) ]; }
told_about() { local n; n=$(current h1 .peer_telemetry.loss_ppm); [ "$n" -ge $(($1 / 2)) ] && [ "$n" -le $(($1 * 2)) ]; }
# A new session has lost nothing yet.
for h in h1 h2; do ip -n $h link set pool0 down; ip -n $h link set pool0 up; done
ip -n h1 -6 addr add fd10::1/64 dev pool0 nodad
check "a new session" wait_for 10 ping_ok h1 10.10.0.2
tc -n wan qdisc add dev h2 root netem loss 5% limit 5000
on h1 ping -n -q -i 0.004 -c 5000 -W 1 10.10.0.2 >/dev/null
t_diag "5 %: $(ppm) ppm after 5000 packets"
check "5 % of loss are shown" wait_for 10 about 50000
check "and told" wait_for 10 told_about 50000
check_cmp "none in the other direction" "$(current h1 .telemetry.loss_ppm)" -lt 5000
tc -n wan qdisc del dev h2 root
t_done
