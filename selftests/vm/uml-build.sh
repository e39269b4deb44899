#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build a User Mode Linux kernel of the newest Debian source into the cache.
# Usage: uml-build.sh fast|kasan|time   prints the build directory
#        uml-build.sh --source          prints the kernel source tree

. "$(dirname "$0")/common.sh"

variant=${1:?variant}
fragment="$VM_DIR/uml.config"
extra="$VM_DIR/uml-$variant.config"
[ "$variant" = --source ] || [ -f "$extra" ] || die "no such variant: $variant"

source_tree() {
	local deb dir="$CACHE/linux-$UML_SERIES" patch="$VM_DIR/uml-stacktrace.patch"

	if ! cmp -s "$patch" "$dir/.complete"; then
		need xz-utils patch
		# A suite under way moves on; what follows will do as well.
		deb=$(fetch_deb forky "linux-source-${UML_SERIES//./\\.}") ||
			deb=$(fetch_deb forky 'linux-source-[0-9.]+') ||
			die "forky has no kernel source"
		say "unpacking the kernel source"
		rm -rf "$dir" "$dir.deb"
		mkdir -p "$dir" "$dir.deb"
		dpkg-deb -x "$deb" "$dir.deb"
		tar -C "$dir" --strip-components=1 -xf "$dir.deb"/usr/src/linux-source-*.tar.xz
		rm -rf "$dir.deb"
		patch -s -d "$dir" -p1 <"$patch"
		cp "$patch" "$dir/.complete"
	fi
	echo "$dir"
}

# Ready or not: DIR/.complete says so.
build_dir() {
	local src=$1 key

	key=$(cat "$fragment" "$extra" "$src/.complete" "$src/Makefile" | sha256sum | cut -c1-12)
	echo "$CACHE/uml-$variant-$key"
}

build() {
	local src=$1 dir=$2 log start line

	[ ! -f "$dir/.complete" ] || return 0
	need gcc make bc bison flex libc6-dev libelf-dev
	start=$SECONDS
	say "building the UML kernel ($variant); this takes some minutes, once"
	# Older builds go when nobody can be using them any more.
	find "$CACHE" -maxdepth 1 -name "uml-$variant-*" -mtime +2 -exec rm -rf {} +
	rm -rf "$dir"
	mkdir -p "$dir"
	log="$dir/build.log"
	# A variant may do without something that all others have.
	{
		grep -vxE -f <(sed -n 's/^# without //p' "$extra"; echo none) "$fragment"
		cat "$extra"
	} >"$dir/all.config"
	make -C "$src" ARCH=um O="$dir" KCONFIG_ALLCONFIG="$dir/all.config" allnoconfig >"$log" 2>&1 ||
		{ tail -n 30 "$log" >&2; die "the UML kernel could not be configured"; }
	# Kconfig drops what it does not know without a word; we do not.
	while read -r line; do
		case "$line" in CONFIG_*=*) ;; *) continue ;; esac
		grep -qxF "$line" "$dir/.config" || die "kernel option not taken: $line"
	done <"$dir/all.config"
	make -C "$src" ARCH=um O="$dir" -j"$JOBS" linux modules >>"$log" 2>&1 ||
		{ tail -n 30 "$log" >&2; die "the UML kernel did not build"; }
	touch "$dir/.complete"
	say "UML kernel ($variant) built in $((SECONDS - start)) s"
}

src=$CACHE/linux-$UML_SERIES
[ -f "$src/.complete" ] && cmp -s "$src/.complete" "$VM_DIR/uml-stacktrace.patch" ||
	src=$(with_lock uml-source source_tree)
if [ "$variant" = --source ]; then
	echo "$src"
else
	dir=$(build_dir "$src")
	# Who needs a kernel that is there must not wait for one that is not.
	[ -f "$dir/.complete" ] || with_lock "uml-$variant" build "$src" "$dir"
	echo "$dir"
fi
