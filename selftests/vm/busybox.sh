#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Print the path of a static busybox: the initramfs of the QEMU rig, and what
# powers off a guest whose host has no init system. Taken out of its package,
# for installing it would replace the host's own busybox.

. "$(dirname "$0")/common.sh"

get() {
	local dir="$CACHE/busybox"

	if [ ! -x "$dir/bin/busybox" ]; then
		rm -rf "$dir" && mkdir -p "$dir"
		unpack_deb busybox-static "$dir"
	fi
	echo "$dir/bin/busybox"
}

with_lock busybox get
