#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A host that cannot take in what its peers send says so, and they keep a shorter
# queue for it until it has been calm for a while.
# rigs: uml kasan
# timeout: 120
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"
. "$(dirname "$0")/bands.bash"

setup_pool
mon h1 pool0 && mon h2 pool0 || t_bail "events are heard"
check "h1 and h2 are connected" ping_ok h1 10.10.0.2
limit() { peer_json h1 pool0 h2 .queue_limit; }
limit_is() { [ "$(limit)" -eq "$1" ]; }
overloaded() { pool_json h2 pool0 '.[].overloaded'; }
check_eq "the queue may have 1024 packets in each band" 1024 "$(limit)"
check_match "h2 is not overloaded" '^(false|null)$' "$(overloaded)"
check_eq "and h1 knows of nothing" null "$(peer_json h1 pool0 h2 '.overload // null')"

# h2's stack takes almost nothing at once. (The setting is one for all namespaces.)
before=$(sysctl -n net.core.netdev_max_backlog)
t_defer sysctl -qw "net.core.netdev_max_backlog=$before"
sysctl -qw net.core.netdev_max_backlog=8
netdev_drops() { link_json h2 pool0 .stats64.rx.dropped; }
flood() { on h1 "$XFER" blast 10.10.0.2 9 1 >/dev/null 2>&1; [ "$(dev_drops h2 pool0 rx-congested)" -gt 0 ]; }
check "packets are dropped there" wait_for 20 flood
sysctl -qw "net.core.netdev_max_backlog=$before"
check "h1 hears of it at once" wait_for 3 limit_is 256
check_match "with the seconds" '^[0-9]+$' "$(peer_json h1 pool0 h2 .overload)"
check_eq "h2 says that it is overloaded" true "$(overloaded)"
check_event "event: h1 is told by its peer" 5 h1 '.type == "overload" and .seconds >= 0'
check_event "event: h2 says why" 5 h2 '.type == "error" and .reason == "overloaded" and .count > 0'
check_cmp "the drops are the peer's too" "$(dev_drops h2 pool0 peer/rx-congested)" -gt 0
check_eq "each once at the net device" "$(dev_drops h2 pool0 rx-congested)" "$(netdev_drops)"

# The shorter queue is what h1 keeps to.
dam h2
on h1 "$MARKS" send 10.10.0.2 9 1200 1200 0
check_eq "no more than 256 wait" 256 "$(peer_json h1 pool0 h2 .staged)"
check_cmp "the others are counted" "$(dev_drops h1 pool0 peer/tx-congested)" -gt 0
no_dam h2
check "traffic goes on" wait_for 10 ping_ok h1 10.10.0.2

check "h2 is calm after a while" wait_for 25 eval '[ "$(overloaded)" != true ]'
check "and h1 forgets it" wait_for 30 limit_is 1024
check_event "event: it is over" 5 h1 '.type == "overload-end"'
check_eq "one overload, one end" "1 1" "$(events h1 '.type == "overload"' | wc -l) $(events h1 '.type == "overload-end"' | wc -l)"
check_eq "nothing is known any more" null "$(peer_json h1 pool0 h2 '.overload // null')"
check "ping" ping_ok h1 10.10.0.2
t_done
