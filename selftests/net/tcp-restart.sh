#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A host loses everything it knew and comes back with the same keys. The other
# one finds out by itself, and traffic flows again within ten seconds.
# rigs: uml
# timeout: 110
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tcp.bash"
setup_pool
check "the two hosts are connected" ping_ok h1 10.10.0.2

# fresh NS N OTHER M [option...]: the device is gone, and there is a new one.
fresh() {
	local ns=$1 n=$2 other=$3 m=$4; shift 4
	pool_add "$ns" "$n" && if [ "${no_endpoint:-}" ]; then
		on "$ns" "$POOL" set pool0 peer "$(cat "$TMP/$other.pub")" allowed-ips "10.10.0.$m/32,10.$m.0.0/16"
	else
		pool_peer "$ns" "$other" "$m"
	fi
}
# Nothing gets through, and nothing waits somewhere to get through later.
cut() { local h; for h in h1 h2; do tc -n wan qdisc replace dev "$h" root netem loss 100%; done; }
mend() { local h; for h in h1 h2; do tc -n wan qdisc del dev "$h" root; done; }
# returns_within TEXT SECONDS NS ADDRESS: one packet a second, until the first answer.
returns_within() {
	local text=$1 limit=$2 ns=$3 to=$4 begin now
	begin=$(date +%s%N)
	while ! on "$ns" ping -n -q -c 1 -W 1 "$to" >/dev/null; do
		now=$(($(date +%s%N) / 1000000 - begin / 1000000))
		[ "$now" -lt $((limit * 1000 * POOL_SLOW)) ] || {
			t_fail "$text: traffic returns" "not within $limit s
$(on h1 "$POOL" show pool0)
$(on h2 "$POOL" show pool0)"
			return 1
		}
	done
	now=$((($(date +%s%N) - begin) / 1000000))
	check_cmp "$text: traffic returns within $limit s ($now ms)" "$now" -le $((limit * 1000 * POOL_SLOW))
}
differs() { [ "$(current_id "$1")" != "$2" ] && connected "$1"; }

blasters=()

# With CLOSE, as `ip link del` sends it.
for pair in "h2 2 h1 1" "h1 1 h2 2"; do
	read -r who n other m <<<"$pair"
	id=$(current_id "$other")
	ip -n "$who" link del pool0
	check "$who is deleted and made again" fresh "$who" "$n" "$other" "$m"
	returns_within "$who restarted, $other sends" 10 "$other" "10.10.0.$n"
	check "a new session after $who was made again" differs "$other" "$id"
done

# Like a crash: nothing of its end is heard, neither CLOSE nor reset.
for pair in "h2 2 h1 1" "h1 1 h2 2" "h2 2 h1 1"; do
	read -r who n other m <<<"$pair"
	id=$(current_id "$other")
	cut
	ip -n "$who" link del pool0
	check "$who crashes and is made again" fresh "$who" "$n" "$other" "$m"
	mend
	returns_within "$who crashed, $other sends" 10 "$other" "10.10.0.$n"
	check "a new session after the crash of $who" differs "$other" "$id"
done

# What is sent under the lost session must not stand in the way of a new one.
for h in h1 h2; do
	[ "$h" = h1 ] && to=10.10.0.2 || to=10.10.0.1
	on "$h" "$XFER" blast "$to" 9 3000 &
	blasters+=($!)
done
for pair in "h2 2 h1 1" "h1 1 h2 2"; do
	read -r who n other m <<<"$pair"
	id=$(current_id "$other")
	cut
	ip -n "$who" link del pool0
	no_endpoint=1	# so that only the other one can call
	check "$who crashes under full traffic and is made again" fresh "$who" "$n" "$other" "$m"
	no_endpoint=
	mend
	returns_within "$who crashed under full traffic" 10 "$other" "10.10.0.$n"
	check "a new session after the crash of $who under full traffic" differs "$other" "$id"
	pool_peer "$who" "$other" "$m"
done
kill "${blasters[@]}"

# The one that restarts speaks first.
cut
ip -n h2 link del pool0
check "h2 crashes once more" fresh h2 2 h1 1
mend
returns_within "h2 crashed and sends" 10 h2 10.10.0.1

# A crash of the one that cannot call: the other calls without being asked.
cut
ip -n h2 link del pool0
no_endpoint=1
check "h2 crashes and comes back without an endpoint" fresh h2 2 h1 1
no_endpoint=
mend
returns_within "h2 crashed, has no endpoint, h1 sends" 10 h1 10.10.0.2

# And without any traffic: heartbeats find out.
id=$(current_id h1)
cut
ip -n h2 link del pool0
check "h2 crashes, nobody sends" fresh h2 2 h1 1
mend
check "h1 has a new session, of its own accord" wait_for 15 differs h1 "$id"
returns_within "nobody sent, then h1 does" 5 h1 10.10.0.2

check_cmp "no packet of the old sessions was taken for one of the new" \
	"$(dev_drops h2 pool0 rx-auth)" -eq 0
t_done
