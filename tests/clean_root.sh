#!/usr/bin/env bash
# Proves that the two commands work on a fresh Debian 12 with nothing but git and apt: makes a clean
# root with debootstrap, clones this repository into it and runs the commands in a chroot. Needs
# root, debootstrap and the network; takes minutes, so CI does not run it.
#
#   tests/clean_root.sh [--dir DIR] [--keep] [COMMAND...]
#
#   --dir   where the root is made (default: a temporary folder)
#   --keep  leave the root in place; with --dir, a root that is there is used again
#   COMMAND what to run in the clone (default: deploy/quickstart.sh, then tests/run.sh, each twice)
set -euo pipefail
{ # read to its end before it runs: what changes in the checkout meanwhile changes nothing here
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source_dir=$PWD

keep=0
root=
while [ $# -gt 0 ]; do
  case $1 in
    --dir)
      [ $# -ge 2 ] || { echo "clean_root.sh: --dir needs a folder" >&2; exit 64; }
      root=$2
      shift
      ;;
    --keep) keep=1 ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --*) echo "clean_root.sh: unknown option '$1' (see --help)" >&2; exit 64 ;;
    *) break ;;
  esac
  shift
done
commands=("$@")
if [ "${#commands[@]}" -eq 0 ]; then
  commands=(deploy/quickstart.sh deploy/quickstart.sh tests/run.sh tests/run.sh)
fi

[ "$(id -u)" -eq 0 ] || { echo "clean_root.sh: a chroot needs root" >&2; exit 77; }
command -v debootstrap >/dev/null || {
  echo "clean_root.sh: debootstrap is not installed (apt-get install debootstrap)" >&2
  exit 69
}

if [ -z "$root" ]; then root=$(mktemp -d /var/tmp/live-crew-root.XXXXXX); fi
root=$(realpath -m "$root")
[ "$root" != / ] || { echo "clean_root.sh: not into /" >&2; exit 64; }
# shellcheck disable=SC2317 # called by the trap
cleanup() {
  if [ "$keep" = 0 ]; then
    # The mounts went with their namespace; never cross into something that is mounted all the same.
    rm -rf --one-file-system "$root"
  else
    echo "clean_root.sh: kept $root"
  fi
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mirror=http://deb.debian.org/debian
if [ ! -x "$root/usr/bin/git" ]; then
  echo "== debootstrap into $root"
  debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" "$mirror" \
    >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
  rm -f "$root.log"
  cat >"$root/etc/apt/sources.list" <<LIST
deb $mirror bookworm main
deb $mirror bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
LIST
fi
cp -L /etc/resolv.conf "$root/etc/resolv.conf"

rm -rf "$root/live-crew"
git -c safe.directory='*' clone --quiet --no-hardlinks "$source_dir" "$root/live-crew"
echo "== clone of $(git -C "$root/live-crew" -c safe.directory='*' log -1 --format='%h %s')"

# A mount and process namespace of its own: what is mounted or started inside ends with it.
enter() {
  # shellcheck disable=SC2016 # the inner shell expands its own arguments
  unshare --mount --pid --fork --kill-child --propagation private -- bash -euc '
    mount -t proc proc "$1/proc"
    mount -t sysfs -o ro sysfs "$1/sys"
    mount -t tmpfs tmpfs "$1/dev"
    for device in null zero full random urandom tty; do
      touch "$1/dev/$device"
      mount --bind "/dev/$device" "$1/dev/$device"
    done
    ln -s /proc/self/fd "$1/dev/fd"
    mkdir "$1/dev/shm"
    mount -t tmpfs tmpfs "$1/dev/shm"
    exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp \
      sh -c "cd /live-crew && exec $2" </dev/null
  ' enter "$root" "$1"
}

failed=0
for command in "${commands[@]}"; do
  started=$SECONDS
  echo "== $command"
  code=0
  enter "$command" || code=$?
  echo "== $command: exit status $code after $((SECONDS - started)) s"
  [ "$code" -eq 0 ] || failed=1
done
exit "$failed"
}
