#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module that measures what the crypto of a rig's kernel can do.
# Usage: limit-build.sh RIG DIR   leaves DIR/limit.ko

. "$(dirname "$0")/../vm/common.sh"

rig=$1 out=$2 arch=()
kdir=$("$VM_DIR/module.sh" --kdir "$rig")
[ "$rig" = qemu ] || arch=(ARCH=um)
mkdir -p "$out"
cp -u "$TOP"/selftests/bench/limit/* "$out/"
make -s -C "$kdir" M="$out" "${arch[@]}" modules >"$out/limit.log" 2>&1 ||
	{ cat "$out/limit.log" >&2; die "limit.ko did not build for $rig"; }
