"""Tests of the house rules: each is shown what it must find and what it must leave alone."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rules
from source import cpp_code, includes

MESON = "static_library(\n  'lc_base',\n  'json.cc',\n  link_with: [],\n)\nsources = ['clock.cc']\n"


class RuleTest(unittest.TestCase):
    def finds(self, rule, texts, *lines):
        """The rule finds exactly these `path:line`."""
        found = [f"{f.path}:{f.line}" for f in rule(texts)]
        self.assertEqual(sorted(set(found)), sorted(lines))

    def test_include_edges_point_one_way(self):
        common, engine, crew = '#include "proto/a.h"\n', '#include "proto/a.h"\n', "\n"
        texts = {
            "common/a.h": common,
            "supervisor/b.h": engine,
            "worker/c.h": crew + '#include "supervisor/b.h"\n',
            "supervisor/d.cc": '#include "worker/c.h"\n',
            "tests/e_test.cc": '#include "worker/c.h"\n#include "supervisor/b.h"\n',
        }
        self.finds(rules.include_edges, texts, "common/a.h:1", "worker/c.h:2", "supervisor/d.cc:1")

    def test_includes_are_from_the_root_and_own_header_first(self):
        texts = {
            "common/a.h": "",
            "common/b.h": "",
            "common/a.cc": '#include "common/b.h"\n#include "common/a.h"\n#include "b.h"\n',
            "common/b.cc": '#include "common/b.h"\n\n#include <common/a.h>\n#include <string>\n',
            "tests/common/a_test.cc": "#include <string>\n",
        }
        self.finds(
            rules.include_form,
            texts,
            "common/a.cc:1", "common/a.cc:3", "common/b.cc:3", "tests/common/a_test.cc:1",
        )

    def test_pragma_once(self):
        texts = {"common/a.h": "int a;\n", "common/b.h": "// b\n#pragma once\n", "common/c.cc": ""}
        self.finds(rules.pragma_once, texts, "common/a.h:1")

    def test_pure_parts_reach_no_io_header_even_indirectly(self):
        texts = {
            "common/meson.build": MESON,
            "common/json.cc": '#include "common/json.h"\n#include <sys/socket.h>\n',
            "common/json.h": "#include <string>\n",
            "common/clock.cc": "#include <chrono>\n",
            "common/loop.h": "#include <uv.h>\n",
            "proto/event.h": '#include <string>\n#include "common/loop.h"\n',
            "supervisor/engine/merge.cc": "#include <nats/nats.h>\n",
            "supervisor/app.cc": '#include "common/loop.h"\n',
        }
        self.finds(
            rules.pure_parts,
            texts,
            "common/json.cc:2", "proto/event.h:2", "supervisor/engine/merge.cc:1",
        )

    def test_third_party_libraries_stay_at_home(self):
        texts = {
            "common/json_split.cc": "#include <simdjson.h>\n",
            "common/json.cc": "#include <simdjson.h>\n#include <nlohmann/json.hpp>\n",
            "worker/crew/patch.cc": "#include <nlohmann/json.hpp>\n#include <curl/curl.h>\n",
            "common/nats_bus.cc": "#include <nats/nats.h>\n",
            "supervisor/app.cc": "#include <nats/nats.h>\n#include <yaml-cpp/yaml.h>\n",
        }
        self.finds(
            rules.third_party_homes,
            texts,
            "common/json.cc:1", "common/json.cc:2", "worker/crew/patch.cc:2",
            "supervisor/app.cc:1", "supervisor/app.cc:2",
        )

    def test_one_file_a_program_has_the_command_line(self):
        texts = {
            "supervisor/cli/a.cc": "#include <CLI/CLI.hpp>\n",
            "supervisor/cli/b.cc": "#include <CLI/CLI.hpp>\n",
            "worker/options.cc": "#include <CLI/CLI.hpp>\n",
        }
        self.finds(rules.one_command_line, texts, "supervisor/cli/b.cc:1")

    def test_banned_calls(self):
        bad = [
            "usleep(5);", "std::this_thread::sleep_for(x);", "std::system(c);", "popen(c);",
            "fork();", "uv_spawn(l, p, o);", "std::cout << 1;", "#include <iostream>",
            'printf("x");', 'fmt::print("x");', 'std::fprintf(stdout, "x");',
            "std::chrono::steady_clock::now();", "clock_gettime(a, b);", "time(nullptr);",
            "std::rand();", "std::random_device d;", 'std::getenv("A");', "strcpy(a, b);",
            "sprintf(a, b);", "assert(a);", "try {} catch (...) {}", "throw 1;", "co_await x;",
        ]
        for line in bad:
            with self.subTest(line=line):
                self.finds(rules.banned_calls, {"common/a.cc": "\n" + line}, "common/a.cc:2")

    def test_what_only_looks_like_a_banned_call(self):
        good = [
            "// never sleep() here", '"rand() and printf("', "options.system(x);", "my_fork();",
            'std::fprintf(stderr, "x");', "fmt::print(stderr, x);", "snprintf(a, 1, b);",
            "static_assert(true);", "catch (const E& e)", "clock.now();", "slice.time(nullptr);",
            "operand(1);", "R\"(usleep(1))\"", "int sleep_ms = 8'192;", "asleep(1);",
        ]
        for line in good:
            with self.subTest(line=line):
                self.finds(rules.banned_calls, {"common/a.cc": line})

    def test_a_banned_call_may_give_its_reason(self):
        text = "fork();  // tidy: the child execs at once\nfork();  // tidy:\n"
        self.finds(rules.banned_calls, {"common/a.cc": text}, "common/a.cc:2")

    def test_banned_calls_have_homes(self):
        texts = {
            "common/clock.cc": "clock_gettime(a, b);",
            "supervisor/cli/tap.cc": 'std::fputs("x", stdout);',
            "supervisor/main.cc": "getenv(x);",
            "tests/a_test.cc": "std::cout << 1; throw 1;",
            "tests/sim/floor_test.cc": "clock_gettime(a, b);",
        }
        self.finds(rules.banned_calls, texts)

    def test_scripts_never_sleep(self):
        texts = {
            "tests/a.py": "import time\ntime.sleep(1)\n",
            "tests/b.py": "# time.sleep(1)\nasleep(1)\n",
            "tests/c.sh": "#!/bin/sh\nwhile true; do sleep 1; done\n",
            "deploy/d": "#!/usr/bin/env bash\nsleep 1\n",
            "deploy/e.sh": "echo do not sleep\n",
        }
        self.finds(rules.scripts_never_sleep, texts, "tests/a.py:2", "tests/c.sh:2", "deploy/d:2")

    def test_sizes(self):
        texts = {"common/a.cc": "x\n" * 401, "common/b.h": "x" * 101, "common/c.cc": "x\n" * 400}
        texts["tests/table.py"] = "x" * 101
        texts["tests/d_test.cc"] = 'R"(' + "x" * 101
        self.finds(rules.sizes, texts, "common/a.cc:402", "common/b.h:1")

    def test_folders_have_a_readme(self):
        texts = {
            "common/a.cc": "", "proto/b.h": "", "proto/README.md": "", "tests/common/a_test.cc": "",
            "tests/sim/world.cc": "", "tests/data/x.json": "",
        }
        self.finds(rules.folders_have_readme, texts, "common/README.md:1", "tests/sim/README.md:1")

    def test_sources_are_built(self):
        texts = {
            "common/meson.build": "library('a', 'a.cc', 'io/d.cc', '../proto/f.cc')",
            "common/a.cc": "", "common/ba.cc": "", "common/io/d.cc": "", "common/e.h": "",
            "proto/f.cc": "",
        }
        self.finds(rules.sources_are_built, texts, "common/ba.cc:1")

    def test_python_tests_run(self):
        texts = {
            "tests/meson.build": "test('a', files('a_test.py'))",
            "tests/a_test.py": "", "tests/b_test.py": "", "tests/helper.py": "",
        }
        self.finds(rules.python_tests_run, texts, "tests/b_test.py:1")

    def test_unfinished_words(self):
        texts = {"common/a.cc": "\n// TODO: more\n", "README.md": "todo lists are fine"}
        self.finds(rules.unfinished_words, texts, "common/a.cc:2")

    def test_paths_of_one_machine(self):
        texts = {
            "a.md": "cd /home/someone/live-crew\n",
            "b.sh": 'cd "$x/work/y"\n', "c.md": "https://example.org/home/page\n",
            "d.py": "open('/root/x')\n",
        }
        self.finds(rules.machine_paths, texts, "a.md:1", "d.py:1")

    def test_operators_are_told_of_metrics_settings_and_exit_codes(self):
        texts = {
            "README.md": "beats_total\n| `beats{a}`, `slice_ms` | x |\n| 64 | usage |\n",
            "common/metrics.cc": 'beats(counter("beats")),\nb(gauge_by(\n  "beats_total")),\n',
            "proto/config_settings.cc": '  {"slice_ms",\n  {"clock",\n',
            "supervisor/exit_codes.h": "int kExitUsage = 64;\nint kExitConfig = 78;\n",
        }
        self.finds(
            rules.operators_are_told,
            texts,
            "common/metrics.cc:3", "proto/config_settings.cc:2", "supervisor/exit_codes.h:2",
        )

    def test_what_is_named_exists(self):
        texts = {
            "README.md": "see proto/README.md and\nnotes.md and https://example.org/x.md\n",
            "proto/README.md": "see ../README.md",
            "proto/a.h": "/// Source: proto/schemas/a.json.\n",
        }
        self.finds(rules.references_exist, texts, "README.md:2", "proto/a.h:1")


class SourceTest(unittest.TestCase):
    def test_comments_and_literals_are_blanked_and_lines_stay(self):
        text = 'int a; // x\n"\\"y" /* z\n z */ b R"(\nq)" 1\'000 \'c\' d\n'
        code = cpp_code(text)
        self.assertEqual(code.count("\n"), text.count("\n"))
        self.assertEqual(code.split(), ["int", "a;", "b", "1'000", "d"])

    def test_includes_in_comments_do_not_count(self):
        text = '/*\n#include "a.h"\n*/\n#  include <b.h>\n\n#include "c/d.h"  // e\n'
        found = [(line, header) for line, header, _ in includes(text)]
        self.assertEqual(found, [(4, "b.h"), (6, "c/d.h")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
