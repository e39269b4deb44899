# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# The rows: what is measured and how. Sourced by bench.sh. A measurement gives one or
# more rows; measure_NAME SUBJECT prints lines of ROW VALUE. It belongs to a ground,
# which prepare_GROUND sets up once.

# NAME, ROWS, GROUND, SUBJECTS
table='
crypto	crypto_aead_65536 crypto_hmac_65536 crypto_lib_65536 crypto_aead_1400 crypto_hmac_1400 crypto_lib_1400 crypto_limit	crypto	kernel
bulk	tcp_bulk_1 cpu_per_gb	clean	tunnels
bulk8	tcp_bulk_8	clean	tunnels
bidir	tcp_bidir	clean	tunnels
rr	tcp_rr	clean	tunnels
load	ping_load_p50 ping_load_p99	clean	tunnels
loss_0.1	loss_0.1	lossy	tunnels
loss_1	loss_1	lossy	tunnels
loss_3	loss_3	lossy	tunnels
clients	handshakes mem_session mem_peer_live	clients	keyed
table	peers_configure_s peers_dump_s mem_peer_idle mem_peer_live	peers	keyed
peers	peers_1 peers_100 peers_1000 peers_10000	peers	keyed
copy	copy_500mib	clean	keyed
'
all_measurements() { cut -f1 <<<"$table" | xargs; }
all_rows() { cut -f2 <<<"$table" | xargs -n 1 | awk '!seen[$0]++' | xargs; }
column() { awk -F '\t' -v name="$1" -v n="$2" '$1 == name { print $n }' <<<"$table"; }
rows_of() { column "$1" 2; }
ground_of() { column "$1" 3; }
subjects_of() {
	case $(column "$1" 4) in
	kernel) echo kernel; keyed; ovpns ;;
	tunnels) echo veth; keyed; ovpns ;;
	keyed) keyed ;;
	esac
}
keyed() { echo pool-tcp pool-udp pool-raw wireguard; }
ovpns() { [ -z "$have_ovpn" ] || echo ovpn-tcp ovpn-udp; }

unit_of() {
	case $1 in
	tcp_rr) echo 1/s ;;
	ping_*) echo ms ;;
	cpu_per_gb) echo s/GB ;;
	*_s) echo s ;;
	mem_*) echo bytes ;;
	handshakes) echo 1/s ;;
	crypto_limit) echo Mbit/s ;;
	crypto_*) echo MB/s ;;
	*) echo Mbit/s ;;
	esac
}

# --- the grounds --------------------------------------------------------------

# all_tunnels PAIR: every subject asked for, and who answers on the second host.
all_tunnels() {
	local subject
	for subject in $(selected "$only_subjects" "$(subjects_of bulk)"); do
		tunnel_add "$1" "$subject"
	done
	serve "${1}2"
	# The searches for the path MTU are over.
	sleep 3
}
serve() {
	on "$1" iperf3 -s >/dev/null 2>&1 &
	on "$1" "$tools/rr" -l &
	on "$1" /usr/bin/python3 "$here/transfer.py" -l &
	sleep 0.5
}

prepare_clean() {
	[ -e /run/netns/h1 ] || { pair_add h; all_tunnels h; }
}
# A path of 40 ms.
prepare_lossy() {
	[ ! -e /run/netns/w1 ] || return 0
	path_add w
	path_loses 0
	all_tunnels w
}
path_loses() {
	local n
	for n in 1 2; do
		on w0 tc qdisc replace dev "v$n" root netem delay 20ms limit 100000 loss "$1%"
	done
}

# --- the measurements ---------------------------------------------------------

# iperf PAIR SUBJECT SECONDS FILTER [OPTION...]: what jq finds in the report of a run.
iperf() {
	local pair=$1 subject=$2 time=$3 filter=$4; shift 4
	on "${pair}1" timeout $((time + 60)) iperf3 -J -c "$(inner "$subject" 2)" -t "$time" "$@" >"$tmp/iperf" ||
		{ jq -r '.error // "no error told"' "$tmp/iperf" >&2; return 1; }
	jq -r "$filter" "$tmp/iperf"
}

# cpu_time: seconds of processor time that this guest has used, that the host has used, and
# that it could have used, as cputime.py sees it.
cpu_time() {
	local name=$RESULTS/cpu/$EPOCHREALTIME
	: >"$name"
	until [ -s "$name.is" ]; do sleep 0.02; done
	cat "$name.is"
}

measure_bulk() {
	local before after said
	before=$(cpu_time)
	said=$(iperf h "$1" "$seconds" '.end.sum_received | "\(.bits_per_second / 1e6) \(.bytes / 1e9)"')
	after=$(cpu_time)
	echo "tcp_bulk_1 ${said% *}"
	awk -v a="${before%% *}" -v b="${after%% *}" -v gb="${said#* }" 'BEGIN { print "cpu_per_gb", (b - a) / gb }'
}
measure_bulk8() { iperf h "$1" "$seconds" '"tcp_bulk_8 \(.end.sum_received.bits_per_second / 1e6)"' -P 8; }
measure_bidir() {
	iperf h "$1" "$seconds" '.end | "tcp_bidir \((.sum_received.bits_per_second +
		.sum_received_bidir_reverse.bits_per_second) / 1e6)"' --bidir
}
measure_rr() { on h1 "$tools/rr" "$(inner "$1" 2)" "$seconds" | sed 's/^/tcp_rr /'; }

# A ping every 10 ms beside one bulk flow. One that is not answered within a second, or
# at all, counts as a second.
measure_load() {
	local bulk count=$((seconds * 100))
	iperf h "$1" $((seconds + 2)) . >/dev/null &
	bulk=$!
	sleep 1
	on h1 ping -n -i 0.01 -c $count -W 1 "$(inner "$1" 2)" >"$tmp/ping" || true
	wait $bulk
	sed -n 's/.* time=\([0-9.]*\) ms.*/\1/p' "$tmp/ping" | jq -rs --argjson count $count '
		(map([., 1000] | min) | sort) as $got |
		$got + [range($count - ($got | length)) | 1000] |
		"ping_load_p50 \(.[length * 0.5 | floor])", "ping_load_p99 \(.[length * 0.99 | floor])"'
}

measure_loss_0.1() { measure_loss 0.1 "$1"; }
measure_loss_1() { measure_loss 1 "$1"; }
measure_loss_3() { measure_loss 3 "$1"; }
# Both ways. It takes longer: at 40 ms a flow needs its time.
measure_loss() {
	path_loses "$1"
	iperf w "$2" $((3 * seconds)) "\"loss_$1 \\(.end.sum_received.bits_per_second / 1e6)\""
	path_loses 0
}

# The benchmark that the author of the draft tells of: 500 MiB, every byte of it.
measure_copy() { on h1 timeout 600 /usr/bin/python3 "$here/transfer.py" "$(inner "$1" 2)" | sed 's/^/copy_500mib /'; }
