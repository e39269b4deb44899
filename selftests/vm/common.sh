# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Shared by the runners: where things are cached, how Debian packages are got,
# and how progress is told. Sourced, never run.

set -euo pipefail
# What make was told is not for the makes that are called from here.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034
TOP=$(cd "$VM_DIR/../.." && pwd)
# Kernels and downloads outlive a checkout, so they live outside of it.
CACHE=${POOL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pool}
JOBS=${JOBS:-$(nproc)}
export UML_SERIES=7.2	# the newest Debian source at the time of writing

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# with_lock NAME COMMAND...: one process at a time may fill one cache entry.
with_lock() {
	local name=$1; shift
	mkdir -p "$CACHE/lock"
	(
		flock 9
		"$@"
	) 9>"$CACHE/lock/$name"
}

# need PACKAGE...: install what is missing, from the machine's own Debian sources.
need() {
	local missing=() p

	for p in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
			missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	[ "$(id -u)" = 0 ] || die "these packages are needed: ${missing[*]} (install them, or run as root)"
	say "installing ${missing[*]}"
	with_lock apt apt_install "${missing[@]}"
}

apt_install() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" >"$CACHE/apt.log" 2>&1 && return 0
	apt-get -qq update >"$CACHE/apt.log" 2>&1 || true
	apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" >"$CACHE/apt.log" 2>&1 ||
		{ tail -n 20 "$CACHE/apt.log" >&2; die "apt-get could not install: $*"; }
}

# The machine's own Debian archive, whatever it is called.
mirror() {
	local uri

	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Component: main' 2>/dev/null |
		grep -v security | head -n 1)
	[ -n "$uri" ] || die "apt knows no Debian archive"
	echo "$uri"
}

# fetch_deb SUITE REGEX: print the path of the .deb whose name matches, the
# newest of them, from another suite of that archive. apt does it, with its
# checks of signatures, in a state of its own: the machine's is left alone.
fetch_deb() {
	local suite=$1 re=$2 dir="$CACHE/apt-$1" out name

	out=$(find "$dir" -maxdepth 1 -name '*.deb' 2>/dev/null | grep -E "/${re}_[^/]*$" | sort -V | tail -n 1) || true
	if [ -z "$out" ]; then
		mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
		echo "deb $(mirror) $suite main" >"$dir/list"
		cat >"$dir/conf" <<-END
			Dir::Etc::SourceList "$dir/list";
			Dir::Etc::SourceParts "/dev/null";
			Dir::State::Lists "$dir/lists";
			Dir::Cache "$dir/cache";
			Acquire::Languages "none";
			APT::Sandbox::User "root";
		END
		say "reading the package index of $suite"
		APT_CONFIG=$dir/conf apt-get -qq update >"$dir/log" 2>&1 ||
			{ tail -n 5 "$dir/log" >&2; die "cannot read the package index of $suite"; }
		name=$(APT_CONFIG=$dir/conf apt-cache pkgnames | grep -xE "$re" | sort -V | tail -n 1) || true
		[ -n "$name" ] || return 1
		say "downloading $name"
		(cd "$dir" && APT_CONFIG=$dir/conf apt-get -qq download "$name" >"$dir/log" 2>&1) ||
			{ tail -n 5 "$dir/log" >&2; die "cannot download $name"; }
		out=$(find "$dir" -maxdepth 1 -name "${name}_*.deb" | sort -V | tail -n 1)
	fi
	echo "$out"
}

# unpack_deb PACKAGE DIR: the files of a package of the machine's own suite,
# without installing it.
unpack_deb() {
	local package=$1 dir=$2 tmp

	tmp=$(mktemp -d "$dir/deb.XXXXXX")
	chmod 755 "$tmp"	# apt downloads as a user of its own
	say "downloading $package"
	(
		cd "$tmp"
		apt-get -qq download "$package" >/dev/null 2>&1 && exit
		apt-get -qq update >/dev/null 2>&1 || true
		apt-get -qq download "$package" >&2
	) || die "cannot download the package $package"
	dpkg-deb -x "$tmp"/*.deb "$dir"
	rm -rf "$tmp"
}

# What no kernel log may hold. One pattern a line, extended regular expressions.
COMPLAINTS='WARNING:
BUG:
BUG at
KASAN:|KCSAN:|KFENCE:|KMSAN:|UBSAN:
INFO: (possible|suspicious|task|rcu|trying|inconsistent|lockdep)
rcu: INFO:
\[ INFO:
(possible|suspicious) .*(deadlock|recursive|RCU usage|irq lock)
refcount_t
scheduling while atomic
sleeping function called
kmemleak: ([1-9]|unreferenced|Cannot)
ODEBUG:
DEBUG_LOCKS_WARN_ON
list_(add|del) corruption
(soft|hard) ?lockup|LOCKUP
hung_task|blocked for more than
general protection fault
unable to handle|Unable to handle|NULL pointer dereference
Oops
Call Trace
Kernel panic
Kernel mode fault|Kernel tried to access
unregister_netdevice: waiting
stack guard page|stack overflow|stack-protector|corrupted stack
(page|slab|vmalloc).*allocation failure|SLUB: Unable to allocate
Out of memory|oom-kill|invoked oom-killer
segfault at|traps:|general protection ip
ref_tracker:
leaked|Leaked
disagrees about version of symbol|Unknown symbol|failed to validate module'

# complaints FILE: print the complaints of a kernel log with what follows each;
# fails if there are none.
complaints() {
	grep -aE -A 30 "$(tr '\n' '|' <<<"$COMPLAINTS" | sed 's/|$//')" "$1" | sed -n 1,200p
	return "${PIPESTATUS[0]}"
}
