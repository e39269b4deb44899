#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own selftest tool for its ovpn driver, by which the benchmark sets up
# tunnels without OpenVPN. It is built from the kernel source that the UML kernel is
# built from. Usage: ovpn-build.sh DIR   leaves DIR/ovpn-cli

. "$(dirname "$0")/../vm/common.sh"

out=${1:?directory}
src=$("$VM_DIR/uml-build.sh" --source)
tool=$src/tools/testing/selftests/net/ovpn
[ ! "$out/ovpn-cli" -nt "$tool/ovpn-cli.c" ] || exit 0
need gcc libc6-dev pkg-config libnl-genl-3-dev libmbedtls-dev
say "building ovpn-cli"
# Of the headers only these two are younger than Debian's.
mkdir -p "$out/include/linux"
cp "$src"/include/uapi/linux/{ovpn,if_link}.h "$out/include/linux/"
# shellcheck disable=SC2046
gcc -O2 -w -I"$out/include" -I"$src/tools/testing/selftests" $(pkg-config --cflags libnl-genl-3.0) \
	-o "$out/ovpn-cli.new" "$tool/ovpn-cli.c" \
	-lmbedtls -lmbedcrypto $(pkg-config --libs libnl-genl-3.0)
mv "$out/ovpn-cli.new" "$out/ovpn-cli"
