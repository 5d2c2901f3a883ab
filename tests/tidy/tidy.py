"""Runs the house rules over the repository: `tidy.py [ROOT]`. Prints each finding as file:line."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rules import check
from source import read_texts, repository_files


def main(arguments: list[str]) -> int:
    here = os.path.dirname(os.path.abspath(__file__))
    root = arguments[0] if arguments else os.path.join(here, "..", "..")
    texts = read_texts(root, repository_files(root))
    findings = check(texts)
    for finding in findings:
        print(finding)
    print(f"{len(texts)} files, {len(findings)} findings")
    return 1 if findings or not texts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
