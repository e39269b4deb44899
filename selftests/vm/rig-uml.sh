# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2054,SC2154
# The UML rigs, sourced by run.sh.

variant=$rig cpus=(ncpus=2)
case $rig in
uml) variant=fast ;;
# An idle guest is at the next timer at once, and what it computes takes no time.
time) cpus=(time-travel=inf-cpu) ;;
esac
kdir=$("$VM_DIR/uml-build.sh" "$variant")
put GUEST_TTY /dev/tty1 RESULTS_FS hostfs

# UML keeps the guest's memory in a deleted file of TMPDIR; it should be a tmpfs.
# (A container's /dev/shm may be too small; then its page faults would kill us.)
memdir=${TMPDIR:-/tmp}
if [ "$(stat -f -c '%S %a %T' /dev/shm 2>/dev/null | awk '$3 == "tmpfs" { print ($1 * $2 >= 1.5e9) }')" = 1 ]; then
	memdir=/dev/shm
fi

# UML opens consoles by descriptor; 5 is the kernel log.
guest=(env TMPDIR="$memdir" bash -c 'exec 5>>"$1"; shift; exec "$@"' - "$log"
	"$kdir/linux" mem=1024M "${cpus[@]}" seccomp=on
	root=/dev/root rootfstype=hostfs hostfs=/ ro "init=$VM_DIR/guest-init.sh"
	"uml_dir=$job" umid=uml
	con=null con0=null,fd:5 con1=fd:0,fd:1 ssl=null
	printk.devkmsg=on ignore_loglevel panic=-1 "pool_job=$job")
# shellcheck disable=SC2206
guest+=($boot)
