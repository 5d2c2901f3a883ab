"""What the house rules look at: the repository's files, and C++ without comments and strings."""

import os
import re
import subprocess
from dataclasses import dataclass

CPP = (".cc", ".h")
_SKIPPED_FOLDERS = re.compile(r"(^|/)(build[^/]*|\.git|__pycache__|\.cache)(/|$)")


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


def repository_files(root: str) -> list[str]:
    """Every file that is in the repository or about to be, as a path from the root."""
    command = ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-co", "--exclude-standard"]
    try:
        listed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        paths = listed.splitlines()
    except (OSError, subprocess.CalledProcessError):  # an exported tree has no .git
        paths = []
        for folder, _, names in os.walk(root):
            paths += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    paths = sorted({p for p in paths if not _SKIPPED_FOLDERS.search(p)})
    return [p for p in paths if os.path.isfile(os.path.join(root, p))]


def read_texts(root: str, paths: list[str]) -> dict[str, str]:
    """The text files among the paths; what is not UTF-8 is not text."""
    texts = {}
    for path in paths:
        try:
            with open(os.path.join(root, path), encoding="utf-8") as file:
                texts[path] = file.read()
        except UnicodeDecodeError:
            continue
    return texts


_CPP_TOKEN = re.compile(
    r'R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'"
    r"|//[^\n]*|/\*.*?\*/",
    re.S,
)


def blank(text: str) -> str:
    """The same number of lines, with nothing in them."""
    return re.sub(r"[^\n]", " ", text)


def cpp_code(text: str) -> str:
    """C++ with comments and literals blanked; lines and columns stay where they are."""

    def shorten(match: re.Match[str]) -> str:
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        return match[0] if re.fullmatch(r"\s*#\s*include\s*", line) else blank(match[0])

    return _CPP_TOKEN.sub(shorten, text)


def script_code(text: str) -> str:
    """Python or shell with `#` comments blanked (a `#` inside a string cuts the line: harmless)."""
    return re.sub(r"(^|\s)#[^\n]*", lambda match: blank(match[0]), text)


_INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def includes(text: str) -> list[tuple[int, str, bool]]:
    """(line, header, quoted) for each include."""
    found = []
    for match in _INCLUDE.finditer(cpp_code(text)):
        line = text.count("\n", 0, match.end()) + 1
        found.append((line, match[1] or match[2], match[1] is not None))
    return found


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
