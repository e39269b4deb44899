#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Debian's own kernel for the QEMU rig, taken out of its package into the cache.
# Usage: qemu-build.sh          prints the directory: vmlinuz, initramfs, lib/modules/VERSION
#        qemu-build.sh --kdir   prints the build directory of its headers

. "$(dirname "$0")/common.sh"

# The headers and the image must be of the same build. Headers have to be
# installed (they refer to each other by absolute paths), the image need not.
version() {
	dpkg-query -W -f '${Depends}' linux-headers-amd64 | sed -n 's/.*linux-headers-\([^ ,]*\).*/\1/p'
}

# What the initramfs loads to reach the host's root, and what it needs for that.
BOOT_MODULES='virtio_pci virtio_console virtio_rng 9pnet_virtio 9p overlay'

get() {
	local ver dir root busybox m

	need linux-headers-amd64 kmod cpio gzip
	ver=$(version)
	[ -n "$ver" ] || die "linux-headers-amd64 depends on no headers"
	dir=$CACHE/qemu-$ver
	busybox=$("$VM_DIR/busybox.sh")
	if [ ! -f "$dir/.complete" ]; then
		rm -rf "$dir" && mkdir -p "$dir"
		unpack_deb "linux-image-$ver" "$dir"
		mv "$dir/boot/vmlinuz-$ver" "$dir/vmlinuz"
		# A guest without hardware needs few of the modules, and depmod
		# runs for each build of pool.ko.
		(
			cd "$dir/lib/modules/$ver"
			find kernel/drivers -mindepth 1 -maxdepth 1 ! -name net ! -name virtio ! -name char ! -name block -exec rm -rf {} +
			find kernel/drivers/net -mindepth 1 -maxdepth 1 -type d ! -name wireguard ! -name vxlan ! -name ipvlan ! -name bonding -exec rm -rf {} +
			rm -rf kernel/sound kernel/arch/x86/kvm
			find kernel/fs -mindepth 1 -maxdepth 1 ! -name 9p ! -name overlayfs ! -name netfs ! -name fscache -exec rm -rf {} +
		)
		depmod -b "$dir" "$ver"
		touch "$dir/.complete"
	fi
	if [ ! -f "$dir/initramfs" ] || [ "$VM_DIR/initramfs-init.sh" -nt "$dir/initramfs" ]; then
		root=$(mktemp -d)
		mkdir -p "$root"/{bin,proc,sys,dev,lower,mem,root}
		cp "$busybox" "$root/bin/busybox"
		cp "$VM_DIR/initramfs-init.sh" "$root/init"
		chmod 755 "$root/init"
		for m in $BOOT_MODULES; do
			modprobe -d "$dir" -S "$ver" --show-depends "$m"
		done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$root/order"
		mkdir "$root/modules"
		while read -r m; do
			cp "$m" "$root/modules/"
			basename "$m"
		done <"$root/order" >"$root/modules/order"
		rm "$root/order"
		(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$dir/initramfs.part"
		mv "$dir/initramfs.part" "$dir/initramfs"
		rm -rf "$root"
	fi
	echo "$dir"
}

if [ "${1:-}" = --kdir ]; then
	need linux-headers-amd64
	echo "/lib/modules/$(version)/build"
else
	with_lock qemu get
fi
