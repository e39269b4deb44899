# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# The QEMU rig, sourced by run.sh.

need qemu-system-x86
image=$("$VM_DIR/qemu-build.sh")
put GUEST_TTY /dev/hvc0 RESULTS_FS 9p

# /dev/kvm may exist and yet not boot a kernel: believe only a guest that has
# come up in it. The answer holds until the machine is booted again.
kvm_works() {
	local answer

	[ -w /dev/kvm ] || return 1
	answer=$CACHE/kvm-$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -f "$answer" ]; then
		say "trying KVM, 10 s at most"
		# Without a root the initramfs powers the guest off: that is all we ask.
		if timeout -k 1 10 qemu-system-x86_64 -accel kvm -cpu host -M q35 -m 512 -display none \
			-monitor none -no-reboot -serial file:/dev/null -nic none \
			-kernel "$image/vmlinuz" -initrd "$image/initramfs" \
			-append "console=ttyS0 panic=-1" </dev/null >/dev/null 2>&1; then
			echo yes >"$answer"
		else
			echo no >"$answer"
		fi
	fi
	[ "$(cat "$answer")" = yes ]
}

accel=(-accel "tcg,thread=multi" -cpu max)
if [ "${POOL_ACCEL:-}" != tcg ] && kvm_works; then
	accel=(-accel kvm -cpu host)
fi

# no_timer_check: on a busy host the emulated timer is late at boot, and taken for broken.
guest=(qemu-system-x86_64 "${accel[@]}" -M q35 -smp 2 -m 2048
	-display none -monitor none -no-reboot -nic none
	-chardev "stdio,id=command,signal=off" -device virtio-serial-pci -device "virtconsole,chardev=command"
	-device virtio-rng-pci
	-serial "file:$log"
	-virtfs "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"
	-virtfs "local,path=${results//,/,,},mount_tag=results,security_model=none,multidevs=remap"
	-kernel "$image/vmlinuz" -initrd "$image/initramfs"
	-append "console=ttyS0 ignore_loglevel printk.devkmsg=on panic=-1 oops=panic mitigations=off no_timer_check pool_job=$job pool_init=$VM_DIR/guest-init.sh $boot")
