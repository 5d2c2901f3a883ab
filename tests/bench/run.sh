#!/usr/bin/env bash
# Measures and prints each figure beside its floor from the same run.
#
#   tests/bench/run.sh [SECTION] [--quick] [--json FILE] [--match FILE]
#
#   SECTION  core (the only one so far)
#   --quick  under a minute
#   --json   write [{section, name, value, unit, floor, ratio, aim, met}] too
#   --match  the events of a recorded match (default: the example's)
#
# BENCH_BUILD names the build folder (default: build-bench).
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${BENCH_BUILD:-$top/build-bench}
case " $* " in *" -h "* | *" --help "*)
  sed -n '2,11s/^# \{0,1\}//p' "$0"
  exit 0
  ;;
esac
if [ ! -f "$build/build.ninja" ]; then
  "$top/deploy/packages.sh" build run test
  meson setup "$build" "$top" -Ddebug=false -Doptimization=2 >/dev/null
fi
ninja -C "$build" --quiet supervisor/lcsupervisor supervisor/cli/live-crew worker/lcworker \
  tests/bench/bench_floor tests/bench/bench_measure >&2
PATH=$PATH:/usr/sbin
exec /usr/bin/python3 "$top/tests/bench/run.py" "$build" "$@"
