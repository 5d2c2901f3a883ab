"""Tells a person what a run did: `quickstart_report.py SUMMARY.json TAPPED.jsonl`.

SUMMARY.json is what `--summary` wrote, TAPPED.jsonl what `live-crew tap --actions` printed.
"""

import json
import sys

LINES_SHOWN = 6


def counts(numbers):
    return ", ".join(f"{name} {number}" for name, number in sorted(numbers.items())) or "none"


def spoken(tapped):
    """(ts, kind, text) of every action whose payload is meant to be read."""
    for line in tapped:
        try:
            message = json.loads(line)["data"]
            yield message["ts"], message["kind"], message["payload"]["text"]
        except (ValueError, KeyError, TypeError):
            continue


def report(summary, tapped):
    latency = summary["latency_us"]
    yield ""
    yield "What happened"
    yield f"  slices     {summary['slices']} closed, the last is number {summary['last_slice']} " \
          "(the clock steps over empty ones)"
    yield f"  events     {summary['events']}, {summary['events_late']} of them late"
    for crew, outcomes in sorted(summary["reactions"].items()):
        yield f"  reactions  {crew}: {counts(outcomes)}"
    yield f"  actions    {counts(summary['actions'])}"
    yield f"  errors     {counts(summary['errors'])}"
    yield f"  latency    p50 {latency['p50'] / 1000:.1f} ms, p99 {latency['p99'] / 1000:.1f} ms " \
          "from a crew's waking to its answer"
    yield f"  context    {json.dumps(summary['ctx'], ensure_ascii=False)}"
    lines = list(spoken(tapped))
    if lines:
        yield ""
        yield "What was said, at the end"
        for ts, kind, text in lines[-LINES_SHOWN:]:
            yield f"  {ts}  {kind:16} {text}"


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 64
    with open(arguments[0], encoding="utf-8") as file:
        summary = json.load(file)
    with open(arguments[1], encoding="utf-8") as file:
        tapped = file.readlines()
    for line in report(summary, tapped):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
