# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2164
# The lint steps, sourced by host-steps.sh.

# files GLOB...: what git knows or would add, so that nothing generated, built
# or somebody's scratch file is looked at.
files() { git -C "$TOP" ls-files -co --exclude-standard -- "$@"; }

# generated FILE: written by the netlink generator, in its own style.
not_generated() { grep -vE '^kernel/(netlink-gen\.[ch]|uapi/linux/pool\.h)$'; }

# What checkpatch is not asked about, and why:
#   FILE_PATH_CHANGES	there is no MAINTAINERS file here
#   ALLOC_WITH_SIZEOF	kzalloc_obj() is not in the older kernels pool.ko is built for
#   PREFER_KERNEL_TYPES	kernel/proto is user-space code too
# And of trace.h, which is written in the kernel's own way for such files:
#   OPEN_ENDED_LINE, PARENTHESIS_ALIGNMENT
CHECKPATCH_IGNORE=FILE_PATH_CHANGES,ALLOC_WITH_SIZEOF,PREFER_KERNEL_TYPES,SPLIT_STRING

step_lint_checkpatch() {
	local src out rc=0

	need perl
	src=$("$VM_DIR/uml-build.sh" --source)
	cd "$TOP"
	checkpatch() {
		xargs perl "$src/scripts/checkpatch.pl" --no-tree --strict --quiet --terse --show-types \
			--no-summary --ignore "$1" --file
	}
	out=$(files 'kernel/*.c' 'kernel/*.h' | not_generated | grep -vxF kernel/trace.h |
		checkpatch "$CHECKPATCH_IGNORE" &&
		echo kernel/trace.h |
		checkpatch "$CHECKPATCH_IGNORE,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT") || rc=$?
	echo "$out"
	# xargs says 123 for a checkpatch.pl that found something.
	[ "$rc" = 0 ] && [ -z "$out" ]
}

# module_check RIG MAKE_ARG...: build all of pool.ko apart, and fail on any word
# of warning.
module_check() {
	local rig=$1 out log kdir; shift

	need gcc make libc6-dev
	case $rig in
	uml) kdir=$("$VM_DIR/uml-build.sh" fast) ;;
	qemu) kdir=$("$VM_DIR/qemu-build.sh" --kdir) ;;
	esac
	mkdir -p "$TOP/build/lint"
	out=$(mktemp -d "$TOP/build/lint/$rig.XXXXXX") log=$(mktemp)
	make -s -C "$TOP/kernel" KDIR="$kdir" OUT="$out" "$@" >"$log" 2>&1 ||
		{ cat "$log"; return 1; }
	rm -rf "$out"
	# The compiler may differ from the one that built Debian's kernel by its
	# minor version, and there is no vmlinux beside headers: both harmless.
	! grep -E 'warning:|error:' "$log" | grep -vE 'the compiler differs from the one'
}

step_lint_w1_7_2() { module_check uml W=1; }
step_lint_w1_6_1() { module_check qemu W=1; }

step_lint_sparse() {
	need sparse
	module_check uml C=2 CF=-D__CHECK_ENDIAN__
}

# From nothing: what is built already says nothing any more.
step_lint_userspace() {
	local dir out

	# shellcheck disable=SC2086
	need $BUILD_PACKAGES
	out=$(mktemp -d "$TOP/build/lint.XXXXXX")
	for dir in userspace iproute2-plugin; do
		make -s -C "$TOP/$dir" -j"$JOBS" OUT="$out/$dir" >"$out/log" 2>&1 && [ ! -s "$out/log" ] ||
			{ cat "$out/log"; rm -rf "$out"; return 1; }
	done
	rm -rf "$out"
}

step_lint_cppcheck() {
	local out

	need cppcheck
	cd "$TOP"
	out=$(mktemp)
	files 'userspace/*.c' 'iproute2-plugin/*.c' 'selftests/proto/*.c' 'selftests/net/*.c' |
		cppcheck --file-list=- --quiet --std=c11 --enable=warning,performance,portability \
			--inline-suppr --error-exitcode=1 -j "$JOBS" \
			--suppress=unknownMacro:selftests/proto/test_vectors.c --suppress=missingIncludeSystem -Ikernel/uapi -Ikernel -Iuserspace -Ibuild/userspace/gen \
			2>"$out" || { cat "$out"; return 1; }
	cat "$out"
}

step_lint_shellcheck() {
	need shellcheck
	cd "$TOP"
	# Scripts by their first line, whatever they are called; and the sourced ones.
	{ files '*.sh'; files | xargs -r grep -lE '^#!.*\b(ba|da)?sh\b' -s -m1; } | sort -u |
		xargs shellcheck --severity=warning
}

step_lint_python() {
	need python3
	cd "$TOP"
	files '*.py' | xargs -r /usr/bin/python3 -c '
import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path).read(), path)
print(len(sys.argv) - 1, "files")'
}
