#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tests that need no guest. Sourced by run-tests.sh for their names, run as
# a program for one of them: host-steps.sh NAME
#
# A step prints TAP, or says with its exit code whether it passed.

# shellcheck source=vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm/common.sh"

FUZZ_SECONDS=${FUZZ_SECONDS:-8}

# What the tools are built with, and what the tests in a guest use.
BUILD_PACKAGES='gcc make libc6-dev pkg-config linux-libc-dev libmnl-dev libsodium-dev'
# shellcheck disable=SC2034
GUEST_PACKAGES='iproute2 iputils-ping iperf3 tcpdump nftables python3 python3-cryptography
	socat netcat-openbsd ethtool conntrack jq kmod procps util-linux'

# shellcheck disable=SC2034
HOST_STEPS=(unit/proto unit/wire unit/userspace unit/iproute2-plugin unit/netlink-spec unit/model unit/fuzz
	unit/fuzz-userspace rig/uml rig/kasan rig/qemu
	lint/checkpatch lint/w1-7.2 lint/w1-6.1 lint/sparse lint/userspace lint/cppcheck
	lint/shellcheck lint/python)

# build_userspace: the tool, the plugin and what tests need, where guests look for them.
build_userspace() {
	local dir

	# shellcheck disable=SC2086
	need $BUILD_PACKAGES
	say "building the tools"
	for dir in userspace iproute2-plugin; do
		[ ! -f "$TOP/$dir/Makefile" ] ||
			make -s -C "$TOP/$dir" -j"$JOBS" OUT="$TOP/build/$dir" >&2 || return 1
	done
	mkdir -p "$TOP/build/selftests"
	gcc -O2 -Wall -Wextra -Werror -o "$TOP/build/selftests/flood" "$TOP/selftests/net/flood.c"
}

# has_target DIR TARGET
has_target() { [ -f "$1/Makefile" ] && make -C "$1" -n "$2" >/dev/null 2>&1; }

step_unit_proto() {
	need gcc make libc6-dev libsodium-dev libcmocka-dev libjansson-dev
	make -s -C "$TOP/selftests/proto" -j"$JOBS" BUILD="$TOP/build/proto" check
}

# The Python implementation against itself, and whether the vectors are what it makes.
step_unit_wire() {
	need python3 python3-cryptography
	cd "$TOP/selftests/wire"
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 vectors.py --check >&2 || echo "Bail out! vectors"
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 test_wire.py --tap
}

step_unit_userspace() {
	# shellcheck disable=SC2086
	need $BUILD_PACKAGES libcmocka-dev libjansson-dev jq
	make -s -C "$TOP/userspace" -j"$JOBS" OUT="$TOP/build/userspace" check
}

step_unit_iproute2_plugin() {
	# shellcheck disable=SC2086
	need $BUILD_PACKAGES iproute2 jq
	if has_target "$TOP/iproute2-plugin" check; then
		make -s -C "$TOP/iproute2-plugin" OUT="$TOP/build/iproute2-plugin" check
	else
		make -s -C "$TOP/iproute2-plugin" OUT="$TOP/build/iproute2-plugin"
	fi
}

step_unit_netlink_spec() { "$TOP/kernel/netlink-regen.sh" --check; }

step_unit_fuzz() {
	need gcc make clang libc6-dev libsodium-dev libclang-rt-14-dev
	make -s -C "$TOP/selftests/proto" -j"$JOBS" BUILD="$TOP/build/proto" \
		FUZZ_SECONDS="$FUZZ_SECONDS" fuzz
}

step_unit_fuzz_userspace() {
	# shellcheck disable=SC2086
	need $BUILD_PACKAGES clang libclang-rt-14-dev
	make -s -C "$TOP/userspace" -j"$JOBS" OUT="$TOP/build/userspace" \
		FUZZ_SECONDS="$FUZZ_SECONDS" fuzz && echo "fuzzers of the tool: nothing found"
}

step_unit_model() {
	need spin gcc libc6-dev
	"$TOP/spec/model/check.sh" "$TOP/build/model"
}

# Can the rigs be trusted?
step_rig_uml() { "$VM_DIR/check.sh" uml; }
step_rig_kasan() { "$VM_DIR/check.sh" kasan; }
step_rig_qemu() { "$VM_DIR/check.sh" qemu; }

# shellcheck source=lint.sh
. "$TOP/selftests/lint.sh"

# build_module: pool.ko for the running kernel, if its headers can be had.
build_module() {
	local kdir

	kdir=/lib/modules/$(uname -r)/build
	need gcc make libc6-dev kmod
	if [ ! -e "$kdir" ] && apt-cache show "linux-headers-$(uname -r)" >/dev/null 2>&1; then
		need "linux-headers-$(uname -r)"
	fi
	if [ ! -e "$kdir" ]; then
		say "no headers of the running kernel ($(uname -r)): pool.ko is not built for it"
		return 0
	fi
	say "building pool.ko for $(uname -r)"
	make -s -C "$TOP/kernel" OUT="$TOP/build/kernel"
}

# uninstall: what `make install` has put here.
uninstall() {
	local file

	for file in "$DESTDIR/lib/modules/$(uname -r)"/updates/pool.ko{,.xz,.gz,.zst} \
		"$DESTDIR$PREFIX"/{bin/pool,share/man/man8/pool.8,share/man/man8/ip-link-pool.8} \
		"$DESTDIR$PREFIX"/lib/ip/link_pool.so "$DESTDIR$PREFIX"/lib/*/ip/link_pool.so; do
		if [ -e "$file" ]; then rm -v "$file"; fi
	done
	[ "$DESTDIR" ] || depmod
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	case $1 in
	build) build_userspace ;;
	module) build_module ;;
	uninstall) uninstall ;;
	*) "step_${1//[\/.-]/_}" ;;
	esac
fi
