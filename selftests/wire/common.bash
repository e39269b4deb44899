# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For the tests here that run in a guest: the Python peer and attacker on h2,
# pool.ko on h1.

WIRE=$POOL_TOP/selftests/wire
export PYTHONDONTWRITEBYTECODE=1 POOL_SLOW

# wire_setup: h1 with pool0, h2 with an address in the same underlay.
wire_setup() {
	/usr/bin/python3 -c 'import cryptography' 2>/dev/null ||
		t_skip_all "no python3-cryptography in the guest"
	load_module
	setup_wan
	add_host h1; add_link h1 1
	add_host h2; add_link h2 2
	pool_add h1 1 || t_bail "pool0 on h1"
}

# know NAME [option...]: pool0 on h1 gets the peer NAME.
know() {
	local name=$1; shift
	pool_keys "$name"
	on h1 "$POOL" set pool0 peer "$(cat "$TMP/$name.pub")" "$@"
}

# forget NAME: and loses it again.
forget() { on h1 "$POOL" set pool0 peer "$(cat "$TMP/$1.pub")" remove; }

# dev FILTER: jq on pool0 of h1. peer NAME FILTER: on one of its peers.
dev() { pool_json h1 pool0 ".[] | $1"; }
peer() { dev ".peers[] | select(.public_key == \"$(cat "$TMP/$1.pub")\") | $2"; }

# drops NAME: of pool0 on h1.
drops() { dev ".drops.\"$1\" // 0"; }

# py_peer NAME [option...]: the Python peer on h2 with the identity NAME, for h1.
py_peer() {
	local name=$1; shift
	on h2 "$WIRE/peer.py" run --key "$TMP/$name.key" --peer-key "$TMP/h1.pub" "$@"
}

# attacks OPTION...: attack.py on h2 against pool0 on h1; each scenario is a result.
attacks() {
	on h2 "$WIRE/attack.py" --tap --first $((t_count + 1)) --peer-key "$TMP/h1.pub" \
		--counters "ip netns exec h1 $POOL show pool0 --json" "$@" 2>&1 |
		tee "$TMP/attacks" | grep --line-buffered -v '^# last '
	t_count=$((t_count + $(grep -cE '^(not )?ok ' "$TMP/attacks")))
	t_failed=$((t_failed + $(grep -c '^not ok ' "$TMP/attacks")))
	grep -q '^# last ' "$TMP/attacks" || t_fail "attack.py came to its end" "$*"
}

# background NAME [option...]: the Python peer in the background; its log is $TMP/log.
background() {
	local name=$1; shift
	: >"$TMP/log"	# or what its predecessor logged would be taken for its own
	ip netns exec h2 "$WIRE/peer.py" run --key "$TMP/$name.key" --peer-key "$TMP/h1.pub" \
		--time $((60 * POOL_SLOW)) "$@" >"$TMP/log" 2>&1 &
	py=$!
}
# listening NAME [option...]: one that waits for pool0 to call, on port 9300.
listening() {
	background "$@" --listen 9300
	wait_for 10 logged listening || t_bail "the Python peer listens: $(cat "$TMP/log")"
}
logged() { grep -q "\"event\": \"$1\"" "$TMP/log"; }
# finished: it ends; if something failed meanwhile, what both ends say is shown.
explained=0
finished() {
	if [ "$t_failed" -gt "$explained" ]; then
		explained=$t_failed
		t_diag "$(on h1 "$POOL" show pool0; on h1 ss -tn)"
		kill "$py" && wait "$py"
		t_diag "$(cut -c 1-600 "$TMP/log")"
	else
		kill "$py" && wait "$py"
	fi
}
last_line() { tail -n 1 "$TMP/log" | jq -r "$1"; }
ups() { grep -c '"session-up"' "$TMP/log"; }
# man [option...]: a relay on port 9400 of h2.
man() {
	: >"$TMP/man"
	ip netns exec h2 "$WIRE/mitm.py" --listen 9400 --time $((60 * POOL_SLOW)) "$@" >"$TMP/man" 2>&1 &
	man=$!
	wait_for 10 grep -q listening "$TMP/man" || t_bail "the relay: $(cat "$TMP/man")"
}
man_ends() { kill "$man" && wait "$man"; }
one_session() { [ "$(peer "$1" '.sessions | length')" = 1 ]; }
two_sessions() { [ "$(peer "$1" '.sessions | length')" = 2 ]; }
one_connection() { [ "$(dev .connections)" = 1 ]; }
no_session() { [ "$(peer "$1" '.sessions | length')" = 0 ]; }
