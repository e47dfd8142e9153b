#!/usr/bin/env bash
# Builds one pinned tool into a cache outside the tree and prints its path.
#
#   tools/build.sh NAME      build unless cached; progress on stderr, the path on stdout
#   tools/build.sh -n NAME   never build: print the path, exit 1 if it is not there
#
# The pins are the go.mod files beside this script, so the cache key is made of
# them, of what we wrote ourselves and of the Go version: a changed pin never
# finds the old binary.
set -euo pipefail

build=yes
if [[ ${1:-} == -n ]]; then
  build=no
  shift
fi
name=${1:-}
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

tags=
case $name in
golangci-lint) module=lint package=github.com/golangci/golangci-lint/v2/cmd/golangci-lint ;;
actionlint) module=actionlint package=github.com/rhysd/actionlint/cmd/actionlint ;;
go-licenses) module=licenses package=github.com/google/go-licenses/v2 ;;
# Service discovery for clouds pulls in modules that some proxies do not have;
# static, file and HTTP discovery stay without it, and we use nothing else.
promtool | prometheus) module=prometheus package=github.com/prometheus/prometheus/cmd/$name tags=remove_all_sd ;;
alertmanager | amtool) module=alertmanager package=github.com/prometheus/alertmanager/cmd/$name ;;
# The oldest one that the shipped configuration works on.
alertmanager027) module=alertmanager027 package=github.com/prometheus/alertmanager/cmd/alertmanager ;;
pushgateway) module=pushgateway package=github.com/prometheus/pushgateway ;;
etcd-benchmark) module=etcdbench package=go.etcd.io/etcd/v3/tools/benchmark ;;
dashboard-schema) module=grafana package=. ;;
*)
  echo "usage: tools/build.sh [-n] actionlint|go-licenses|golangci-lint|promtool|prometheus|alertmanager|alertmanager027|amtool|pushgateway|etcd-benchmark|dashboard-schema" >&2
  exit 2
  ;;
esac

# A container or a CI job may have no usable home; Go needs one for its caches.
if [[ ! -d ${HOME:-} || ! -w ${HOME:-} ]]; then
  export HOME=${tools%/*}/.cache
  mkdir -p "$HOME"
fi
cache=${ETCD_MONITOR_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/etcd-monitor/tools}

cd "$tools/$module"
key=$({ cat go.mod go.sum && find . -name '*.go' -exec cat {} + && go env GOVERSION GOOS GOARCH; } | git hash-object --stdin | cut -c1-12)
binary=$cache/$name-$key/$name
if [[ -x $binary ]]; then
  echo "$binary"
  exit 0
fi
[[ $build == yes ]] || exit 1

say() { echo "tools: $name: $*" >&2; }
started=$SECONDS
say "building, once for this pin (minutes with a cold Go cache)"
flags=(-trimpath -buildvcs=false -tags "$tags")
if [[ $name == alertmanager ]]; then
  # The daemon embeds a web interface that its module no longer holds, and the
  # module cache takes no additions: it is built from a copy, with a page that
  # says so. The API and everything that sends is as released.
  source=$(mktemp -d)
  trap 'rm -rf "$source"' EXIT
  go mod download github.com/prometheus/alertmanager >&2
  cp -r "$(go list -m -f '{{.Dir}}' github.com/prometheus/alertmanager)/." "$source"
  chmod -R u+w "$source"
  mkdir -p "$source/ui/app/dist"
  echo '<!doctype html><title>Alertmanager</title>Built without its web interface.' >"$source/ui/app/dist/index.html"
  cd "$source"
fi
total=$(CGO_ENABLED=0 go list "${flags[@]}" -deps "$package" | wc -l)
mkdir -p "$(dirname "$binary")"
# go build -v names each package it compiles; a line for every hundredth shows
# that the build moves without burying what matters. Anything else is an error.
CGO_ENABLED=0 go build -v "${flags[@]}" -ldflags '-s -w' -o "$binary.$$" "$package" 2>&1 |
  awk -v tool="$name" -v total="$total" '
    /^[^ :#]+$/ { if (++n % 100 == 0) print "tools: " tool ": " n " of at most " total " packages"; next }
    { print }' >&2
# The rename is atomic: two builds side by side cannot hand out half a binary.
mv "$binary.$$" "$binary"
say "built in $((SECONDS - started)) s: $binary"
echo "$binary"
