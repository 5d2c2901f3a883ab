"""Runs a checking tool over the repository's files: `tools.py clang-format | shellcheck`.

Exit 77 (a skipped test) with the reason when the tool is not installed.
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rules import shell_scripts
from source import CPP, read_texts, repository_files

_COMMANDS = {
    "clang-format": ["clang-format-19", "--dry-run", "-Werror", "--style=file"],
    "shellcheck": ["shellcheck", "--external-sources", "--severity=info"],
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in _COMMANDS:
        print(__doc__, file=sys.stderr)
        return 64
    tool = arguments[0]
    command = _COMMANDS[tool]
    if shutil.which(command[0]) is None:
        print(f"SKIPPED: {tool}: {command[0]} is not installed (tests/run.sh installs it)")
        return 77
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    files = repository_files(root)
    if tool == "clang-format":
        files = [path for path in files if path.endswith(CPP)]
    else:
        files = shell_scripts(read_texts(root, files))
    print(f"{tool}: {len(files)} files")
    if not files:
        return 1
    return 1 if subprocess.run(command + files, cwd=root, check=False).returncode else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
