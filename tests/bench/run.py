"""`run.py BUILD_DIR SECTION [--quick] [--json FILE] [--match FILE]`: measures and reports."""

import argparse
import importlib
import os
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
EXAMPLE = os.path.join(TOP, "deploy", "examples", "matchday", "events.jsonl")


def main():
    parser = argparse.ArgumentParser(prog="run.sh", description="Measures live-crew.")
    parser.add_argument("build")
    parser.add_argument("section", nargs="?", default="core", choices=["core", "journal", "kill"])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--match", metavar="FILE", default=EXAMPLE)
    words = parser.parse_args()
    build = os.path.abspath(words.build)
    os.environ.update({"LCSUPERVISOR": os.path.join(build, "supervisor", "lcsupervisor"),
                       "LIVE_CREW": os.path.join(build, "supervisor", "cli", "live-crew"),
                       "LCWORKER": os.path.join(build, "worker", "lcworker")})
    import report
    section = importlib.import_module(words.section)
    figures = list(section.Bench(build, words.quick, os.path.abspath(words.match)).run())
    print(report.table(figures), end="")
    if words.json:
        report.write_json(figures, words.json)
    for name in report.broken(figures):
        print(f"a promise is broken: {name}", file=sys.stderr)
    return 1 if report.broken(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
