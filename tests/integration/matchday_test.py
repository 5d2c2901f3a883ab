"""The match-day example: who waits, who runs in the goal's slice, and that a run repeats itself."""

import json
import os
import subprocess
import sys
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "support"))
from supervisor_process import World

EXAMPLE = os.path.join(TOP, "deploy", "examples", "matchday")
STAND_IN = os.path.join(TOP, "deploy", "examples", "model_stand_in", "stand_in.py")
GOAL_SLICE = 83


class MatchdayTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.model = subprocess.Popen(["/usr/bin/python3", STAND_IN], stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.end_model)
        self.environment = {"OPENAI_BASE_URL": json.loads(self.model.stdout.readline())["base_url"],
                            "OPENAI_API_KEY": "none",
                            "LIVE_CREW_PYTHON_DIR": os.path.join(TOP, "worker", "python")}

    def end_model(self):
        self.model.kill()
        self.model.wait()
        self.model.stdout.close()

    def run_match(self):
        """Every ready and done of the example's run, by (verb, crew, slice)."""
        self.world.client.subscribe("live.match42.slice.>")
        emitted = self.world.command("emit", "-s", "match42", os.path.join(EXAMPLE, "events.jsonl"))
        self.assertEqual(emitted.returncode, 0, emitted.stderr)
        done = self.world.command("run", "-s", "match42", "--crews", os.path.join(EXAMPLE, "crews"),
                                  "--config", os.path.join(EXAMPLE, "live-config.yaml"),
                                  "--clock", "event", "--until-end", **self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        control = {}
        while (message := self.world.client.next(0.5)) is not None:
            _, _, _, number, crew, verb = message[0].split(".")
            control[verb, crew, int(number)] = json.loads(message[1])
        return control

    def test_the_commentator_waits_in_the_goals_slice_and_runs_in_the_next(self):
        control = self.run_match()
        for crew in ("vision", "score_tracker", "emoji_overlay"):
            self.assertIn(("ready", crew, GOAL_SLICE), control)
            self.assertEqual(control["done", crew, GOAL_SLICE]["status"], "ok")
        self.assertNotIn(("ready", "commentator", GOAL_SLICE), control)
        ready = control["ready", "commentator", GOAL_SLICE + 1]
        self.assertEqual([(one["slice"], one["event"]["kind"]) for one in ready["events"]],
                         [(GOAL_SLICE, "goal_scored")])
        self.assertEqual(ready["needs"]["vision"]["slice"], GOAL_SLICE)
        self.assertEqual(ready["missing"], [])
        # What the score tracker wrote in the goal's slice is what the commentator reads in the next.
        self.assertNotIn("score", control["ready", "score_tracker", GOAL_SLICE]["ctx"])
        self.assertEqual(ready["ctx"]["score"], {"home": 1, "away": 0})
        line = control["done", "commentator", GOAL_SLICE + 1]
        self.assertEqual([action["kind"] for action in line["actions"]], ["commentary_line"])
        self.assertIn("last_line", line["diff"]["set"])

    def test_the_same_events_give_the_same_bytes(self):
        runs = [self.world.command("process", os.path.join(EXAMPLE, "events.jsonl"),
                                   "--crews", os.path.join(EXAMPLE, "crews"),
                                   "--config", os.path.join(EXAMPLE, "live-config.yaml"),
                                   LOG_LEVEL="ERROR", **self.environment) for _ in range(2)]
        for run in runs:
            self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(runs[0].stdout, runs[1].stdout)
        kinds = [json.loads(line)["kind"] for line in runs[0].stdout.splitlines()]
        self.assertEqual(kinds.count("score_update"), 4)
        self.assertEqual(kinds.count("commentary_line"), 4)

    def test_bad_events_run_nothing(self):
        path = os.path.join(self.world.folder, "events.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"ts":"2018-09-23T18:45:00Z","kind":"a","stream_id":"m1","payload":1}\n'
                       '{"ts":"soon","kind":"a b","stream_id":"m1","payload":1}\n')
        done = self.world.command("process", path, "--crews", os.path.join(EXAMPLE, "crews"))
        self.assertEqual((done.returncode, done.stdout), (65, ""))
        self.assertIn("events.jsonl:2: error: ", done.stderr)
        self.assertIn("soon", done.stderr)
        self.assertIn("a b", done.stderr)


if __name__ == "__main__":
    unittest.main()
