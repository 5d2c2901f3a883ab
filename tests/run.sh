#!/usr/bin/env bash
# Installs what the tests need, builds everything and runs every test. Ends with one line:
# `N passed, N failed` (and `, N skipped`, each with its reason above).
#
#   tests/run.sh [--asan | --tsan | --tidy [--changed]] [--filter NAME] [--no-install]
#
#   --asan       the suite once, built with the address and undefined-behaviour sanitizers
#   --tsan       the suite once, built with the thread sanitizer
#   --tidy       clang-tidy over every source file instead of the tests
#   --changed    with --tidy: only files that differ from the main branch
#   --filter     only tests whose name holds NAME
#   --no-install leave the system's packages alone
#
# Without options: warnings are errors, all tests run, and the pure unit tests run again under the
# address and undefined-behaviour sanitizers. Build folders are kept, so a second run is short.
set -euo pipefail
{ # read to its end before it runs: what changes in the checkout meanwhile changes nothing here
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=default
filter=
install=1
changed=0
while [ $# -gt 0 ]; do
  case $1 in
    --asan | --tsan | --tidy) mode=${1#--} ;;
    --changed) changed=1 ;;
    --filter)
      [ $# -ge 2 ] || { echo "run.sh: --filter needs a name" >&2; exit 64; }
      filter=$2
      shift
      ;;
    --no-install) install=0 ;;
    -h | --help) sed -n '2,16s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "run.sh: unknown option '$1' (see tests/run.sh --help)" >&2; exit 64 ;;
  esac
  shift
done

export LC_ALL=C.UTF-8
export HOME=${HOME:-/tmp} # ccache and git want one
export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$PWD
jobs=$(nproc)
started=$SECONDS

say() { printf '== %s (%d s)\n' "$*" "$((SECONDS - started))"; }

# configure FOLDER OPTION...: a folder that an older meson.build left unusable is made anew.
configure() {
  local folder=$1
  shift
  if [ -f "$folder/build.ninja" ] && meson configure "$folder" "$@" >/dev/null 2>&1 &&
    ninja -C "$folder" build.ninja >"$folder.log" 2>&1; then # reads changed meson.build files
    rm -f "$folder.log"
    return 0
  fi
  rm -rf "$folder"
  meson setup "$folder" "$@" >"$folder.log" 2>&1 || {
    tail -n 40 "$folder.log" >&2
    echo "run.sh: meson setup $folder failed (above)" >&2
    return 1
  }
  rm -f "$folder.log"
}

# A build that fails is a failure of the suite, and the last line says so too.
build() {
  say "building $1"
  ninja -C "$1" -j "$jobs" --quiet || {
    echo "run.sh: the build in $1 failed (above)" >&2
    echo "0 passed, 1 failed"
    exit 1
  }
}

# run_tests FOLDER [ARGUMENT...]: runs them and leaves the verdict to the log that summary.py reads.
run_tests() {
  local folder=$1
  shift
  say "testing $folder"
  rm -f "$folder"/meson-logs/testlog*.json
  meson test -C "$folder" --no-rebuild --num-processes "$jobs" "$@" || true
}

# select_tests FOLDER [SUITE]: fills `tests` with the names that the filter leaves.
select_tests() {
  mapfile -t tests < <(
    /usr/bin/python3 tests/summary.py --names "$1" --filter "$filter" --suite "${2:-}"
  )
}

groups=(build run test)
if [ "$mode" = tidy ]; then groups+=(lint); fi
if [ "$install" = 1 ]; then
  say "packages"
  deploy/packages.sh "${groups[@]}"
fi

sanitized=(-Db_lundef=false -Doptimization=1 -Dwerror=true)
asan=("-Db_sanitize=address,undefined" "${sanitized[@]}")
case $mode in
  tidy)
    configure build-tidy -Dwerror=true
    build build-tidy # generated headers, and files that do not compile say so plainly
    arguments=(build-tidy)
    if [ "$changed" = 1 ]; then arguments+=(--changed); fi
    exec /usr/bin/python3 tests/tidy/clang_tidy.py "${arguments[@]}"
    ;;
  asan)
    configure build-asan "${asan[@]}"
    plan=("build-asan:--setup=asan")
    ;;
  tsan)
    configure build-tsan -Db_sanitize=thread "${sanitized[@]}"
    plan=("build-tsan:--setup=tsan")
    ;;
  default)
    configure build-ci -Dwerror=true
    configure build-asan "${asan[@]}"
    plan=(build-ci: "build-asan:--setup=asan:pure")
    ;;
esac

logs=()
for step in "${plan[@]}"; do
  IFS=: read -r folder setup suite <<<"$step"
  select_tests "$folder" "$suite"
  if [ "${#tests[@]}" -eq 0 ]; then continue; fi
  if [ -n "$suite" ]; then
    say "building $folder ($suite)"
    mapfile -t targets < <(/usr/bin/python3 tests/summary.py --targets "$folder" --suite "$suite")
    ninja -C "$folder" -j "$jobs" --quiet "${targets[@]}" || {
      echo "run.sh: the build in $folder failed (above)" >&2
      echo "0 passed, 1 failed"
      exit 1
    }
  else
    build "$folder"
  fi
  run_tests "$folder" ${setup:+"$setup"} "${tests[@]}"
  logs+=("$folder")
done
say "done"
exec /usr/bin/python3 tests/summary.py "${logs[@]}"
}
