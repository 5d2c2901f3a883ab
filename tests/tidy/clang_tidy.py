"""Runs clang-tidy-19 over what a build folder compiles: `clang_tidy.py FOLDER [--changed]`.

Every warning of `.clang-tidy` is an error. Ends with the line that tests/run.sh ends with.
"""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
TOOL = "clang-tidy-19"


def changed_files() -> set[str]:
    """What differs from the main branch, committed or not."""
    git = ["git", "-c", "safe.directory=*", "-C", ROOT]
    base = subprocess.run(git + ["merge-base", "HEAD", "main"], stdout=subprocess.PIPE, text=True)
    against = base.stdout.strip() or "HEAD"
    names = subprocess.run(git + ["diff", "--name-only", against], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.splitlines()
    new = subprocess.run(git + ["ls-files", "-o", "--exclude-standard"], check=True,
                         stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return set(names) | set(new)


def sources(folder: str) -> list[str]:
    with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    paths = {os.path.relpath(os.path.join(c["directory"], c["file"]), ROOT) for c in commands}
    return sorted(path for path in paths if not path.startswith(".."))


def main(arguments: list[str]) -> int:
    if shutil.which(TOOL) is None:
        print(f"clang-tidy: {TOOL} is not installed; run: deploy/packages.sh lint", file=sys.stderr)
        return 69
    folder = arguments[0]
    files = sources(folder)
    if "--changed" in arguments:
        changed = changed_files()
        files = [path for path in files if path in changed]

    def run(path: str) -> tuple[str, int, str]:
        done = subprocess.run([TOOL, "-p", folder, "--quiet", os.path.join(ROOT, path)],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return path, done.returncode, done.stdout

    failed = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for path, code, output in pool.map(run, files):
            print(f"{'FAIL' if code else 'ok  '} {path}", flush=True)
            if code:
                failed += 1
                print(output, end="")
    print(f"{len(files) - failed} passed, {failed} failed")
    return 1 if failed or (not files and "--changed" not in arguments) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
