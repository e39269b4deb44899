# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# The kernel's ovpn driver as a subject, set up by the tool of the kernel's selftests:
# keys are given, there is no handshake. ChaCha20-Poly1305, as all others have.
# Sourced by bench.sh.

# look_for_ovpn: has this kernel the driver? (6.16 was the first.)
have_ovpn=''
look_for_ovpn() {
	if "$tools/ovpn-cli" new_iface ovpn-try >/dev/null 2>&1; then
		ip link del ovpn-try
		have_ovpn=1
	else
		say "this kernel has no ovpn: it is left out"
	fi
}

# ovpn_add PAIR SUBJECT: devices on both ends, peers with a common number, keys.
ovpn_add() {
	local n port
	port=$(port_of "$2")
	[ -s "$tmp/ovpn.key" ] || head -c 256 /dev/urandom | base64 -w 0 >"$tmp/ovpn.key"
	ovpn "${1}1" new_iface "$2" P2P
	case $2 in
	ovpn-udp)
		ovpn "${1}2" new_iface "$2" P2P
		for n in 1 2; do
			ovpn "$1$n" new_peer "$2" 1 none "$port" "10.99.0.$((3 - n))" "$port"
		done ;;
	ovpn-tcp)
		# The tool can only listen for a device of many peers.
		ovpn "${1}2" new_iface "$2" MP
		echo "1 1 $(inner "$2" 1)" >"$tmp/ovpn.peers"
		ovpn "${1}2" listen "$2" "$port" SYMM "$tmp/ovpn.peers" &
		for n in {1..50}; do
			on "${1}2" ss -Hltn "sport = :$port" | grep -q . && break
			sleep 0.1
		done
		ovpn "${1}1" connect "$2" 1 none 10.99.0.2 "$port"
		wait $! ;;
	esac
	for n in 1 2; do ovpn "$1$n" new_key "$2" 1 1 0 chachapoly $((n - 1)) "$tmp/ovpn.key"; done
}

# The tool stays behind, to hold the socket.
ovpn() {
	on "$1" "$tools/ovpn-cli" "${@:2}" >"$tmp/ovpn.$1.$2" 2>&1 </dev/null ||
		{ cat "$tmp/ovpn.$1.$2" >&2; return 1; }
}
