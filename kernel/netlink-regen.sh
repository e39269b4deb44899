#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Generate the netlink policies, op tables and the uapi header from the YAML
# spec, with the generator of the kernel source.
# Usage: netlink-regen.sh          rewrite the generated files
#        netlink-regen.sh --check  fail if they differ from the spec

. "$(dirname "$0")/../selftests/vm/common.sh"

need python3-yaml python3-jsonschema
src=$("$VM_DIR/uml-build.sh" --source)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

mkdir -p "$tmp/Documentation/netlink/specs"
touch "$tmp/MAINTAINERS"	# how the generator knows the root of a tree
cp "$src"/Documentation/netlink/*.yaml "$tmp/Documentation/netlink/"
cp "$TOP/Documentation/netlink/specs/pool.yaml" "$tmp/Documentation/netlink/specs/"

gen() {
	(cd "$tmp" && timeout 120 /usr/bin/python3 "$src/tools/net/ynl/pyynl/ynl_gen_c.py" \
		--spec Documentation/netlink/specs/pool.yaml "${@:2}" -o "$tmp/$(basename "$1")")
	# The generator has no word for who may listen.
	sed -i 's/{ "events", }/{ "events", .flags = GENL_MCAST_CAP_NET_ADMIN, }/' "$tmp/$(basename "$1")"
	if [ "$check" ]; then
		diff -u "$TOP/$1" "$tmp/$(basename "$1")" || die "$1 does not match pool.yaml; run kernel/netlink-regen.sh"
	else
		cp "$tmp/$(basename "$1")" "$TOP/$1"
	fi
}

check=
[ "${1:-}" = --check ] && check=1
gen kernel/uapi/linux/pool.h --mode uapi --header
gen kernel/netlink-gen.h --mode kernel --header
gen kernel/netlink-gen.c --mode kernel --source
