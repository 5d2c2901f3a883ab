#!/usr/bin/env bash
# The one list of Debian packages, and the one place that installs them.
#
#   deploy/packages.sh GROUP...          install what is missing of the groups
#   deploy/packages.sh --list GROUP...   print the packages of the groups, one a line
#
# Groups: build (compile the programs), run (what they need beside themselves), test (what
# tests/run.sh needs on top), lint (clang-tidy). Nothing happens when everything is there.
set -euo pipefail

build_packages=(
  g++ meson ninja-build pkg-config
  libcli11-dev libcurl4-openssl-dev libfmt-dev libnats-dev libre2-dev libsimdjson-dev libssl-dev
  libuv1-dev libyaml-cpp-dev nlohmann-json3-dev prometheus-cpp-dev
)
run_packages=(ca-certificates nats-server python3)
test_packages=(
  ccache clang-format-19 cmake doctest-dev gdb git iproute2 libbenchmark-dev librapidcheck-dev mandoc
  procps python3-jinja2 python3-jsonschema python3-yaml shellcheck systemd
)
lint_packages=(clang-19 clang-tidy-19 libclang-rt-19-dev)

fail() {
  printf 'packages: %s\n' "$@" >&2
  exit 1
}

usage() {
  sed -n '2,8s/^# \{0,1\}//p' "$0"
}

list=0
packages=()
for word in "$@"; do
  case $word in
    --list) list=1 ;;
    -h | --help) usage; exit 0 ;;
    build) packages+=("${build_packages[@]}") ;;
    run) packages+=("${run_packages[@]}") ;;
    test) packages+=("${test_packages[@]}") ;;
    lint) packages+=("${lint_packages[@]}") ;;
    *) printf "packages: unknown group '%s'\n" "$word" >&2; usage >&2; exit 64 ;;
  esac
done
[ "${#packages[@]}" -gt 0 ] || { usage >&2; exit 64; }

if [ "$list" = 1 ]; then
  printf '%s\n' "${packages[@]}"
  exit 0
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  fail "this is not a Debian system (no dpkg-query or apt-get in PATH)" \
    "install by hand what matches: ${packages[*]}"
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | head -n 1 || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null ||
    fail "not root, and sudo is not installed; as root, run:" \
      "  apt-get install -y --no-install-recommends ${missing[*]}"
  as_root=(sudo)
  [ -t 0 ] || as_root=(sudo -n) # nobody could type a password
fi

printf 'packages: installing %d: %s\n' "${#missing[@]}" "${missing[*]}" >&2
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
made_policy=0
cleanup() {
  rm -f "$log"
  if [ "$made_policy" = 1 ]; then "${as_root[@]}" rm -f "$policy"; fi
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The server is wanted for its program only: private ones are started on free ports. So no service
# is started now, nor at the next boot.
if [ ! -e "$policy" ]; then
  made_policy=1
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 0755 "$policy"
fi

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 RUNLEVEL=1 apt-get \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >"$log" 2>&1 </dev/null
}
update() {
  printf 'packages: apt-get update\n' >&2
  # A source that we need nothing from may be broken; whether ours work, the install tells.
  apt update ||
    printf 'packages: apt-get update complained: %s\n' "$(grep -m 1 '^[EW]:' "$log")" >&2
}
known() { # every missing package has a candidate in the lists that we have
  local package
  for package in "${missing[@]}"; do
    LC_ALL=C apt-cache policy "$package" 2>/dev/null | grep -q '^  Candidate: [^(]' || return 1
  done
}
install() { apt install -y --no-install-recommends "${missing[@]}"; }

fresh=0
known || { update; fresh=1; }
installed=0
if install; then
  installed=1
elif [ "$fresh" = 0 ]; then # old lists name versions that the mirror no longer has
  update
  if install; then installed=1; fi
fi
if [ "$installed" = 0 ]; then
  tail -n 20 "$log" >&2
  fail "apt-get could not install: ${missing[*]}" \
    "check the network and /etc/apt/sources.list*, then try again (Debian 12 'main' has them all)"
fi

case " ${missing[*]} " in
  *" nats-server "*)
    if command -v systemctl >/dev/null; then
      "${as_root[@]}" systemctl --quiet disable nats-server >/dev/null 2>&1 || true
    fi
    ;;
esac
