#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# `make bench`: build what the benchmark needs and run it in a guest.
# Usage: run.sh [ROUNDS [SECONDS]]; RIG=uml

# shellcheck source=../host-steps.sh
. "$(dirname "$0")/../host-steps.sh"

rig=${RIG:-uml}
# shellcheck disable=SC2086
need $GUEST_PACKAGES wireguard-tools
build_userspace || die "the tools did not build"
mkdir -p "$TOP/build/bench"
gcc -O2 -Wall -Wextra -Werror -o "$TOP/build/bench/rr" "$TOP/selftests/bench/rr.c"
"$VM_DIR/module.sh" "$rig" >/dev/null
exec "$VM_DIR/run.sh" "$rig" -t 900 -- "$TOP/selftests/bench/bench.sh" "$@"
