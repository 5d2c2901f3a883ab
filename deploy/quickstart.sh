#!/usr/bin/env bash
# Installs, builds and runs the match-day example on a private NATS server, then says what happened.
#
#   deploy/quickstart.sh [--state-dir DIR] [--build-dir DIR] [--no-install] [--no-build]
#
#   --state-dir   keep the server's storage and all logs there (default: a temporary folder)
#   --build-dir   where the programs are built (default: build-quickstart)
#   --no-install  leave the system's packages alone
#   --no-build    the programs in --build-dir are there already
#
# Works from any folder, without a terminal, and again and again. Needs no key: without
# OPENAI_API_KEY a small server stands in for the model. Ends everything that it starts.
set -euo pipefail
{ # read to its end before it runs: what changes in the checkout meanwhile changes nothing here
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
top=$PWD
example=$top/deploy/examples/matchday

state_dir=
build_dir=$top/build-quickstart
install=1
build=1

usage_error() {
  echo "quickstart: $1 (see deploy/quickstart.sh --help)" >&2
  exit 64
}
absolute() { case $1 in /*) echo "$1" ;; *) echo "$called_from/$1" ;; esac; }
while [ $# -gt 0 ]; do
  case $1 in
    --state-dir | --build-dir)
      [ $# -ge 2 ] || usage_error "$1 needs a folder"
      case $1 in
        --state-dir) state_dir=$(absolute "$2") ;;
        --build-dir) build_dir=$(absolute "$2") ;;
      esac
      shift
      ;;
    --no-install) install=0 ;;
    --no-build) build=0 ;;
    -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) usage_error "unknown option '$1'" ;;
  esac
  shift
done

started=$SECONDS
say() { printf '== %s (%d s)\n' "$*" "$((SECONDS - started))"; }

# --- What was started is ended, by its pid ------------------------------------------------------

work_dir=
children=()
# shellcheck disable=SC2317 # called by the trap
cleanup() {
  local code=$? pid
  trap - EXIT INT TERM HUP
  for ((i = ${#children[@]} - 1; i >= 0; i--)); do
    pid=${children[i]}
    kill -TERM "$pid" 2>/dev/null || continue
    timeout 5 tail --pid="$pid" -s 0.05 -f /dev/null || kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  if [ -n "$work_dir" ] && [ "$code" -ne 0 ] && [ "$code" -ne 130 ]; then
    echo "quickstart: failed; the logs are in $work_dir" >&2
  elif [ -n "$work_dir" ] && [ -z "$state_dir" ]; then
    rm -rf "$work_dir"
  fi
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# fail WORDS [LOG]: says why, with the end of a log.
fail() {
  if [ $# -ge 2 ] && [ -s "$2" ]; then tail -n 20 "$2" >&2; fi
  echo "quickstart: $1" >&2
  exit 1
}

# start_server NAME PATTERN COMMAND...: starts a child and waits until it prints a line that
# matches; `announced` is that line. Standard error goes to NAME.log, standard output to NAME.out.
start_server() {
  local name=$1 pattern=$2 line fd
  shift 2
  mkfifo "$work_dir/$name.pipe"
  setpriv --pdeathsig TERM "$@" >"$work_dir/$name.out" 2>"$work_dir/$name.pipe" </dev/null &
  children+=("$!")
  exec {fd}<"$work_dir/$name.pipe"
  rm "$work_dir/$name.pipe"
  : >"$work_dir/$name.log"
  announced=
  while [ -z "$announced" ]; do
    IFS= read -r -t 30 line <&"$fd" || fail "$name did not start" "$work_dir/$name.log"
    printf '%s\n' "$line" >>"$work_dir/$name.log"
    if [[ $line =~ $pattern ]]; then announced=$line; fi
  done
  cat <&"$fd" >>"$work_dir/$name.log" & # a full pipe would stop it; ends with the server
  exec {fd}<&-
}

# step COMMAND...: runs it to its end; a signal does not have to wait for that.
step() {
  setpriv --pdeathsig TERM "$@" </dev/null &
  children+=("$!")
  local code=0
  wait "$!" || code=$?
  unset 'children[-1]'
  return "$code"
}

# --- Install and build --------------------------------------------------------------------------

if [ "$install" = 1 ]; then
  say "packages"
  deploy/packages.sh build run
fi

if [ "$build" = 1 ]; then
  say "building in $build_dir"
  if [ ! -f "$build_dir/build.ninja" ]; then
    mkdir -p "$build_dir"
    step meson setup "$build_dir" -Dtests=false -Ddebug=false -Doptimization=2 \
      >"$build_dir/setup.log" 2>&1 || fail "meson setup failed" "$build_dir/setup.log"
  fi
  step ninja -C "$build_dir" supervisor/lcsupervisor supervisor/cli/live-crew worker/lcworker ||
    fail "the build failed"
fi
lcsupervisor=$build_dir/supervisor/lcsupervisor
live_crew=$build_dir/supervisor/cli/live-crew
for program in "$lcsupervisor" "$live_crew" "$build_dir/worker/lcworker"; do
  [ -x "$program" ] || fail "$program is missing: build it first (without --no-build)"
done

# --- Run ----------------------------------------------------------------------------------------

if [ -n "$state_dir" ]; then
  run=1
  while [ -e "$state_dir/run-$run" ]; do run=$((run + 1)); done
  work_dir=$state_dir/run-$run
  mkdir -p "$work_dir"
else
  work_dir=$(mktemp -d "${TMPDIR:-/tmp}/live-crew.XXXXXX")
fi

say "starting a private nats-server"
PATH=$PATH:/usr/sbin
start_server nats 'client connections on 127.0.0.1:[0-9]+' \
  nats-server -a 127.0.0.1 -p -1 -js -sd "$work_dir/jetstream"
url=nats://${announced##* }

unset "${!LIVE_CREW_@}" # what is set for another stream has no business here
export LIVE_CREW_NATS=$url LIVE_CREW_RUNTIME_DIR=$work_dir
if [ -n "${OPENAI_API_KEY:-}" ]; then
  say "the model is ${OPENAI_BASE_URL:-https://api.openai.com/v1}"
else
  # shellcheck disable=SC2016 # the inner shell expands its own arguments
  start_server model '"base_url"' sh -c 'exec "$@" >&2' sh \
    /usr/bin/python3 deploy/examples/model_stand_in/stand_in.py
  [[ $announced =~ http://[^\"]+ ]] || fail "the stand-in gave no address" "$work_dir/model.log"
  export OPENAI_API_KEY=none OPENAI_BASE_URL=${BASH_REMATCH[0]}
  say "no OPENAI_API_KEY: a stand-in answers for the model at $OPENAI_BASE_URL"
fi

start_server actions '^tapping' "$live_crew" tap -s match42 --actions --errors
say "publishing the match's events"
step "$live_crew" emit -s match42 "$example/events.jsonl" --speed max || fail "the events were not taken"

say "running the match"
step "$lcsupervisor" -s match42 --crews "$example/crews" --config "$example/live-config.yaml" \
  --clock event --until-end --summary "$work_dir/summary.json" 2>"$work_dir/supervisor.log" ||
  fail "the supervisor ended with exit status $?" "$work_dir/supervisor.log"

/usr/bin/python3 deploy/quickstart_report.py "$work_dir/summary.json" "$work_dir/actions.out"

[ -z "$state_dir" ] || printf '\nStorage and logs are in %s\n' "$work_dir"
cat <<NEXT

Where to look next
  deploy/examples/matchday/README.md   the example, crew by crew
  README.md                            what happens at a beat, and how to write a crew
  ${live_crew#"$top"/} --help
  ${live_crew#"$top"/} run -s demo --crews deploy/examples/matchday/crews --embedded
NEXT
say "done"
exit 0
}
