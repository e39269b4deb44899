#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build pool.ko for a rig and put it where the rig's guest finds it.
# Usage: module.sh RIG [MAKE_ARG...]   prints build/RIG/pool.ko
#        module.sh --kdir RIG          prints the kernel build directory, builds nothing of ours

. "$(dirname "$0")/common.sh"

only_kdir=''
[ "${1:-}" != --kdir ] || { only_kdir=1; shift; }
rig=${1:?rig}; shift
out=$TOP/build/$rig
base=''
debug=()
need gcc make libc6-dev kmod
case $rig in
uml) kdir=$("$VM_DIR/uml-build.sh" fast) ;;
time) kdir=$("$VM_DIR/uml-build.sh" time) ;;
kasan) kdir=$("$VM_DIR/uml-build.sh" kasan) debug=(DEBUG=1) ;;
qemu) base=$("$VM_DIR/qemu-build.sh") kdir=$("$VM_DIR/qemu-build.sh" --kdir) ;;
*) die "no such rig: $rig" ;;
esac
[ ! "$only_kdir" ] || { echo "$kdir"; exit 0; }

build() {
	local ver tree

	mkdir -p "$out"
	say "building pool.ko for the rig $rig"
	make -s -C "$TOP/kernel" KDIR="$kdir" OUT="$out/kernel" "${debug[@]}" "$@" >"$out/module.log" 2>&1 ||
		{ cat "$out/module.log" >&2; die "pool.ko did not build for $rig"; }
	cat "$out/module.log" >&2
	cmp -s "$out/kernel/pool.ko" "$out/pool.ko" && [ -d "$out/modules" ] && return

	# A module tree for the guest: the kernel's own modules, and ours.
	ver=$(modinfo -F vermagic "$out/kernel/pool.ko" | cut -d' ' -f1)
	tree=$out/modules.new/lib/modules/$ver
	rm -rf "$out/modules.new"
	mkdir -p "$tree/updates"
	if [ "$base" ]; then
		cp -a "$base/lib/modules/$ver/." "$tree/"
	else
		cp "$kdir"/modules.{builtin,builtin.modinfo,order} "$tree/"
	fi
	cp "$out/kernel/pool.ko" "$tree/updates/"
	depmod -b "$out/modules.new" "$ver"
	rm -rf "$out/modules"
	mv "$out/modules.new" "$out/modules"
	cp "$out/kernel/pool.ko" "$out/pool.ko.new"
	mv "$out/pool.ko.new" "$out/pool.ko"
}

# What net/vmfork loads beside it.
build_vmfork() {
	[ "$rig" = qemu ] || return 0
	mkdir -p "$out/vmfork"
	cp -u "$VM_DIR"/vmfork/* "$out/vmfork/"
	make -s -C "$kdir" M="$out/vmfork" modules >"$out/vmfork.log" 2>&1 ||
		{ cat "$out/vmfork.log" >&2; die "vmfork.ko did not build for $rig"; }
}

mkdir -p "$out"
{
	flock 9
	build "$@"
	build_vmfork
} 9>"$out/.lock"
echo "$out/pool.ko"
