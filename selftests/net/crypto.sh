#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which of the kernel's drivers encrypt, and that it has no faster ones.
# rigs: uml qemu
# timeout: 30
. "$(dirname "$0")/../lib.sh"
load_module
add_host h1
pool_add h1 1 || t_bail "pool0 on h1"

aead=$(pool_json h1 pool0 '.[].aead_driver') hmac=$(pool_json h1 pool0 '.[].hmac_driver')
t_diag "crypto: $aead, $hmac"
check_eq "people read the same" "$aead, $hmac" \
	"$(on h1 "$POOL" show pool0 | sed -n 's/^ *crypto: //p')"

# best NAME: the kernel's best driver of this algorithm that answers at once.
best() {
	awk -v want="$1" 'BEGIN { top = -1 }
		$1 == "name" { name = $3 } $1 == "driver" { driver = $3 } $1 == "async" { async = $3 }
		$1 == "priority" { priority = $3 }
		!NF { if (name == want && async != "yes" && priority + 0 > top) { top = priority + 0; found = driver }
			name = driver = async = "" }
		END { print found }' /proc/crypto
}
check_eq "no AEAD is better" "$(best 'rfc7539(chacha20,poly1305)')" "$aead"
check_eq "no HMAC is better" "$(best 'hmac(sha256)')" "$hmac"
# What they are made of, where the kernel lists it.
for part in chacha20 poly1305; do
	driver=$(best $part)
	[ -z "$driver" ] || check_match "it is made with the best $part" "[(,]${driver}[,)]" "$aead"
done
case $hmac in
'hmac('*) check_eq "it is made with the best sha256" "hmac($(best sha256))" "$hmac" ;;
esac
t_done
