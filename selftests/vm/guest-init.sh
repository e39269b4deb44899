#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Process 1 of every guest. The kernel starts it with pool_job=DIR in its
# environment, a directory of the host written by run.sh.
#
# Stage 1 (UML only; QEMU's initramfs has done the same by then) puts a
# writable overlay over the host's root. Stage 2 mounts what a Linux system
# has, runs the command, and leaves the verdict in the kernel log, which is the
# one place where a verdict and a late kernel complaint have an order.

set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
self=$(realpath "$0")

if [ "${1:-}" != stage2 ]; then
	mount -t proc proc /proc
	mount -t tmpfs -o mode=755 tmpfs /mnt
	mkdir /mnt/upper /mnt/work /mnt/root
	mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
	mkdir -p /mnt/root/.lower
	cd /mnt/root || exit 1
	umount /proc
	pivot_root . .lower
	exec chroot . "$self" stage2
fi

# The host's own root, read-only, without the overlay.
lower=/.lower

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
for dir in /tmp /run /dev/shm; do
	mount -t tmpfs -o mode=1777 tmpfs $dir
done
chmod 755 /run
mkdir -p /run/netns /run/lock
ln -sfn /proc/self/fd /dev/fd
ln -sfn fd/0 /dev/stdin; ln -sfn fd/1 /dev/stdout; ln -sfn fd/2 /dev/stderr
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
export HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

say() { echo "pool-guest: $*" >/dev/kmsg; }

power_off() {
	sync
	"$lower$POOL_BUSYBOX" poweroff -f
	sleep 60	# the host ends us if that did nothing
}

# shellcheck disable=SC2154	# from the kernel's command line
job=$lower$pool_job
. "$job/env"	# POOL_*, RESULTS, GUEST_TTY, RESULTS_FS, NONCE

# The checkout, as the host sees it now: not through the overlay, which may not
# be changed from below, and even where /tmp covers it.
mkdir -p "$POOL_TOP"
mount --bind "$lower$POOL_TOP" "$POOL_TOP" || { say "cannot show the checkout"; power_off; }
mkdir -p "$RESULTS" 2>/dev/null
case $RESULTS_FS in
hostfs) mount -t hostfs -o "$RESULTS" results "$RESULTS" ;;
9p) mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 results "$RESULTS" ;;
esac || { say "cannot open the results directory"; power_off; }

# pool.ko with everything it needs, found by modprobe and by the kernel itself.
if [ -n "$POOL_MODULES" ]; then
	mkdir -p "/lib/modules/$(uname -r)"
	mount --bind "$lower$POOL_MODULES" "/lib/modules/$(uname -r)"
fi

hostname "$POOL_RIG"
ip link set lo up
echo "${POOL_PANIC_ON_WARN:-1}" >/proc/sys/kernel/panic_on_warn
echo 1 >/proc/sys/kernel/panic_on_oops
[ -e /proc/sys/kernel/hung_task_timeout_secs ] && echo 30 >/proc/sys/kernel/hung_task_timeout_secs

cd "$POOL_CWD" || cd "$POOL_TOP" || cd /
[ "$INTERACTIVE" ] || stty -opost -echo <"$GUEST_TTY"
say "start $NONCE"
(
	# A session and a controlling terminal, so that ^C reaches the command.
	exec setsid -c bash "$job/command"
) <"$GUEST_TTY" >"$GUEST_TTY" 2>&1
rc=$?

# Leaks are found by a scan, and the scan finds them only once nobody is left
# who might still hold the memory.
if grep -qw kmemleak=on /proc/cmdline; then
	modprobe -r pool 2>/dev/null
	sleep 6	# kmemleak spares objects younger than 5 s
	# The first scan only takes note of what moved since.
	for _ in 1 2; do
		echo scan >/sys/kernel/debug/kmemleak || say "kmemleak: Cannot scan"
	done
	grep -q . /sys/kernel/debug/kmemleak && {
		say "kmemleak: unreferenced objects:"
		head -n 60 /sys/kernel/debug/kmemleak | while read -r line; do say "$line"; done
	}
fi
say "verdict $NONCE $rc"
sleep 0.1
power_off
