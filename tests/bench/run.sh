#!/usr/bin/env bash
# Measures and prints each figure beside its floor from the same run.
#
#   tests/bench/run.sh [SECTION] [--quick] [--json FILE] [--match FILE]
#
#   SECTION  core  latency, punctuality, throughput, what a worker costs (the default)
#            kill  how punctual and complete kills are, how soon a crew is back, what crews that
#                  misbehave cost the others; the whole takes eight minutes
#            journal  what the journal costs, how fast it is replayed, how soon somebody goes on
#   --quick  a minute or two
#   --json   write [{section, name, value, unit, floor, ratio, aim, met}] too
#   --match  the events of a recorded match (default: the example's)
#
# Exit code 1: a promise is broken, such as a kill before its deadline; a missed aim is none.
#
# BENCH_BUILD names the build folder (default: build-bench).
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${BENCH_BUILD:-$top/build-bench}
case " $* " in *" -h "* | *" --help "*)
  sed -n '2,16s/^# \{0,1\}//p' "$0"
  exit 0
  ;;
esac
if [ ! -f "$build/build.ninja" ]; then
  "$top/deploy/packages.sh" build run test
  meson setup "$build" "$top" -Ddebug=false -Doptimization=2 >/dev/null
fi
ninja -C "$build" --quiet supervisor/lcsupervisor supervisor/cli/live-crew worker/lcworker \
  tests/process/chaos_worker tests/bench/bench_{floor,journal_verify,kill,kill_floor,measure,takeover} >&2
PATH=$PATH:/usr/sbin
exec /usr/bin/python3 "$top/tests/bench/run.py" "$build" "$@"
