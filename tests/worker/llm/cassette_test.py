"""What a model answered is recorded in the done, and played back by a worker that asks nobody."""

import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "..", "support"))
from cassette import write_cassette
from model_server import Step, chat
from once_test import EXAMPLE, STAND_IN, OnceCase, goal, once

# Needs a key and a network that it does not have, unless something else answers.
TALKER = """
crew: talker
triggers: [goal]
user_template: "{{ ctx['score']['home'] }}-{{ ctx['score']['away'] }}"
patch_template: |
  ctx['last_line'] = outputs[0]['text']
outputs:
  - kind: line
    text: "{{ generated }}"
"""


def without_times(done):
    return {name: value for name, value in done.items() if name != "t_ms"}


class CassetteCase(OnceCase):
    def record(self, *steps, **ready):
        """The done of a reaction that a service answered, which is gone by now."""
        _, done, _, errors = self.ask(*steps, manifest=TALKER, ready=goal(**ready))
        self.assertIsNotNone(done, errors)
        return done

    def play(self, cassette, *arguments, environment=None, **ready):
        return once(self.crew(TALKER), goal(**ready), "--cassette", cassette, *arguments,
                    environment=environment)

    def cassette(self, *dones, **options):
        return write_cassette(self.folder, *dones, **options)


class RecordingTest(CassetteCase):
    def test_a_done_tells_what_was_asked_and_answered(self):
        done = self.record(Step(chat("What a goal!")))
        (call,) = done["model_calls"]
        self.assertRegex(call["request"], "^[0-9a-f]{64}$")
        self.assertEqual(call["answer"], "What a goal!")
        self.assertEqual(call["usage"], done["usage"])
        self.assertNotIn("model_calls_dropped", done)

    def test_a_failure_is_told_with_its_code(self):
        done = self.record(Step({"error": {"message": "bad key"}}, 401))
        (call,) = done["model_calls"]
        self.assertEqual((call["code"], call["error"]), ("denied", done["error"]))
        self.assertNotIn("answer", call)

    def test_an_answer_over_the_limit_is_used_and_only_counted(self):
        long = "x" * 300_000
        manifest = TALKER.replace('"{{ generated }}"', '"{{ generated[:3] }}"')
        _, done, code, errors = self.ask(Step(chat(long)), manifest=manifest)
        self.assertEqual(code, 0, errors)
        self.assertEqual(done["diff"]["set"], {"last_line": "xxx"})
        self.assertEqual(done["model_calls_dropped"], 1)
        self.assertNotIn("model_calls", done)

    def test_a_crew_that_asks_no_model_tells_nothing(self):
        for manifest, files in (
                ("crew: quiet\ntriggers: [goal]\noutputs:\n  - kind: k\n", {}),
                ("crew: quiet\ntriggers: [goal]\nrunner: [python3, -m, live_crew, quiet.py]\n",
                 {"quiet.py": "def react(ctx, events, slice):\n    pass\n"})):
            done, code, errors = once(self.crew(manifest, files=files), goal())
            self.assertEqual(code, 0, errors)
            self.assertEqual([name for name in done if name.startswith("model_calls")], [])


class PlaybackTest(CassetteCase):
    def test_the_match_day_commentator_says_the_same_again_without_its_model(self):
        manifest = os.path.join(EXAMPLE, "crews", "commentator", "commentator.runtime.yaml")
        with open(os.path.join(EXAMPLE, "try", "goal.json"), encoding="utf-8") as file:
            ready = file.read()
        with subprocess.Popen([sys.executable, STAND_IN, "--with-stdin"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as stand_in:
            url = json.loads(stand_in.stdout.readline())["base_url"]
            recorded, code, errors = once(manifest, ready, "--llm-url", url)
            stand_in.stdin.close()
            stand_in.wait(30)
        self.assertEqual(code, 0, errors)
        self.assertIn("Lionel Messi", recorded["model_calls"][0]["answer"])
        played, code, errors = once(manifest, ready, "--cassette", self.cassette(recorded))
        self.assertEqual(code, 0, errors)
        self.assertEqual(without_times(played), without_times(recorded))

    def test_a_failure_is_played_back_as_that_failure(self):
        recorded = self.record(Step({"error": {"message": "pay", "code": "insufficient_quota"}},
                                    429))
        played, code, errors = self.play(self.cassette(recorded))
        self.assertEqual((code, errors), (1, ""))
        self.assertIn("no quota left", played["error"])
        self.assertEqual(without_times(played), without_times(recorded))

    def test_each_slice_gets_its_own_answer_whatever_the_order(self):
        recorded = {number: self.record(Step(chat(f"at {number}")), slice=number)
                    for number in (84, 90, 87)}
        cassette = self.cassette(*recorded.values())
        for number in (90, 84, 87):
            played, _, errors = self.play(cassette, slice=number)
            self.assertEqual(without_times(played), without_times(recorded[number]), errors)

    def test_a_question_that_is_not_on_the_cassette_fails_with_advice(self):
        cassette = self.cassette(self.record(Step(chat("x"))))
        played, code, _ = self.play(cassette, ctx={"score": {"home": 9, "away": 9}})
        self.assertEqual((code, played["status"], played["actions"]), (1, "error", []))
        (call,) = played["model_calls"]
        self.assertEqual(call["code"], "not_found")
        for words in (cassette, "crew 'talker'", "slice 84", call["request"], "record the run again",
                      "--model live"):
            self.assertIn(words, played["error"])

    def test_the_variable_names_a_cassette_and_the_option_wins(self):
        first = self.cassette(self.record(Step(chat("first"))), name="first.jsonl")
        second = self.cassette(self.record(Step(chat("second"))), name="second.jsonl")
        environment = {"LIVE_CREW_CASSETTE": first}
        done, _, errors = once(self.crew(TALKER), goal(), environment=environment)
        self.assertEqual(done["diff"]["set"], {"last_line": "first"}, errors)
        done, _, errors = self.play(second, environment=environment)
        self.assertEqual(done["diff"]["set"], {"last_line": "second"}, errors)
        done, code, errors = once(self.crew(TALKER), goal(), environment={"LIVE_CREW_CASSETTE": ""})
        self.assertEqual((done, code), (None, 78))  # that is none: the service, and a key, are missed
        self.assertIn("OPENAI_API_KEY", errors)

    def test_a_cassette_that_cannot_be_read_is_78(self):
        absent = os.path.join(self.folder, "absent.jsonl")
        for path, words in ((absent, "No such file"), (self.folder, "it is a folder")):
            done, code, errors = self.play(path)
            self.assertEqual((done, code), (None, 78))
            self.assertIn(f"cassette {path}: ", errors)
            self.assertIn(words, errors)

    def test_every_wrong_line_of_a_cassette_is_named(self):
        cassette = self.cassette(self.record(Step(chat("x"))))
        with open(cassette, "a", encoding="utf-8") as file:
            file.write('{"crew":"talker"}\nnonsense\n')
        done, code, errors = self.play(cassette)
        self.assertEqual((done, code), (None, 78))
        self.assertIn(f"{cassette}:3: cassette entry: field 'slice' is missing", errors)
        self.assertIn(f"{cassette}:4: cassette entry: ", errors)

    def test_a_program_crew_reacts_as_ever_and_does_not_see_the_variable(self):
        manifest = "crew: talker\ntriggers: [goal]\nrunner: [python3, -m, live_crew, talker.py]\n"
        program = ("import os\n\ndef react(ctx, events, slice):\n"
                   "    ctx['seen'] = 'LIVE_CREW_CASSETTE' in os.environ\n")
        path = self.cassette(self.record(Step(chat("x"))))
        done, code, errors = once(self.crew(manifest, files={"talker.py": program}), goal(),
                                  environment={"LIVE_CREW_CASSETTE": path})
        self.assertEqual(code, 0, errors)
        self.assertEqual(done["diff"]["set"], {"seen": False})


if __name__ == "__main__":
    unittest.main()
