#!/usr/bin/env bash
# A long run of tests/integration/chaos_test.py: a stream under load, something killed every few
# seconds. Prints what was killed, how much happened, and the verdict.
#
#   tests/chaos.sh [--minutes N] [--every S] [--seed N] [--build DIR]
#
#   --minutes  how long the load lasts (default 10)
#   --every    seconds between kills, on average (default 2)
#   --seed     repeats the choices of an earlier run
#   --build    the build folder with the programs (default build)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

minutes=10
every=2
seed=0
build=build
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || { echo "chaos.sh: $1 needs a value" >&2; exit 64; }
  case $1 in
    --minutes) minutes=$2 ;;
    --every) every=$2 ;;
    --seed) seed=$2 ;;
    --build) build=$2 ;;
    *) echo "chaos.sh: unknown option $1" >&2; exit 64 ;;
  esac
  shift 2
done
build=$(cd "$build" && pwd)
export LCSUPERVISOR=$build/supervisor/lcsupervisor LIVE_CREW=$build/supervisor/cli/live-crew
export LCWORKER=$build/worker/lcworker
export LC_CHAOS_SEED=$seed LC_CHAOS_EVERY_S=$every LC_CHAOS_SECONDS=$((minutes * 60))
if /usr/bin/python3 tests/integration/chaos_test.py; then
  echo "chaos.sh: nothing was lost, doubled or unaccounted for"
else
  echo "chaos.sh: FAILED, see above" >&2
  exit 1
fi
