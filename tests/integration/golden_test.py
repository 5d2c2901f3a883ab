"""`live-crew test`: golden cases beside crews, run with real workers."""

import json
import os
import subprocess
import sys
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "support"))
from supervisor_process import PROGRAMS, World, event

EXAMPLE = os.path.join(TOP, "deploy", "examples", "matchday")
STAND_IN = os.path.join(TOP, "deploy", "examples", "model_stand_in", "stand_in.py")

GREETER = r"""
import json, sys
for line in sys.stdin:
    ready = json.loads(line)
    greeted = ready["ctx"].get("greeted", 0) + 1
    print(json.dumps({"diff": {"set": {"greeted": greeted}},
                      "actions": [{"kind": "hello", "payload": "WORD"}]}), flush=True)
"""
GOAL = event("goal", 1, ts="2026-03-01T12:00:00Z")
LATER = event("goal", 2, ts="2026-03-01T12:00:05Z")


class Golden(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.crews = self.world.crews

    def write(self, name, text):
        path = os.path.join(self.crews, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.crews, name), encoding="utf-8") as file:
            return file.read()

    def greeter(self, word="hello", more=""):
        self.write("greeter/main.py", GREETER.replace("WORD", word))
        self.write("greeter/greeter.runtime.yaml", "crew: greeter\ntriggers: [goal]\n"
                   "timeout_ms: 20000\nrunner: [/usr/bin/python3, main.py]\n" + more)

    def case(self, name="greeter/tests/one", *events):
        self.write(name + "/events.jsonl", "\n".join(events or (GOAL,)) + "\n")

    def live_crew(self, *words, code=0, cwd=None, **environment):
        done = subprocess.run(
            [PROGRAMS["live-crew"], "test", *words], capture_output=True, text=True, timeout=120,
            check=False, cwd=cwd or self.crews,
            env=self.world.environment({"LOG_LEVEL": "ERROR", "LIVE_CREW_PYTHON_DIR":
                                        os.path.join(TOP, "worker", "python"), **environment}))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_the_examples_cases_hold(self):
        done = self.live_crew("./...", cwd=EXAMPLE)
        self.assertEqual(done.stderr, "")
        lines = done.stdout.splitlines()
        self.assertEqual(lines[-1], "5 cases: 5 ok, 0 failed, 0 broken")
        self.assertRegex(lines[0], r"^ok    crews/commentator/tests/first_goal \(3 reactions, "
                         r"\d+\.\d\d s\)$")
        self.assertEqual(len(lines), 6)

    def test_a_crew_that_does_something_else_fails_with_both_sides_until_that_is_expected(self):
        self.greeter()
        self.case("greeter/tests/one", GOAL, LATER)
        done = self.live_crew("greeter", "--update")
        self.assertIn("wrote greeter/tests/one/expected.jsonl\nok    greeter/tests/one (2 reactions",
                      done.stdout)
        self.assertIn("1 case: 1 ok (1 written), 0 failed, 0 broken\n", done.stdout)
        self.assertEqual(json.loads(self.read("greeter/tests/one/expected.jsonl").splitlines()[-1]),
                         {"end": {"reactions": 2, "context": {"greeted": 2}}})
        self.assertNotIn("wrote", self.live_crew("greeter", "--update").stdout)
        self.assertIn("1 case: 1 ok, 0 failed, 0 broken\n", self.live_crew("greeter").stdout)
        self.greeter(word="good evening")
        done = self.live_crew("greeter", code=1)
        self.assertIn("FAIL  greeter/tests/one: 2 differences (- expected, + now)\n"
                      "      slice 0 greeter: differs\n      - {\"slice\":0,", done.stdout)
        self.assertIn('"payload":"hello"', done.stdout)
        self.assertIn('"payload":"good evening"', done.stdout)
        self.assertIn("1 case: 0 ok, 1 failed, 0 broken\n", done.stdout)
        self.assertIn('"hello"', self.read("greeter/tests/one/expected.jsonl"))
        self.live_crew("greeter", "--update")
        self.live_crew("greeter")

    def test_the_context_before_is_read_and_a_file_written_by_hand_counts(self):
        self.greeter()
        self.case()
        self.write("greeter/tests/one/context.json", '{\n  "greeted": 41, "other": [1, 2]\n}\n')
        self.write("greeter/tests/one/expected.jsonl",
                   '{"crew": "greeter", "slice": 0, "status": "ok", "diff": {"set": {"greeted": 42}},'
                   ' "actions": [{"kind": "hello", "payload": "hello"}]}\n\n'
                   '{"end": {"context": {"other": [1,2], "greeted": 42}, "reactions": 1}}\n')
        self.live_crew("greeter")

    def test_what_is_broken_is_told_with_its_place_and_the_others_run(self):
        self.greeter()
        for name in ("good", "line", "empty", "context", "cassette", "expected", "nothing"):
            self.case(f"greeter/tests/{name}")
        self.live_crew("greeter", "--update")
        here = "greeter/tests/"
        self.write(here + "line/events.jsonl", GOAL + "\n{\"ts\":\"soon\"}\n")
        self.write(here + "empty/events.jsonl", "\n")
        self.write(here + "context/context.json", "[1]\n")
        self.write(here + "cassette/cassette.jsonl", "{}\n")
        self.write(here + "expected/expected.jsonl", "{}\n")
        for name in ("events", "expected"):
            os.remove(os.path.join(self.crews, here, "nothing", name + ".jsonl"))
        done = self.live_crew("greeter", code=65)
        for words in ("line/events.jsonl:2: error: ", "empty/events.jsonl:1: error: no events",
                      "context/context.json: error: ", "cassette/cassette.jsonl:1: ",
                      "expected/expected.jsonl:1: reaction: field 'slice' is missing",
                      "nothing/events.jsonl: error: cannot open it: No such file"):
            self.assertIn(here + words, done.stderr)
        self.assertIn(f"ok    {here}good (1 reaction,", done.stdout)
        self.assertIn(f"ERROR {here}line: it cannot be run\n", done.stdout)
        self.assertTrue(done.stdout.endswith("7 cases: 1 ok, 0 failed, 6 broken\n"), done.stdout)
        self.greeter(word="bye")
        self.assertIn("0 ok, 1 failed, 6 broken\n", self.live_crew("greeter", code=1).stdout)
        done = self.live_crew(here + "line", code=65)
        self.assertIn("1 case: 0 ok, 0 failed, 1 broken\n", done.stdout)

    def test_an_expectation_that_is_missing_and_a_wrong_crew(self):
        self.greeter()
        self.case()
        done = self.live_crew("greeter", code=66)
        self.assertIn("greeter/tests/one/expected.jsonl: error: no such file (--update writes it)",
                      done.stderr)
        self.live_crew("greeter", "--update")
        self.greeter(more="patience: 3\n")
        done = self.live_crew("greeter", code=78)
        self.assertRegex(done.stderr, r"greeter/greeter.runtime.yaml:5:1: error: .*patience")
        self.greeter(more="needs: [{type: crew, crew: nobody}]\n")
        self.assertIn("nobody", self.live_crew("greeter", code=78).stderr)

    def test_no_cases_are_no_success(self):
        self.greeter()
        for words, code, said in (
                (("greeter",), 66, "greeter: no cases: a case is a folder CREW/tests/CASE"),
                (("./...",), 66, "./...: no cases"),
                (("nowhere",), 66, "nowhere: no such folder"),
                (("--run", "("), 64, "--run '(' is not a regular expression")):
            self.assertIn(said, self.live_crew(*words, code=code).stderr)
        self.case()
        self.live_crew("./...", "--update")
        self.assertIn("leaves none of 1 cases", self.live_crew("./...", "--run", "x$", code=66).stderr)
        self.assertIn("./... looks in everything below", self.live_crew(code=66).stderr)

    def test_cases_are_found_by_folder_by_name_and_below(self):
        self.greeter()
        for name in ("goal", "two_goals", "late"):
            self.case(f"greeter/tests/{name}")
        self.case("tests/together")
        self.write("tests/unit/test_something.py", "")
        self.write("greeter/tests/.hidden/x", "")
        self.live_crew("./...", "--update")
        here = ["greeter/tests/goal", "greeter/tests/late", "greeter/tests/two_goals"]
        for words, cwd, found in (
                (("./...",), ".", ["tests/together", *here]),
                (("...",), ".", ["tests/together", *here]),
                ((), ".", ["tests/together"]),
                (("greeter",), ".", here),
                (("greeter/", "greeter/tests"), ".", here),
                ((), "greeter", [name.removeprefix("greeter/") for name in here]),
                (("greeter/tests/late", "."), ".", ["greeter/tests/late", "tests/together"]),
                (("./...", "--run", "goal"), ".", [here[0], here[2]]),
                (("./...", "--run", "/goal$"), ".", [here[0]])):
            with self.subTest(words=words, cwd=cwd):
                done = self.live_crew(*words, cwd=os.path.join(self.crews, cwd))
                self.assertEqual([line.split()[1] for line in done.stdout.splitlines()[:-1]], found)

    def test_needed_neighbours_run_too_and_others_do_not_matter(self):
        self.greeter()
        self.write("waiter/waiter.runtime.yaml", "crew: waiter\ntriggers: [goal]\n"
                   "timeout_ms: 20000\nneeds: [{type: crew, crew: greeter, offset: -1}]\n"
                   "outputs:\n  - kind: seen\n    greeted: \"{{ ctx['greeted'] }}\"\n")
        self.write("broken/broken.runtime.yaml", "crew: [\n")
        self.case("waiter/tests/one", GOAL, LATER)
        self.live_crew("waiter", "--update")
        lines = [json.loads(line) for line in self.read("waiter/tests/one/expected.jsonl").splitlines()]
        self.assertEqual([(line["slice"], line["crew"]) for line in lines[:-1]],
                         [(0, "greeter"), (1, "waiter"), (10, "greeter"), (11, "waiter")])
        self.assertEqual(lines[1]["actions"][0]["payload"], {"greeted": 1})
        self.live_crew("waiter")

    def test_models_are_asked_only_to_be_recorded(self):
        self.write("talker/talker.runtime.yaml", "crew: talker\ntriggers: [goal]\n"
                   "timeout_ms: 20000\nsystem_prompt: You comment.\n"
                   "user_template: \"Goal {{ event.payload }}, score {{ ctx['n'] }}\"\n"
                   "outputs:\n  - kind: line\n    text: \"{{ generated }}\"\n")
        self.case("talker/tests/one")
        self.write("talker/tests/one/context.json", '{"n": 1}')
        model = subprocess.Popen(["/usr/bin/python3", STAND_IN], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True)
        try:
            live = {"OPENAI_BASE_URL": json.loads(model.stdout.readline())["base_url"],
                    "OPENAI_API_KEY": "none"}
            self.live_crew("talker", "--update", **live)
            first = self.read("talker/tests/one/expected.jsonl")
            self.assertIn('"status":"error","error":"', first)
            self.assertIn("cassette of the case: crew 'talker' asks in slice 0 what is not on it", first)
            self.live_crew("talker", **live)
            done = self.live_crew("talker", "--record", **live)
            self.assertIn("wrote talker/tests/one/cassette.jsonl\n", done.stdout)
        finally:
            model.kill()
            model.wait()
            model.stdout.close()
        said = json.loads(self.read("talker/tests/one/expected.jsonl").splitlines()[0])
        self.assertEqual(said["status"], "ok")
        self.live_crew("talker")
        before = self.read("talker/tests/one/cassette.jsonl")
        done = self.live_crew("talker", "--record", code=65, **live)
        self.assertIn("crew 'talker' in slice 0: ", done.stderr)
        self.assertIn("nothing was written", done.stderr)
        self.assertEqual(self.read("talker/tests/one/cassette.jsonl"), before)
        self.live_crew("talker")


if __name__ == "__main__":
    unittest.main()
