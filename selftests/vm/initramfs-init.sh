#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154
# The initramfs of the QEMU rig: the host's root over 9p, a writable overlay on
# it, and on to guest-init.sh.

bb=/bin/busybox
$bb mount -t proc proc /proc
$bb mount -t devtmpfs devtmpfs /dev
while read -r module; do
	$bb insmod "/modules/$module" || echo "initramfs: cannot load $module"
done </modules/order

$bb mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=512000,ro host /lower &&
$bb mount -t tmpfs -o mode=755 tmpfs /mem &&
$bb mkdir /mem/upper /mem/work &&
$bb mount -t overlay -o lowerdir=/lower,upperdir=/mem/upper,workdir=/mem/work overlay /root &&
$bb mkdir -p /root/.lower &&
$bb mount --move /lower /root/.lower ||
	{ echo "initramfs: no root"; $bb poweroff -f; }
$bb umount /proc
$bb umount /dev
exec $bb switch_root /root "$pool_init" stage2
