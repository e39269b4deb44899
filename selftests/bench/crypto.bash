# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# The limit that the kernel's crypto sets, measured by limit/limit.c in this guest, anew
# in each round. Sourced by bench.sh.

prepare_crypto() {
	[ -d /sys/module/limit ] || insmod "$tools/$POOL_RIG/limit.ko"
}

# limit_mb PRIMITIVE BYTES: megabytes per second of this round.
limit_mb() { awk -v p="$1" -v n="$2" '$1 == p && $2 == n { print $3 }' "$tmp/limit.$round"; }

# drivers: their names, once asked for.
drivers() {
	[ ! -s "$tmp/limit.1" ] || awk '$2 == 1400 && $1 != "lib" { printf "%s%s", sep, $4; sep = ", " }' "$tmp/limit.1"
}

# limit_of PRIMITIVE BYTES [PRIMITIVE]: of a tunnel that treats each byte with both at
# either end, when the ends share the processors of the guest.
limit_of() {
	awk -v cpus="$(nproc)" -v a="$(limit_mb "$1" "$2")" -v b="$(limit_mb "${3:-$1}" "$2")" -v both="${3:-}" \
		'BEGIN { print cpus / 2 * 8 / (1 / a + (both ? 1 / b : 0)) }'
}

measure_crypto() {
	local primitive bytes
	[ -s "$tmp/limit.$round" ] ||
		taskset 1 cat /sys/kernel/debug/pool_limit >"$tmp/limit.$round"
	case $1 in
	kernel)
		for bytes in 65536 1400; do
			for primitive in aead hmac lib; do
				echo "crypto_${primitive}_$bytes $(limit_mb $primitive $bytes)"
			done
		done ;;
	pool-tcp) echo "crypto_limit $(limit_of aead 65536 hmac)" ;;
	pool-*) echo "crypto_limit $(limit_of aead 1400 hmac)" ;;
	wireguard) echo "crypto_limit $(limit_of lib 1400)" ;;
	ovpn-*) echo "crypto_limit $(limit_of aead 1400)" ;;
	esac
}
