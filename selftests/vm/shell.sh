#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# `make shell`: a guest with two connected hosts to play in. RIG=uml

if [ "${1:-}" = guest ]; then
	# shellcheck source=../lib.sh
	. "$(dirname "$0")/../lib.sh"
	setup_pool
	t_finished=1
	[ -z "${LINES:-}" ] || stty rows "$LINES" cols "$COLUMNS"
	cat <<-END

		Two hosts, h1 and h2, are namespaces of this guest (kernel $(uname -r)),
		pool0 is up on both and routes to the network behind the other:

		  h1: 10.99.0.1  pool0 10.10.0.1 fd10::1  behind it 10.1.0.1/16 fd00:1::1/64
		  h2: 10.99.0.2  pool0 10.10.0.2 fd10::2  behind it 10.2.0.1/16 fd00:2::1/64

		  h1 ping 10.10.0.2      h1 pool show      h2 pool monitor &
		  h1 ss -K dport = :9253 or sport = :9253  (and see the session survive)
		  wan tcpdump -ni br0    (the underlay)

		This is a shell on h1. ^D ends the guest.

	END
	cat >"$TMP/rc" <<-'END'
		for host in h1 h2 wan; do eval "$host() { ip netns exec $host \"\$@\"; }"; done
		PS1='\[\e[32m\]h1\[\e[0m\]:\w# '
	END
	on h1 bash --rcfile "$TMP/rc" -i
	exit 0
fi

# shellcheck source=../host-steps.sh
. "$(dirname "$0")/../host-steps.sh"
rig=${RIG:-uml}
# shellcheck disable=SC2086
need $GUEST_PACKAGES
build_userspace || die "the tools did not build"
"$VM_DIR/module.sh" "$rig" >/dev/null
exec "$VM_DIR/run.sh" -i "$rig" -- "$VM_DIR/shell.sh" guest
