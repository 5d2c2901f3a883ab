"""The house rules. Each is a function from {path: text} to findings; tidy.py runs them all."""

import posixpath
import re
from collections.abc import Callable, Iterator

from source import CPP, Finding, cpp_code, includes, line_of, script_code

Texts = dict[str, str]

LINES_MAX = 400
PYTHON_TEST_LINES_MAX = 800  # tables of cases
COLUMNS_MAX = 100

# --- Where includes may point ------------------------------------------------------------------

_LAYERS = {
    "common": {"common"},
    "proto": {"common", "proto"},
    "supervisor": {"common", "proto", "supervisor"},
    "worker": {"common", "proto", "worker"},
}


def include_edges(texts: Texts) -> Iterator[Finding]:
    """common <- proto <- supervisor | worker."""
    for path, line, header in _project_includes(texts):
        allowed = _LAYERS.get(path.split("/")[0])
        if allowed is not None and header.split("/")[0] not in allowed:
            yield Finding(path, line, "include-edge", f"may not include {header}")


def include_form(texts: Texts) -> Iterator[Finding]:
    """Project headers are included in quotes and from the root; a file's own header comes first."""
    for path in _cpp(texts):
        found = includes(texts[path])
        for line, header, quoted in found:
            if quoted and header not in texts:
                yield Finding(path, line, "include-form", f'"{header}" is no file from the root')
            if not quoted and header in texts:
                yield Finding(path, line, "include-form", f'<{header}> is ours: use "{header}"')
        own = re.sub(r"(_test)?\.cc$", ".h", path).removeprefix("tests/")
        if path.endswith(".cc") and own in texts and found and found[0][1] != own:
            yield Finding(path, found[0][0], "own-header-first", f'"{own}" comes first')


def pragma_once(texts: Texts) -> Iterator[Finding]:
    for path in _cpp(texts):
        if path.endswith(".h") and not re.search(r"^#pragma once$", texts[path], re.M):
            yield Finding(path, 1, "pragma-once", "a header starts with #pragma once")


_IO_HEADER = re.compile(
    r"uv\.h|nats(/.*|\.h)|curl/.*|hiredis/.*|prometheus/.*|fstream|iostream|filesystem|thread|mutex"
    r"|condition_variable|chrono|ctime|time\.h|unistd\.h|fcntl\.h|poll\.h|signal\.h|csignal"
    r"|spawn\.h|(sys|netinet|arpa|linux)/.*"
)


def pure_parts(texts: Texts) -> Iterator[Finding]:
    """What decides reaches no header that can do I/O, not even through another header."""
    for path in sorted(_pure_files(texts)):
        for chain, line, header in _reached(path, texts):
            if _IO_HEADER.fullmatch(header):
                via = " -> ".join(chain[1:] + [header])
                yield Finding(path, line, "pure", f"reaches <{header}>: {via}")


def _pure_files(texts: Texts) -> set[str]:
    """proto, the engine, and the library `lc_base` as common/meson.build lists it."""
    meson = texts.get("common/meson.build", "")
    base = re.search(r"static_library\(\s*'lc_base',(.*?)\)", meson, re.S)
    names = re.findall(r"'([\w/]+\.cc)'", base[1]) if base else []
    pure = {f"common/{name}" for name in names}
    pure |= {p.removesuffix(".cc") + ".h" for p in pure}
    pure |= {p for p in _cpp(texts) if p.startswith(("proto/", "supervisor/engine/"))}
    return {p for p in pure if p in texts}


def _reached(path: str, texts: Texts) -> Iterator[tuple[list[str], int, str]]:
    seen: set[str] = set()

    def walk(chain: list[str], first_line: int) -> Iterator[tuple[list[str], int, str]]:
        for line, header, quoted in includes(texts[chain[-1]]):
            at = first_line or line
            if quoted and header in texts:
                if header not in seen:
                    seen.add(header)
                    yield from walk(chain + [header], at)
            elif not quoted:
                yield chain, at, header

    yield from walk([path], 0)


# --- Third-party libraries have one home -------------------------------------------------------

_HOMES = [
    (r"simdjson.*", r"common/json_split\.cc"),
    (r"nlohmann/.*", r"common/json_tree\.cc|(tests/)?(worker|proto/template)/.*|tests/fuzz/.*"),
    (r"yaml-cpp/.*", r"common/yaml\.cc"),
    (r"prometheus/.*", r"common/metrics\.cc"),
    (r"nats(/.*|\.h)", r"common/nats_\w+\.(h|cc)|worker/link\.(h|cc)|tests/(bench|integration)/.*"),
    (r"openssl/.*", r"common/sha256\.cc"),
    (r"curl/.*", r"worker/llm/.*"),
    (r"CLI/.*", r"(supervisor|supervisor/cli|worker)/\w+\.cc"),
    (r"doctest/.*|rapidcheck.*", r"tests/.*"),
    (r"benchmark/.*", r"tests/bench/.*"),
]


def third_party_homes(texts: Texts) -> Iterator[Finding]:
    for path in _cpp(texts):
        for line, header, quoted in includes(texts[path]):
            for library, home in _HOMES:
                if not quoted and re.fullmatch(library, header) and not re.fullmatch(home, path):
                    yield Finding(path, line, "third-party", f"<{header}> belongs in {home}")


def one_command_line(texts: Texts) -> Iterator[Finding]:
    """One file a program knows the library of the command line."""
    users: dict[str, list[tuple[str, int]]] = {}
    for path in _cpp(texts):
        for line, header, _ in includes(texts[path]):
            if header.startswith("CLI/"):
                users.setdefault(posixpath.dirname(path), []).append((path, line))
    for folder, found in sorted(users.items()):
        for path, line in found[1:]:
            if path != found[0][0]:
                text = f"{folder} has its command line in {found[0][0]}"
                yield Finding(path, line, "third-party", text)


# --- Calls that have a better place ------------------------------------------------------------

_CLI = r"supervisor/cli/.*|(supervisor|worker)/(main|options)\.cc|tests/.*"
_BANNED = [
    (r"\b(sleep|usleep|nanosleep|clock_nanosleep)\s*\(|\bsleep_(for|until)\b", r"-",
     "never wait by sleeping: wait for the event"),
    (r"(?<![\w.>])(std::)?(system|popen)\s*\(", r"-", "spawn through supervisor/process"),
    (r"(?<![\w.>])v?fork\s*\(|\buv_spawn\b", r"common/private_nats\.cc|tests/.*",
     "spawn through supervisor/process"),
    (r"\bstd::c(out|err|log)\b|<iostream>", r"tests/.*", "return a value, or use the log"),
    (r"(?<![\w.>])(std::)?(printf|puts|putchar)\s*\(|\bstdout\b|\bfmt::print\s*\((?!\s*stderr\b)",
     _CLI, "standard output belongs to the commands"),
    (r"\b\w*_clock\s*::\s*now\b|\bclock_gettime\s*\(|\bgettimeofday\s*\(|\buv_(hrtime|now)\s*\("
     r"|(?<![\w.>:])(std::)?time\s*\((nullptr|NULL|0|&)", r"common/clock\.cc|tests/.*",
     "time is handed in; read it with common/clock.h"),
    (r"(?<![\w.>])(std::)?s?rand\s*\(|\bstd::random_device\b", r"-",
     "draw from a generator whose seed is given"),
    (r"\b(std::)?(secure_)?getenv\s*\(|(?<!\w)environ\b",
     _CLI + r"|\w+/(main|options)\.cc|supervisor/worker_spec\.cc|common/(log|sd_notify)\.cc",
     "the environment is read in main and handed on"),
    (r"\b(str(n?cpy|n?cat|tok)|v?sprintf|gets|alloca)\s*\(", r"-",
     "use std::string or fmt"),
    (r"(?<!\w)assert\s*\(", r"-", "use LC_ASSERT, which is on in every build"),
    (r"\bcatch\s*\(\s*\.\.\.\s*\)", r"common/(yaml|json_tree|metrics)\.cc|tests/.*",
     "name the exception, in the library's one wrapper"),
    (r"\bthrow\b", r"tests/.*", "an error is a value: return Result"),
    (r"\bcoroutine\b|\bco_(await|return|yield)\b", r"-", "no coroutines"),
]


def banned_calls(texts: Texts) -> Iterator[Finding]:
    """A line may say why it is the exception: `// tidy: the reason`."""
    for path in _cpp(texts):
        code = cpp_code(texts[path])
        excused = {
            number
            for number, line in enumerate(texts[path].split("\n"), 1)
            if re.search(r"// tidy: \w+ \w+", line)
        }
        for pattern, home, instead in _BANNED:
            if re.fullmatch(home, path):
                continue
            for match in re.finditer(pattern, code):
                line = line_of(code, match.start())
                if line not in excused:
                    yield Finding(path, line, "banned", f"'{match[0].strip()}': {instead}")


def scripts_never_sleep(texts: Texts) -> Iterator[Finding]:
    for path in texts:
        if path.endswith(".py"):
            pattern = r"\b(time|asyncio)\.sleep\s*\(|\bfrom time import .*\bsleep\b"
        elif _is_shell(path, texts[path]):
            pattern = r"(^|[;&|({]|\bdo|\bthen|\belse)\s*sleep\b"
        else:
            continue
        if path.startswith("tests/tidy/"):
            continue  # speaks about it
        code = script_code(texts[path])
        for match in re.finditer(pattern, code, re.M):
            line = line_of(code, match.end())
            yield Finding(path, line, "banned", "never wait by sleeping: wait for the event")


# --- Files ---------------------------------------------------------------------------------------


def sizes(texts: Texts) -> Iterator[Finding]:
    for path, text in texts.items():
        if not path.endswith(CPP + (".py", ".sh")):
            continue
        lines = text.split("\n")
        tables = path.startswith("tests/") and path.endswith(".py")
        lines_max = PYTHON_TEST_LINES_MAX if tables else LINES_MAX
        if len(lines) - 1 > lines_max:
            yield Finding(path, len(lines), "size", f"more than {lines_max} lines: split it")
        for number, line in enumerate(lines, 1):
            unbreakable = 'R"' in line or line.startswith("TEST_CASE(")  # strings stay whole
            if path.endswith(CPP) and len(line) > COLUMNS_MAX and not unbreakable:
                yield Finding(path, number, "size", f"more than {COLUMNS_MAX} columns")


def folders_have_readme(texts: Texts) -> Iterator[Finding]:
    """But not a Python package, and not a folder under tests/ that mirrors a source folder."""
    folders = {posixpath.dirname(p) for p in texts if p.endswith(CPP + (".py",))}
    mirrors = {f"tests/{f}" for f in folders if not f.startswith("tests")}
    folders -= {folder for folder in folders if f"{folder}/__init__.py" in texts}
    for folder in sorted(folders - mirrors - {""}):
        if f"{folder}/README.md" not in texts:
            yield Finding(f"{folder}/README.md", 1, "readme", "a folder with sources has one")


def sources_are_built(texts: Texts) -> Iterator[Finding]:
    """A source that no meson.build names is dead, and a test like that never runs."""
    built = set()
    for build, text in texts.items():
        if posixpath.basename(build) == "meson.build":
            for name in re.findall(r"'([^'\n]+\.cc)'", text):
                built.add(posixpath.normpath(posixpath.join(posixpath.dirname(build), name)))
    for path in _cpp(texts):
        if path.endswith(".cc") and path not in built:
            yield Finding(path, 1, "built", "no meson.build names it")


def python_tests_run(texts: Texts) -> Iterator[Finding]:
    for path in texts:
        if re.search(r"_test\.py$", path):
            name = posixpath.basename(path)
            folder = posixpath.dirname(path)
            while f"{folder}/meson.build" not in texts and folder:
                folder = posixpath.dirname(folder)
            if name not in texts.get(f"{folder}/meson.build", ""):
                yield Finding(path, 1, "built", f"{folder}/meson.build does not run it")


def unfinished_words(texts: Texts) -> Iterator[Finding]:
    words = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    yield from _search(texts, words, "unfinished", "finish it or take it out")


def machine_paths(texts: Texts) -> Iterator[Finding]:
    paths = re.compile(r"(?<![\w.}*)])/(home|root|work|mnt|Users|tmp/brief)(/[\w.]|\b(?=[\"'`\s]))")
    yield from _search(texts, paths, "machine-path", "names a path of one machine")


def references_exist(texts: Texts) -> Iterator[Finding]:
    """A document or schema that is named is in the repository."""
    named = re.compile(r"(?<![\w/.*<$}-])([\w][\w./-]*\.md|proto/schemas/\w+\.json)\b(?!\()")
    for path, text in texts.items():
        if path.startswith("tests/tidy/") or path.endswith("_test.py"):
            continue
        for match in named.finditer(re.sub(r"\w+://\S+", "", text)):
            name = match[1]
            here = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            if name not in texts and here not in texts:
                line = line_of(text, text.find(name))
                yield Finding(path, line, "reference", f"{name} is not in the repository")


_DOCUMENTED = [
    ("common/metrics.cc", r'\b(?:counter|gauge|histogram)(?:_by)?\(\s*"(\w+)"', "metric"),
    ("proto/config_settings.cc", r'^\s*\{"([a-z_.]+)",', "setting"),
    ("supervisor/exit_codes.h", r"\bkExit\w+ = (\d+);", "exit code"),
]


def operators_are_told(texts: Texts) -> Iterator[Finding]:
    """README.md has every metric, setting and exit code in a table."""
    tables = "".join(line for line in texts.get("README.md", "").split("\n") if line[:1] == "|")
    for path, pattern, what in _DOCUMENTED:
        for match in re.finditer(pattern, texts.get(path, ""), re.M):
            if not re.search(rf"[`|] ?{re.escape(match[1])}[`{{ ]", tables):
                line = line_of(texts[path], match.start(1))
                yield Finding(path, line, "documented", f"README.md lacks the {what} {match[1]}")


def _search(texts: Texts, pattern: re.Pattern[str], rule: str, advice: str) -> Iterator[Finding]:
    for path, text in texts.items():
        if path.startswith("tests/tidy/"):
            continue  # the rules speak about what they forbid
        for match in pattern.finditer(text):
            yield Finding(path, line_of(text, match.start()), rule, f"'{match[0]}': {advice}")


def _cpp(texts: Texts) -> list[str]:
    return [path for path in texts if path.endswith(CPP)]


def _is_shell(path: str, text: str) -> bool:
    return path.endswith(".sh") or bool(re.match(r"#!.*\b(ba|da)?sh\b", text))


def shell_scripts(texts: Texts) -> list[str]:
    return [path for path, text in texts.items() if _is_shell(path, text)]


def _project_includes(texts: Texts) -> Iterator[tuple[str, int, str]]:
    for path in _cpp(texts):
        for line, header, quoted in includes(texts[path]):
            if quoted:
                yield path, line, header


RULES: list[Callable[[Texts], Iterator[Finding]]] = [
    include_edges,
    include_form,
    pragma_once,
    pure_parts,
    third_party_homes,
    one_command_line,
    banned_calls,
    scripts_never_sleep,
    sizes,
    folders_have_readme,
    sources_are_built,
    python_tests_run,
    unfinished_words,
    machine_paths,
    references_exist,
    operators_are_told,
]


def check(texts: Texts) -> list[Finding]:
    return sorted({finding for rule in RULES for finding in rule(texts)})
