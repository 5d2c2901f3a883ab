"""Runs the built `live-crew` as its users do: `live_crew_test.py BINARY`."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BINARY = ""
ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
VISION = "crew: vision\ntriggers: [frame]\ntimeout_ms: 200\nrunner: [python3, react.py]\n"
COMMENTATOR = """crew: commentator
triggers: [goal]
needs:
  - type: crew
    crew: vision
    offset: -1
timeout_ms: 2000
user_template: "say {{ slice }}"
outputs:
  - kind: line
    text: "{{ generated }}"
"""
EVENT = '{"ts":"2025-07-31T19:22:05.2Z","kind":"goal","stream_id":"m","payload":{"by":"x"}}'


def run(*words, stdin="", env=None, cwd=None):
    return subprocess.run([BINARY, *words], input=stdin, capture_output=True, text=True, cwd=cwd,
                          env=ENVIRONMENT | (env or {}), timeout=60, check=False)


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run_here(self, *words, **more):
        return run(*words, cwd=self.root, **more)

    def match_day(self):
        self.write("crews/vision/vision.runtime.yaml", VISION)
        self.write("crews/commentator/commentator.runtime.yaml", COMMENTATOR)


class Usage(Case):
    def test_no_verb_prints_the_overview_and_fails(self):
        done = run()
        self.assertEqual(done.returncode, 64)
        self.assertEqual(done.stdout, "")
        self.assertIn("validate", done.stderr)

    def test_help_goes_to_standard_output(self):
        for words in (["help"], ["--help"], ["-h"]):
            done = run(*words)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(done.stdout.startswith("Usage: live-crew "))

    def test_every_verb_explains_itself(self):
        overview = run("help").stdout
        part = overview.split("Verbs:\n")[1].split("\n\n")[0]
        verbs = [line[2:].split("  ")[0] for line in part.splitlines() if line[2] != " "]
        self.assertIn("event validate", verbs)
        for verb in verbs:
            with self.subTest(verb=verb):
                done = run(*verb.split(), "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertTrue(done.stdout.startswith(f"Usage: live-crew {verb}"))
                self.assertIn("\nExamples:\n  live-crew ", done.stdout)
                self.assertLess(done.stdout.index("Examples:"), done.stdout.index("Options:"))
                self.assertEqual(done.stdout, run("help", *verb.split()).stdout)
                self.assertLessEqual(max(map(len, done.stdout.splitlines())), 100)

    def test_help_names_variables_and_defaults(self):
        text = " ".join(run("slice", "--help").stdout.split())
        self.assertIn("[default: 500] [env: LIVE_CREW_SLICE_MS]", text)

    def test_misspelt_verbs_and_options_get_a_suggestion(self):
        for words, meant in ((["valdate"], "did you mean 'validate'?"),
                             (["grpah", "x"], "did you mean 'graph'?"),
                             (["event", "validat"], "did you mean 'event validate'?"),
                             (["validate", "--deny-warning", "x"], "did you mean '--deny-warnings'?"),
                             (["graph", "x", "--format", "mermiad"], "did you mean 'mermaid'?"),
                             (["help", "validat"], "did you mean 'validate'?")):
            with self.subTest(words=words):
                done = run(*words)
                self.assertEqual((done.returncode, done.stdout), (64, ""))
                self.assertIn(meant, done.stderr)

    def test_wrong_usage_is_said(self):
        for words, problem in ((["validate"], "PATH is missing"),
                               (["slice", "--ts", "x"], "--epoch0 is missing"),
                               (["slice", "--epoch0"], "--epoch0"),
                               (["graph", "a", "b"], "unexpected argument 'b'"),
                               (["frobnicate"], "unknown command 'frobnicate'"),
                               (["--frobnicate"], "unknown option '--frobnicate'"),
                               (["completion", "tcsh"], "'tcsh' is not bash | zsh | fish")):
            with self.subTest(words=words):
                done = run(*words)
                self.assertEqual((done.returncode, done.stdout), (64, ""))
                self.assertIn(problem, done.stderr)

    def test_words_after_two_dashes_are_arguments(self):
        self.write("-c/v.runtime.yaml", VISION.replace("vision", "v"))
        self.assertEqual(self.run_here("validate", "--", "-c").returncode, 0)
        self.assertIn("no such file", self.run_here("validate", "--", "--help").stderr)
        self.assertEqual(self.run_here("validate", "-c").returncode, 64)

    def test_options_may_stand_anywhere_and_the_last_one_counts(self):
        self.match_day()
        words = ["graph", "-f", "dot", "crews", "--format=mermaid"]
        self.assertTrue(self.run_here(*words).stdout.startswith("flowchart"))

    def test_topics(self):
        codes = run("help", "exit-codes").stdout
        for code in ("0", "1", "64", "65", "69", "70", "78"):
            self.assertIn(f"\n  {code} ", codes)
        self.assertIn("LIVE_CREW_EVENT_VALIDATION__STRICT_MODE", run("help", "env").stdout)
        self.assertIn("event validate", run("event", "--help").stdout)

    def test_version(self):
        version = run("--version").stdout
        self.assertRegex(version, r"^live-crew \d+\.\d+\.\d+\n$")
        self.assertEqual(version, run("version").stdout)
        self.assertEqual(json.loads(run("version", "-o", "json").stdout)["version"],
                         version.split()[1])

    def test_a_full_disk_is_a_failure(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full on this system")
        for verb in ("version", "man"):  # a page is more than the stream's buffer
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([BINARY, verb], stdout=full, stderr=subprocess.PIPE, text=True,
                                      env=ENVIRONMENT, timeout=60, check=False)
            self.assertEqual(done.returncode, 1, verb)
            self.assertIn("cannot write the output", done.stderr)


class Validate(Case):
    def test_what_is_right_is_accepted(self):
        self.match_day()
        self.write("live-config.yaml", "slice_ms: 250\n")
        for paths in (["."], ["crews", "live-config.yaml"], ["crews/vision"], ["crews/commentator"],
                      ["crews/commentator/commentator.runtime.yaml"], ["live-config.yaml"]):
            with self.subTest(paths=paths):
                done = self.run_here("validate", "--deny-warnings", *paths)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(done.stderr.startswith("ok: "))
        self.assertIn("crews 2, configurations 1", self.run_here("validate", ".").stderr)

    def test_a_crew_of_another_name_is_known_as_one_in_spite_of_mistakes(self):
        self.write("draft.yaml", "crew: a\ntriggers: [goal]\ntriggers: [foul]\n")
        done = self.run_here("validate", "draft.yaml")
        self.assertIn("duplicate key 'triggers'", done.stderr)
        self.assertIn("crews 1, configurations 0", done.stderr)

    def test_what_is_named_twice_counts_once(self):
        self.match_day()
        self.write("live-config.yaml", "slice_ms: 250\n")
        for paths in ([".", "crews/vision"], ["crews", "crews", "live-config.yaml"],
                      [".", "./live-config.yaml", "crews/vision/vision.runtime.yaml"]):
            with self.subTest(paths=paths):
                done = self.run_here("validate", *paths)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("crews 2, configurations 1,", done.stderr)

    def test_all_errors_come_at_once_with_places_and_suggestions(self):
        self.write("c/a/a.runtime.yaml", "crew: a\ntriggers: [goal]\nwait_polcy: any\nneeds:\n"
                   "  - {type: crew, crew: visoin}\ntimeout_ms: 0\nrunner: [x]\n")
        self.write("c/vision/vision.runtime.yaml", "crew: vision\ntriggers: []\nrunner: [x]\n")
        self.write("c/live-config.yaml", "slice_ms: 0\nheartbeat: 5\n")
        done = self.run_here("validate", "c")
        self.assertEqual((done.returncode, done.stdout), (78, ""))
        lines = done.stderr.splitlines()
        self.assertEqual(lines[0], "c/a/a.runtime.yaml:3:1: error: unknown key 'wait_polcy' "
                         "(did you mean 'wait_policy'?)")
        self.assertEqual(lines[1], "c/a/a.runtime.yaml:5:24: error: crew 'a' needs crew 'visoin', "
                         "which is not defined (did you mean 'vision'?)")
        self.assertTrue(lines[2].startswith("c/a/a.runtime.yaml:6:13: error: timeout_ms: '0'"))
        self.assertTrue(lines[3].startswith("c/live-config.yaml:1:11: error: slice_ms: '0'"))
        self.assertIn("did you mean 'heartbeat_s'?", lines[4])
        self.assertIn("vision.runtime.yaml:1:7: warning: timeout_ms is missing", lines[5])
        self.assertIn("vision.runtime.yaml:2:11: error: triggers: the list is empty", lines[6])
        self.assertEqual(lines[7], "FAIL: crews 2, configurations 1, errors 6, warnings 1")

    def test_json_lists_the_same(self):
        self.write("c/vision.runtime.yaml", "crew: vision\ntriggers: [goal]\nruner: [x]\n")
        done = self.run_here("validate", "c", "-o", "json")
        self.assertEqual((done.returncode, done.stderr), (78, ""))
        found = json.loads(done.stdout)
        self.assertIn({"severity": "error", "message": "unknown key 'runer'",
                       "file": "c/vision.runtime.yaml", "line": 3, "col": 1,
                       "hint": "did you mean 'runner'?"}, found)
        self.write("d/vision.runtime.yaml", VISION)
        self.assertEqual(self.run_here("validate", "d", "-o", "json").stdout, "[]\n")

    def test_warnings_pass_unless_denied(self):
        self.write("c/v.runtime.yaml", "crew: v\ntriggers: [goal]\nrunner: [x]\n")
        done = self.run_here("validate", "c")
        self.assertEqual(done.returncode, 0)
        self.assertIn("c/v.runtime.yaml:1:7: warning: timeout_ms is missing", done.stderr)
        done = self.run_here("validate", "c", "--deny-warnings")
        self.assertEqual(done.returncode, 78)
        self.assertIn("c/v.runtime.yaml:1:7: error: timeout_ms is missing", done.stderr)

    def test_cycles_and_needs_of_oneself_are_refused(self):
        need = "crew: {0}\ntriggers: [g]\ntimeout_ms: 1\nrunner: [x]\n" \
               "needs: [{{type: crew, crew: {1}, offset: 0}}]\n"
        for crew, other in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "d")):
            self.write(f"c/{crew}/{crew}.runtime.yaml", need.format(crew, other))
        done = self.run_here("validate", "c")
        self.assertEqual(done.returncode, 78)
        self.assertIn("c/a/a.runtime.yaml:5:28: error: cycle of needs: a -> b -> c -> a", done.stderr)
        self.assertIn("c/d/d.runtime.yaml:5:28: error: crew 'd' needs itself", done.stderr)

    def test_two_crews_of_one_name_name_both_places(self):
        self.write("c/vision/vision.runtime.yaml", VISION)
        self.write("c/other/vision.runtime.yaml", VISION)
        done = self.run_here("validate", "c")
        self.assertEqual(done.returncode, 78)
        self.assertIn("c/vision/vision.runtime.yaml:1:7: error: crew 'vision' is defined twice "
                      "(it is defined in c/other/vision.runtime.yaml:1:7 already", done.stderr)

    def test_a_single_crew_knows_those_beside_it(self):
        self.match_day()
        self.write("alone/commentator.runtime.yaml", COMMENTATOR)
        for path in ("alone", "alone/commentator.runtime.yaml"):
            done = self.run_here("validate", path)
            self.assertEqual(done.returncode, 78, path)
            self.assertIn("needs crew 'vision', which is not defined", done.stderr)

    def test_the_two_files_of_a_prompt_crew(self):
        self.write("c/p/p.runtime.yaml", "crew: p\ntriggers: [g]\ntimeout_ms: 9\n")
        self.write("c/p/p.yaml", "user_template: hi\noutputs: [{kind: line, text: x}]\ntemprature: 1\n")
        for path in ("c", "c/p/p.yaml"):
            done = self.run_here("validate", path)
            self.assertEqual(done.returncode, 78)
            self.assertIn("c/p/p.yaml:3:1: error: unknown key 'temprature' (did you mean "
                          "'temperature'?)", done.stderr)

    def test_a_crewai_package_is_told_so(self):
        self.write("c/p/p.runtime.yaml", "crew: p\ntriggers: [g]\ntimeout_ms: 9\n")
        self.write("c/p/agents.yaml", "")
        self.assertIn("not understood yet", self.run_here("validate", "c").stderr)

    def test_what_is_not_there_is_refused(self):
        (self.root / "empty").mkdir()
        for path, words in (("absent", "absent: error: no such file or folder"),
                            ("empty", "empty: error: nothing to validate")):
            done = self.run_here("validate", path)
            self.assertEqual(done.returncode, 78)
            self.assertIn(words, done.stderr)

    def test_a_file_of_another_name_is_judged_by_what_it_holds(self):
        self.write("settings.yaml", "slice_ms: 0\n")
        self.write("crew.yaml", "crew: x\ntriggers: [__hb]\nrunner: [x]\n")
        self.assertIn("slice_ms: '0'", self.run_here("validate", "settings.yaml").stderr)
        self.assertIn("is reserved", self.run_here("validate", "crew.yaml").stderr)

    def test_folders_are_searched_deeply_and_hidden_ones_are_not(self):
        self.write("a/b/c/crews/v/v.runtime.yaml", "crew: v\n")
        self.write(".git/x.runtime.yaml", "crew: [\n")
        (self.root / "a" / "loop").symlink_to(self.root)
        done = self.run_here("validate", ".")
        self.assertEqual(done.returncode, 78)
        self.assertIn("FAIL: crews 1,", done.stderr)
        self.assertNotIn(".git", done.stderr)


class Graph(Case):
    def test_json_has_crews_edges_and_phases(self):
        self.match_day()
        self.write("crews/after/after.runtime.yaml", "crew: after\ntriggers: [goal]\ntimeout_ms: 1\n"
                   "needs: [{type: crew, crew: commentator, offset: 0}, {type: event, event: goal}]\n"
                   "wait_policy: timeout:50\nrunner: [x]\n")
        for path in ("crews", "."):
            done = self.run_here("graph", path)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            graph = json.loads(done.stdout)
            self.assertEqual([c["crew"] for c in graph["crews"]], ["after", "commentator", "vision"])
            self.assertEqual(graph["phases"], [["commentator", "vision"], ["after"]])
            self.assertIn({"type": "crew", "from": "vision", "to": "commentator", "offset": -1,
                           "policy": "all"}, graph["edges"])
            self.assertIn({"type": "event", "from": "goal", "to": "after", "offset": 0,
                           "policy": "timeout:50"}, graph["edges"])

    def test_dot_and_mermaid(self):
        self.match_day()
        dot = self.run_here("graph", "crews", "--format", "dot").stdout
        self.assertIn('"crew:vision" -> "crew:commentator" [label="@-1 all"];', dot)
        mermaid = self.run_here("graph", "crews", "-f", "mermaid").stdout
        self.assertTrue(mermaid.startswith("flowchart LR\n"))
        self.assertIn('crew_vision -->|"@-1 all"| crew_commentator', mermaid)
        self.assertIn("event_goal -.-> crew_commentator", mermaid)

    def test_invalid_crews_make_no_graph(self):
        self.write("c/v.runtime.yaml", "crew: v\n")
        for path in ("c", "absent"):
            done = self.run_here("graph", path)
            self.assertEqual((done.returncode, done.stdout), (78, ""))
            self.assertIn("error: ", done.stderr)


class Slice(Case):
    def index(self, ts, *more):
        done = run("slice", "--epoch0", "2025-07-31T19:22:00Z", "--ts", ts, *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_indices_are_floored_also_below_zero(self):
        for ts, expected in (("2025-07-31T19:22:41.5Z", "83"), ("2025-07-31T19:22:00Z", "0"),
                             ("2025-07-31T19:22:00.499999Z", "0"), ("2025-07-31T19:22:00.5Z", "1"),
                             ("2025-07-31T19:21:59.999999Z", "-1"),
                             ("2025-07-31T21:22:01+02:00", "2")):
            self.assertEqual(self.index(ts), expected, ts)

    def test_the_slice_length_comes_from_flag_or_variable(self):
        self.assertEqual(self.index("2025-07-31T19:22:01Z", "--slice-ms", "250"), "4")
        done = run("slice", "--epoch0=2025-07-31T19:22:00Z", "--ts=2025-07-31T19:22:01Z",
                   env={"LIVE_CREW_SLICE_MS": "100"})
        self.assertEqual(done.stdout, "10\n")
        done = run("slice", "--epoch0=2025-07-31T19:22:00Z", "--ts=2025-07-31T19:22:01Z",
                   env={"LIVE_CREW_SLICE_MS": "fast"})
        self.assertEqual(done.returncode, 64)
        self.assertIn("LIVE_CREW_SLICE_MS: 'fast' is not a whole number", done.stderr)

    def test_json_has_the_bounds(self):
        self.assertEqual(json.loads(self.index("2025-07-31T19:22:00.7Z", "-o", "json")),
                         {"slice": 1, "start": "2025-07-31T19:22:00.500Z",
                          "end": "2025-07-31T19:22:01.000Z"})

    def test_bad_times_are_refused(self):
        done = run("slice", "--epoch0", "noon", "--ts", "2025-02-30T00:00:00Z")
        self.assertEqual((done.returncode, done.stdout), (64, ""))
        self.assertIn("--epoch0: time 'noon'", done.stderr)
        self.assertIn("--ts: ", done.stderr)


class Messages(Case):
    def test_events_are_normalised_in_order(self):
        other = '{"payload":[1, 2.50],"stream_id":"m","kind":"k","ts":"2025-07-31T21:22:06+02:00"}'
        done = run("event", "validate", "--now", "2025-08-01T00:00:00Z", stdin=f"{EVENT}\n\n{other}\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines(), [
            '{"ts":"2025-07-31T19:22:05.200Z","kind":"goal","stream_id":"m","payload":{"by":"x"}}',
            '{"ts":"2025-07-31T19:22:06.000Z","kind":"k","stream_id":"m","payload":[1,2.50]}'])
        again = run("event", "validate", "--now", "2025-08-01T00:00:00Z", stdin=done.stdout)
        self.assertEqual(again.stdout, done.stdout)

    def test_invalid_lines_are_named_and_the_others_still_printed(self):
        extra = EVENT[:-1] + ',"extra":1}'
        reserved = EVENT.replace("goal", "__goal")
        text = f"nonsense\n{EVENT}\n{extra}\n{reserved}\n[1]\n{{}}"
        path = self.write("e.jsonl", text)
        for words, stdin, name in (([path], "", path), (["-"], text, "stdin")):
            done = run("event", "validate", "--no-ts-window", *words, stdin=stdin)
            self.assertEqual(done.returncode, 65)
            self.assertEqual(len(done.stdout.splitlines()), 1)
            numbers = [line.split(": error: ")[0] for line in done.stderr.splitlines()]
            self.assertEqual(numbers, [f"{name}:{n}" for n in (1, 3, 4, 5, 6)])
            self.assertIn("extra", done.stderr)

    def test_the_window_of_time(self):
        def code(*words):
            return run("event", "validate", *words, stdin=EVENT + "\n").returncode
        self.assertEqual(code("--now", "2025-08-30T19:22:05.2Z"), 0)
        self.assertEqual(code("--now", "2025-08-30T19:22:05.3Z"), 65)
        self.assertEqual(code("--now", "2025-07-31T19:21:05.2Z"), 0)
        self.assertEqual(code("--now", "2025-07-31T19:21:05.1Z"), 65)
        self.assertEqual(code("--now", "2025-07-31T19:21:05.1Z", "--future-seconds", "61"), 0)
        self.assertEqual(code("--now", "2025-09-30T19:22:05.3Z", "--ts-window-days", "90"), 0)
        self.assertEqual(code("--no-ts-window"), 0)
        self.assertEqual(code("--now", "later"), 64)

    def test_lenient_drops_unknown_fields(self):
        done = run("event", "validate", "--no-ts-window", "--lenient",
                   stdin=EVENT[:-1] + ',"extra":1}\n')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("extra", done.stdout)

    def test_actions(self):
        action = '{"kind":"score_update","stream_id":"m","ts":"2025-07-31T19:22:05Z","payload":{"h":2}}'
        done = run("action", "validate", stdin=f"{action}\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(json.loads(done.stdout)["ttl_ms"], 5000)
        done = run("action", "validate", stdin=action[:-1] + ',"ttl_ms":300001}\n')
        self.assertEqual((done.returncode, done.stdout), (65, ""))
        self.assertIn("stdin:1: error: ", done.stderr)
        self.assertIn("ttl_ms", done.stderr)

    def test_huge_lines_absent_files_and_nothing(self):
        done = run("event", "validate", "--no-ts-window", stdin="x" * (5 << 20) + f"\n{EVENT}\n")
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (65, 1))
        self.assertIn("stdin:1: error: the line exceeds", done.stderr)
        self.assertEqual(run("event", "validate", "/absent/file").returncode, 66)
        self.assertEqual(run("event", "validate", str(self.root)).returncode, 66)
        self.assertEqual(run("event", "validate", stdin="").returncode, 0)


class Config(Case):
    def test_the_environment_wins_over_the_file(self):
        path = self.write("live.yaml", "slice_ms: 250\nheartbeat_s: 3\n")
        done = run("config", "show", "-c", path, "-o", "json", "--origin",
                   env={"LIVE_CREW_SLICE_MS": "100",
                        "LIVE_CREW_EVENT_VALIDATION__STRICT_MODE": "false",
                        "LIVE_CREW_SELECTOR": "vision"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        shown = json.loads(done.stdout)
        self.assertEqual(shown["slice_ms"], {"value": 100, "origin": "LIVE_CREW_SLICE_MS"})
        self.assertEqual(shown["heartbeat_s"], {"value": 3, "origin": f"{path}:2:14"})
        self.assertEqual(shown["event_validation"]["strict_mode"]["value"], False)
        self.assertEqual(shown["lateness_ms"]["origin"], "default")

    def test_what_is_printed_is_a_configuration_that_means_the_same(self):
        path = self.write("live.yaml", "kv_backend: memory\ncontext_keys: {'a: b': deep, phase: "
                          "{policy: state_machine, states: [x, 'y\"z']}}\n")
        shown = run("config", "show", "-c", path)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        again = run("config", "show", "-c", "-", stdin=shown.stdout)
        self.assertEqual((again.returncode, again.stdout), (0, shown.stdout), again.stderr)
        with_origin = run("config", "show", "-c", path, "--origin").stdout
        self.assertIn(f'kv_backend: "memory"  # {path}:1:13\n', with_origin)
        self.assertEqual(run("config", "show", "-c", "-", stdin=with_origin).stdout, shown.stdout)

    def test_what_is_wrong_is_refused_with_its_place(self):
        path = self.write("live.yaml", "slice_ms: 10001\nvectr: {}\n")
        done = run("config", "show", "-c", path, env={"LIVE_CREW_SLICE_M": "1"})
        self.assertEqual((done.returncode, done.stdout), (78, ""))
        self.assertIn(f"{path}:1:11: error: slice_ms: '10001'", done.stderr)
        self.assertIn("did you mean 'vector'?", done.stderr)
        self.assertIn("LIVE_CREW_SLICE_M: error: ", done.stderr)
        self.assertIn("did you mean 'LIVE_CREW_SLICE_MS'?", done.stderr)
        self.assertEqual(run("config", "show", "-c", "/absent.yaml").returncode, 78)

    def test_passwords_are_not_shown(self):
        done = run("config", "show", env={"LIVE_CREW_NATS_URL": "nats://bob:secret@h:4222"})
        self.assertIn("nats://<redacted>@h:4222", done.stdout)
        self.assertNotIn("secret", done.stdout)

    def test_the_variable_names_the_file(self):
        path = self.write("live.yaml", "slice_ms: 250\n")
        done = run("config", "show", "-o", "json", env={"LIVE_CREW_CONFIG": path})
        self.assertEqual(json.loads(done.stdout)["slice_ms"], 250)


class Shells(Case):
    def complete(self, *words):
        script = run("completion", "bash").stdout + (
            'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _live_crew; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", "live-crew", *words], cwd=self.root,
                              capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split("\n")[:-1]

    def test_bash_completes_verbs_options_values_and_files(self):
        self.assertEqual(self.complete("val"), ["validate"])
        self.assertEqual(self.complete("event", ""), ["validate"])
        self.assertEqual(self.complete("event", "validate", "--no"), ["--now", "--no-ts-window"])
        self.assertEqual(self.complete("graph", "x", "--format", "m"), ["mermaid"])
        self.assertEqual(self.complete("completion", ""), ["bash", "zsh", "fish"])
        self.write("my crews/x", "")
        self.assertEqual(self.complete("validate", "my"), ["my crews"])

    def test_the_scripts_are_well_formed(self):
        for shell in ("bash", "zsh", "fish"):
            done = run("completion", shell)
            self.assertEqual(done.returncode, 0)
            for verb in ("validate", "graph", "config", "slice", "event", "action"):
                self.assertIn(verb, done.stdout)
            if shutil.which(shell) is None:
                print(f"{shell} is not installed: its script is not parsed", file=sys.stderr)
                continue
            path = self.write(f"complete.{shell}", done.stdout)
            parsed = subprocess.run([shell, "-n", path], capture_output=True, text=True, timeout=60,
                                    check=False)
            self.assertEqual((parsed.returncode, parsed.stderr), (0, ""))

    def test_wrong_values_name_their_verb_and_option(self):
        for words, said in [(("emit", "-s", "a b", "-"), "live-crew emit: --stream: stream 'a b'"),
                            (("tap", "-s", "a/b"), "live-crew tap: --stream: stream 'a/b'"),
                            (("emit", "-s", "a", "--speed", "0", "-"),
                             "live-crew emit: --speed '0' must be max"),
                            (("slice", "--epoch0", "x", "--ts", "2025-07-31T19:22:00Z"),
                             "live-crew slice: --epoch0: time 'x'")]:
            done = run(*words)
            self.assertEqual(done.returncode, 64, done.stderr)
            self.assertTrue(done.stderr.startswith(said), done.stderr)

    def test_the_manual_page_has_every_verb_and_no_fault(self):
        page = run("man").stdout
        self.assertTrue(page.startswith(".TH LIVE\\-CREW 1 "))
        for verb in ("validate", "graph", "config show", "event validate"):
            self.assertIn(f".SS live\\-crew {verb}", page)
        self.lint(page)

    def test_the_service_has_a_page_with_the_options_of_run(self):
        page = run("man", "lcsupervisor").stdout
        self.assertTrue(page.startswith(".TH LCSUPERVISOR 8 "))
        for words in ("\\-\\-require\\-nats", "LIVE_CREW_SELECTOR", "SIGTERM", ".TP\n78\n"):
            self.assertIn(words, page)
        self.assertNotIn("\\-\\-deny\\-warnings", page)
        self.lint(page)

    def lint(self, page):
        if shutil.which("mandoc") is None:
            self.skipTest("mandoc is not installed: the page is not linted")
        done = subprocess.run(["mandoc", "-Tlint"], input=page, capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    BINARY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
