"""Runs the examples that stand in the documents: `documents.py BUILD_FOLDER [DOCUMENT...]`.

A fenced block below a line `<!-- test: name -->` is an example that is run. In a ```console block,
lines that begin with `$ ` are commands (`> ` continues one) and the other lines are what they must
print, standard error included; `...` stands for any text, alone on a line for any lines. In a
```sh block every command must succeed. A block runs in the document's folder as seen from a folder
of its own that shows the repository's files, with the programs of the build folder in PATH. A block
marked `<!-- test: name (nats, model) -->` has a private server, whose address is in LIVE_CREW_NATS,
and a stand-in for a model, whose address is in OPENAI_BASE_URL. A block of any language below a
line `<!-- file: path -->` is a file that the document's examples find in their folder.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "tests", folder) for folder in ("tidy", "support")]
from nats_client import Server
from source import repository_files

PROGRAMS = ("live-crew", "lcsupervisor", "lcworker")
TIMEOUT_S = 120
_BLOCK = re.compile(
    r"^<!-- test: (?P<name>[\w -]+?)(?: \((?P<needs>[\w, ]+)\))? -->\n+"
    r"```(?P<kind>\w*)\n(?P<body>.*?)^```$",
    re.M | re.S,
)
_FILE = re.compile(r"^<!-- file: (?P<path>[\w./-]+) -->\n+```\w*\n(?P<body>.*?)^```$", re.M | re.S)
_MARK = "-- end of command --"


@dataclass(frozen=True)
class Example:
    document: str
    line: int
    name: str
    kind: str
    needs: tuple[str, ...]
    body: str
    files: tuple[tuple[str, str], ...] = ()


def examples(document: str, text: str) -> list[Example]:
    found = []
    files = tuple((match["path"], match["body"]) for match in _FILE.finditer(text))
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("body")) + 1
        needs = tuple(re.findall(r"\w+", match["needs"] or ""))
        example = Example(document, line, match["name"], match["kind"], needs, match["body"], files)
        found.append(example)
    marks = len(re.findall(r"^<!-- (?:test|file):", text, re.M))
    if marks != len(found) + len(files):
        raise ValueError(f"{document}: {marks} marks, but {len(found) + len(files)} blocks")
    return found


def commands(body: str) -> list[tuple[str, list[str]]]:
    """(command, the lines that it must print) of a console block."""
    found: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1] = (found[-1][0] + "\n" + line[2:], [])
        elif found:
            found[-1][1].append(line)
        else:
            raise ValueError("a console block starts with a command")
    return found


def matches(expected: list[str], printed: str) -> bool:
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*"
        else:
            parts = [re.escape(part) for part in line.rstrip().split("...")]
            pattern += ".*".join(parts) + r"[ \t]*\n"
    text = printed if printed.endswith("\n") or not printed else printed + "\n"
    return re.fullmatch(pattern, text) is not None


def run_shell(script: str, folder: str, environment: dict[str, str]) -> tuple[int, str]:
    """The exit status and everything printed; whatever the script left running is ended."""
    with subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", start_new_session=True,
    ) as shell:
        try:
            output, _ = shell.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            output, _ = shell.communicate()
            return 124, output
        return shell.returncode, output


def check(example: Example, folder: str, environment: dict[str, str]) -> str:
    """What is wrong, or nothing."""
    if example.kind in ("sh", "bash"):
        code, output = run_shell(example.body, folder, environment)
        return "" if code == 0 else f"exit status {code}:\n{output}"
    if example.kind != "console":
        return f"a block of kind '{example.kind}' cannot be run (console or sh)"
    steps = commands(example.body)
    script = "set +e\n" + "".join(f"{c}\necho {shlex.quote(_MARK)}\n" for c, _ in steps)
    code, output = run_shell(script, folder, environment)
    parts = output.split(_MARK + "\n")
    for (command, expected), printed in zip(steps, parts):
        if not matches(expected, printed):
            wanted = "\n".join(expected)
            return f"$ {command}\nshould print:\n{wanted}\nbut printed:\n{printed}"
    return "" if len(parts) == len(steps) + 1 else f"stopped early (exit status {code})"


def scratch_folder(parent: str) -> str:
    """A folder in which the repository's top level is seen, and new files are thrown away."""
    folder = os.path.join(parent, "here")
    os.mkdir(folder)
    for name in sorted({path.split("/")[0] for path in repository_files(ROOT)}):
        os.symlink(os.path.join(ROOT, name), os.path.join(folder, name))
    return folder


def programs_folder(parent: str, build: str) -> str:
    folder = os.path.join(parent, "bin")
    os.mkdir(folder)
    for place, _, names in os.walk(build):
        for program in PROGRAMS:
            path = os.path.join(place, program)
            if program in names and os.access(path, os.X_OK):
                os.symlink(os.path.abspath(path), os.path.join(folder, program))
    return folder


def start_model() -> tuple[subprocess.Popen, str]:
    """The stand-in for a model, which leaves when its standard input ends; and its address."""
    script = os.path.join(ROOT, "deploy", "examples", "model_stand_in", "stand_in.py")
    model = subprocess.Popen([sys.executable, script, "--with-stdin"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return model, json.loads(model.stdout.readline())["base_url"]


def run(example: Example, build: str) -> str:
    unknown = set(example.needs) - {"nats", "model"}
    if unknown:
        return f"needs {sorted(unknown)}, which is unknown (nats and model are known)"
    with contextlib.ExitStack() as stack:
        parent = tempfile.mkdtemp(prefix="live-crew-docs-")
        stack.callback(shutil.rmtree, parent, ignore_errors=True)
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LIVE_CREW_", "OPENAI_"))
        }
        environment["PATH"] = programs_folder(parent, build) + os.pathsep + environment["PATH"]
        environment["LC_ALL"] = "C.UTF-8"
        environment["LIVE_CREW_RUNTIME_DIR"] = parent
        if "nats" in example.needs:
            server = Server(f'jetstream {{ store_dir: "{parent}/jetstream" }}')
            stack.callback(server.stop)
            environment["LIVE_CREW_NATS"] = server.url
        if "model" in example.needs:
            model, environment["OPENAI_BASE_URL"] = start_model()
            stack.enter_context(model)  # closes its standard input and waits
        folder = os.path.join(scratch_folder(parent), os.path.dirname(example.document))
        for name, body in example.files:
            path = os.path.realpath(os.path.join(folder, name))
            if not path.startswith(os.path.realpath(parent) + os.sep):
                return f"the file {name} would be written into the repository"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(body)
        return check(example, folder, environment)


def main(arguments: list[str]) -> int:
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 64
    build, documents = arguments[0], arguments[1:]
    if not documents:
        documents = [path for path in repository_files(ROOT) if path.endswith(".md")]
    ran = failed = 0
    for document in documents:
        with open(os.path.join(ROOT, document), encoding="utf-8") as file:
            found = examples(document, file.read())
        for example in found:
            ran += 1
            wrong = run(example, build)
            print(f"{'FAIL' if wrong else 'ok  '} {document}:{example.line} {example.name}")
            if wrong:
                failed += 1
                print(wrong)
    # The form that tests/summary.py counts.
    print(f"Ran {ran} tests in documents\n\n" + (f"FAILED (failures={failed})" if failed else "OK"))
    return 1 if failed or ran == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
