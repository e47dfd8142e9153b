#!/usr/bin/env bash
# Provides etcd of older releases for tests: prints the path of each asked for
# (3.4, 3.5, 3.6; all by default), one a line, and progress to standard error.
# What is there already is not made again; --cached never makes anything.
#
# 3.5 and 3.6 are built from the versions that tools/etcd35 and tools/etcd36
# pin. 3.4 does not build with a current Go and comes from Debian; where there
# is no apt-get, a message says so and nothing is printed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
case $(uname -s) in
Darwin) user_cache=$HOME/Library/Caches ;;
*) user_cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache} ;;
esac
cache=${ETCD_MONITOR_TOOLS:-$user_cache/etcd-monitor/tools}
debian_version=3.4.23

say() { echo "etcd-versions: $*" >&2; }

# Two test binaries may ask at once; the second waits for the first.
lock() {
	if command -v flock >/dev/null; then
		exec 9>"$cache/.etcd-versions.lock"
		flock 9
	fi
}

# install FROM TO puts a binary in place in one step, for readers without lock.
install_binary() {
	mkdir -p "$(dirname "$2")"
	mv -f "$1" "$2"
}

build() { # RELEASE-WITHOUT-DOT
	local module=$here/etcd$1 version path tmp
	version=$(sed -n 's|.*go\.etcd\.io/etcd/server/v3 v\([0-9.]*\).*|\1|p' "$module/go.mod")
	path=$cache/etcd-$version/etcd
	if [[ ! -x $path ]]; then
		[[ -n $cached ]] && return
		lock
	fi
	if [[ ! -x $path ]]; then
		say "building etcd $version, about a minute the first time"
		tmp=$(mktemp -d "$cache/.build.XXXXXX")
		CGO_ENABLED=0 GOWORK=off GOFLAGS=-buildvcs=false go build -C "$module" -trimpath \
			-ldflags '-s -w' -o "$tmp/etcd" go.etcd.io/etcd/server/v3
		install_binary "$tmp/etcd" "$path"
		rm -rf "$tmp"
		say "built $path"
	fi
	echo "$path"
}

unpack() {
	local path=$cache/etcd-$debian_version/etcd tmp
	if [[ ! -x $path ]]; then
		[[ -n $cached ]] && return
		lock
	fi
	if [[ ! -x $path ]]; then
		if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
			say "WARNING: etcd $debian_version is a Debian package and there is no apt-get here:"
			say "WARNING: what is tested with etcd 3.4 will be SKIPPED (or set ETCD_MONITOR_ETCD_34)"
			return
		fi
		say "downloading etcd $debian_version"
		tmp=$(mktemp -d "$cache/.build.XXXXXX")
		if ! download "$tmp"; then
			say "WARNING: no package etcd-server $debian_version to be had here:"
			say "WARNING: what is tested with etcd 3.4 will be SKIPPED (or set ETCD_MONITOR_ETCD_34)"
			rm -rf "$tmp"
			return
		fi
		install_binary "$tmp/usr/bin/etcd" "$path"
		rm -rf "$tmp"
		say "unpacked $path"
	fi
	echo "$path"
}

download() ( # DIRECTORY
	cd "$1"
	# Without package lists the first attempt fails.
	if ! apt-get download etcd-server >&2 2>/dev/null; then
		apt-get update -qq >&2 || true
		apt-get download etcd-server >&2 || return 1
	fi
	dpkg -x etcd-server_*.deb . || return 1
	[[ $(usr/bin/etcd --version) == "etcd Version: $debian_version"* ]]
)

cached=
if [[ ${1:-} == --cached ]]; then
	cached=yes
	shift
fi
mkdir -p "$cache"
[[ $# -gt 0 ]] || set -- 3.4 3.5 3.6
for release; do
	case $release in
	3.4) unpack ;;
	3.5 | 3.6) build "${release/./}" ;;
	*)
		say "no such release: $release (3.4, 3.5, 3.6)"
		exit 2
		;;
	esac
done
