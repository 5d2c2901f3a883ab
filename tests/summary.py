"""Turns the logs of `meson test` into the last line of tests/run.sh: `N passed, N failed`.

What is counted are test cases, not programs: a doctest program and a Python unittest each print how
many cases they ran; any other test counts as one. A case that cannot run here says so by printing
`SKIPPED: <case>: <reason>`; it is counted as skipped, never as passed, and the reason is shown.

    summary.py FOLDER...                            the summary of the build folders' last runs
    summary.py --names FOLDER [--filter F] [--suite S]     the tests that match, one a line
    summary.py --targets FOLDER --suite S                  what must be built for a suite
"""

import argparse
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field

DOCTEST = re.compile(
    r"^\[doctest\] test cases: +(\d+) \| +(\d+) passed \| +(\d+) failed \|(?: +(\d+) skipped)?",
    re.M,
)
UNITTEST_RAN = re.compile(r"^Ran (\d+) tests? in ", re.M)
UNITTEST_VERDICT = re.compile(r"^(?:OK|FAILED)(?: \((.*)\))?$", re.M)
SKIPPED_LINE = re.compile(r"^.*?\bSKIPPED: (.+)$", re.M)
UNITTEST_SKIP = re.compile(r"^(\w+ \(.*\)).* \.\.\. skipped (.+)$", re.M)
FINE = ("OK", "EXPECTEDFAIL")


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Count") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.reasons += other.reasons
        self.failures += other.failures


def _doctest(text: str) -> tuple[int, int, int] | None:
    found = DOCTEST.findall(text)
    if not found:
        return None
    return tuple(sum(int(row[i] or 0) for row in found) for i in (1, 2, 3))


def _unittest(text: str) -> tuple[int, int, int] | None:
    ran = [int(n) for n in UNITTEST_RAN.findall(text)]
    if not ran:
        return None
    failed = skipped = 0
    for verdict in UNITTEST_VERDICT.findall(text):
        for word, number in re.findall(r"(\w[\w ]*)=(\d+)", verdict):
            if word in ("failures", "errors", "unexpected successes"):
                failed += int(number)
            elif word == "skipped":
                skipped += int(number)
    return max(sum(ran) - failed - skipped, 0), failed, skipped


def count_test(entry: dict) -> Count:
    """What one line of testlog.json adds to the sum."""
    name, result = entry["name"], entry["result"]
    text = entry.get("stdout", "") + "\n" + entry.get("stderr", "")
    reasons = [f"{name}: {reason.strip()}" for reason in SKIPPED_LINE.findall(text)]
    if result == "SKIP":
        return Count(skipped=1, reasons=reasons or [f"{name}: gave no reason"])

    reasons += [f"{name}: {case}: {why}" for case, why in UNITTEST_SKIP.findall(text)]
    cases = _doctest(text) or _unittest(text)
    printed = len(SKIPPED_LINE.findall(text))
    if cases is None:
        count = Count(passed=1, skipped=printed) if result in FINE else Count(failed=1)
    else:
        passed, failed, skipped = cases
        # A doctest case that leaves early with a SKIPPED line was counted as passed by doctest.
        moved = min(printed, passed) if _doctest(text) else 0
        count = Count(passed - moved, failed, skipped + moved)
    count.reasons = reasons
    if result not in FINE and count.failed == 0:
        count.failed = 1  # it crashed, hung or complained after its cases
    if result in FINE and count.passed + count.failed + count.skipped == 0:
        count.failed = 1
        count.failures.append(f"{name}: ran no test case at all")
    elif count.failed:
        count.failures.append(f"{name}: {result.lower()}, {count.failed} failed")
    return count


def count_log(lines: list[str]) -> Count:
    total = Count()
    for line in lines:
        if line.strip():
            total.add(count_test(json.loads(line)))
    return total


def last_line(count: Count) -> str:
    line = f"{count.passed} passed, {count.failed} failed"
    return line + (f", {count.skipped} skipped" if count.skipped else "")


def _log_of(folder: str) -> list[str]:
    logs = os.path.join(folder, "meson-logs")
    names = [n for n in sorted(os.listdir(logs)) if re.fullmatch(r"testlog.*\.json", n)]
    lines = []
    for name in names:
        with open(os.path.join(logs, name), encoding="utf-8", errors="replace") as log:
            lines += log.read().split("\n")
    return lines


def summarise(folders: list[str]) -> int:
    total = Count()
    for folder in folders:
        count = count_log(_log_of(folder))
        if count == Count():
            count = Count(failed=1, failures=[f"{folder}: no test was run"])
        print(f"   {folder}: {last_line(count)}")
        total.add(count)
    if not folders:
        total = Count(failed=1, failures=["no test matched"])
    for reason in total.reasons:
        print(f"skipped: {reason}")
    for failure in total.failures:
        print(f"failed: {failure}")
    print(last_line(total), flush=True)
    return 1 if total.failed or total.passed == 0 else 0


def _introspect(folder: str, suite: str) -> list[dict]:
    output = subprocess.run(
        ["meson", "introspect", "--tests", folder], check=True, stdout=subprocess.PIPE
    ).stdout
    tests = json.loads(output)
    return [t for t in tests if not suite or any(s.split(":")[-1] == suite for s in t["suite"])]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--names")
    parser.add_argument("--targets")
    parser.add_argument("--filter", default="")
    parser.add_argument("--suite", default="")
    options = parser.parse_args(arguments)
    if options.names:
        for test in _introspect(options.names, options.suite):
            if options.filter in test["name"]:
                print(test["name"])
        return 0
    if options.targets:
        root = os.path.abspath(options.targets)
        for test in _introspect(options.targets, options.suite):
            for word in test["cmd"]:
                if os.path.abspath(word).startswith(root + os.sep):
                    print(os.path.relpath(word, root))
        return 0
    return summarise(options.folders)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
