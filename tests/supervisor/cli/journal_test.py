"""`live-crew journal show|why|blame` on a short run whose answers are known: `journal_test.py
LIVE_CREW SIM_RECORDING`. The run is that of tests/supervisor/journal/match.h."""

import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BINARY = ""
SIM_RECORDING = ""
ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}


@functools.cache
def recording(*words):
    done = subprocess.run([SIM_RECORDING, *words], capture_output=True, text=True, timeout=60,
                          check=True)
    return done.stdout


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "m.rec").write_text(recording("match", "0"), encoding="utf-8")

    def journal(self, *words):
        return subprocess.run([BINARY, "journal", *words], capture_output=True, text=True,
                              cwd=self.root, env=ENVIRONMENT, timeout=60, check=False)

    def said(self, *words):
        done = self.journal(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def refused(self, code, said, *words):
        done = self.journal(*words)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertIn(said, done.stderr)


class Show(Case):
    def test_a_line_for_each_record(self):
        lines = self.said("show", "m.rec").splitlines()
        self.assertEqual([int(line.split()[0]) for line in lines], list(range(1, 20)))
        self.assertEqual(lines[7], "8 slice      2025-07-31T19:22:02.020Z event 3; slice 3 closed: "
                         "1 events, ready stats, waiting commentator (vision@-1); dispatched stats "
                         "3/1")

    def test_some_records_only(self):
        def numbers(*words):
            return [int(line.split()[0]) for line in self.said("show", "m.rec", *words).splitlines()]
        self.assertEqual(numbers("--record", "6"), [6])
        self.assertEqual(numbers("--from", "17"), [17, 18, 19])
        self.assertEqual(numbers("--to", "2"), [1, 2])
        self.assertEqual(numbers("--from", "5", "--to", "7"), [5, 6, 7])
        self.assertEqual(numbers("--slice", "5"), [12, 13, 14])
        self.refused(1, "no such record", "show", "m.rec", "--record", "20")
        self.refused(1, "a slice in which nothing happens leaves none", "show", "m.rec", "--slice",
                     "600")
        self.refused(64, "exclude each other", "show", "m.rec", "--record", "2", "--slice", "2")

    def test_json_is_the_records_themselves(self):
        records = [line for line in recording("match", "0").splitlines() if line[:6] == '{"v":1']
        self.assertEqual(self.said("show", "m.rec", "-o", "json").splitlines(), records)

    def test_damage_has_its_place(self):
        text = recording("match", "0").replace('"slice":3,"events":1', '"slice":3,"events":2')
        (self.root / "bad.rec").write_text(text, encoding="utf-8")
        done = self.journal("show", "bad.rec")
        self.assertEqual(done.returncode, 65)
        self.assertEqual(len(done.stdout.splitlines()), 7)
        line = 1 + next(i for i, row in enumerate(text.splitlines()) if '"slice":3,"events":2' in row)
        self.assertIn(f"bad.rec:{line}: its bytes have the hash", done.stderr)

    def test_every_record_of_random_runs_is_shown(self):
        for clock in ("wall", "event"):
            text = recording(clock, "5")
            (self.root / "r.rec").write_text(text, encoding="utf-8")
            count = json.loads(text.splitlines()[-1])["end"]["records"]
            self.assertEqual(len(self.said("show", "r.rec").splitlines()), count)


class Why(Case):
    def test_what_is_ready_and_by_whom_its_need_was_met(self):
        self.assertEqual(self.said("why", "commentator", "1", "m.rec"),
                         "commentator at slice 1 (closed by record 4)\n"
                         "batch     triggered in slice 1 by event 2\n"
                         "busy      no\n"
                         "stride    every slice\n"
                         "policy    all\n"
                         "need      vision@-1  [0, 0]  holds, by slice 0\n"
                         "decision  dispatched as attempt 1 (record 4)\n")

    def test_what_waits_and_for_what(self):
        for slice_, window in (("3", "[2, 2]"), ("4", "[2, 3]")):
            text = self.said("why", "commentator", slice_, "m.rec")
            self.assertIn("batch     triggered in slice 3 by event 3\n", text)
            self.assertIn(f"need      vision@-1  {window}  does not hold\n", text)
            self.assertIn("decision  waits because of vision@-1\n", text)
        text = self.said("why", "commentator", "5", "m.rec")
        self.assertIn("need      vision@-1  [2, 4]  holds, by slice 4\n", text)
        self.assertIn("decision  dispatched as attempt 1 (record 12)\n", text)

    def test_nothing_to_do_disabled_and_dropped(self):
        text = self.said("why", "commentator", "2", "m.rec")
        self.assertIn("batch     none", text)
        self.assertIn("decision  no batch\n", text)
        self.assertIn("decision  disabled: it sees ghosts\n", self.said("why", "vision", "7", "m.rec"))
        text = self.said("why", "commentator", "7", "m.rec")
        self.assertIn("does not hold; disabled: it sees ghosts\n", text)
        self.assertIn("decision  dropped: it needs vision@-1, but vision is disabled\n", text)
        self.assertIn('reported  dependency_disabled {"disabled":["vision"]', text)

    def test_json_says_the_same(self):
        said = json.loads(self.said("why", "commentator", "5", "m.rec", "-o", "json"))
        self.assertEqual(said["needs"], [{"need": "vision@-1", "from": 2, "to": 4, "holds": True,
                                          "first": 4, "last": 4}])
        self.assertEqual((said["verdict"], said["trigger"], said["events"], said["dispatched"]),
                         ("ready", 3, [3], [{"attempt": 1, "record": 12}]))

    def test_what_cannot_be_said(self):
        self.refused(1, "no crew 'nobody'", "why", "nobody", "3", "m.rec")
        self.refused(1, "slice 9 is not closed by record 19, the last one", "why", "stats", "9",
                     "m.rec")
        self.refused(1, "slice -1 was closed before record 1", "why", "--", "stats", "-1", "m.rec")
        self.refused(64, "CREW", "why", "a.b", "3", "m.rec")
        self.refused(64, "SLICE: 'x' is not a whole number", "why", "stats", "x", "m.rec")
        self.refused(66, "no.rec: cannot open it", "why", "stats", "3", "no.rec")
        self.refused(64, "name a recording FILE or a stream", "why", "stats", "3")


class Blame(Case):
    def test_each_write_and_what_made_the_last_one(self):
        self.assertEqual(self.said("blame", "scene", "m.rec"),
                         'vision 0/1 sets "pitch" (record 3); rev 1, beat 1\n'
                         'vision 4/1 sets "stands" (record 11); rev 4, beat 5\n'
                         'vision 5/1 sets "left" (record 13); rev 5, beat 6: lost to commentator\n'
                         'commentator 5/1 sets "right" (record 14); rev 5, beat 6\n'
                         "\nscene is as it is because of\n"
                         "commentator 5/1 (dispatched in record 12)\n"
                         "  event 3 goal 2025-07-31T19:22:01.600Z\n"
                         "  needed vision 4/1 (dispatched in record 10)\n"
                         "    event 4 frame 2025-07-31T19:22:02.100Z\n")

    def test_as_of_a_slice(self):
        self.assertTrue(self.said("blame", "scene", "m.rec", "--at", "4").startswith(
            'vision 0/1 sets "pitch" (record 3); rev 1, beat 1\n\n'))
        self.refused(1, "nobody wrote 'scene' in records 1 to ", "blame", "scene", "m.rec", "--at",
                     "0")

    def test_json_says_the_same(self):
        said = json.loads(self.said("blame", "line", "m.rec", "-o", "json"))
        self.assertEqual([w["value"] for w in said["writes"]], ["goal"])
        self.assertEqual([(c["depth"], c["crew"], c["slice"], [e["seq"] for e in c["events"]])
                          for c in said["causes"]],
                         [(0, "commentator", 1, [2]), (1, "vision", 0, [1])])
        self.assertEqual(json.loads(self.said("blame", "no", "m.rec", "-o", "json"))["writes"], [])

    def test_damage_on_the_way_is_told(self):
        lines = recording("wall", "1").splitlines()
        index = next(i for i, line in enumerate(lines) if line.startswith('{"seq":') and i > 50)
        del lines[index]
        (self.root / "bad.rec").write_text("\n".join(lines), encoding="utf-8")
        self.refused(65, "does not stand before it", "blame", "k0", "bad.rec")


class Ready(Case):
    def ready(self, *words):
        return json.loads(self.said("ready", *words, "m.rec"))

    def test_what_a_crew_was_given_and_what_came_of_it(self):
        said = self.ready("commentator", "5")
        self.assertEqual((said["record"], said["attempts"]), (12, 1))
        given = said["ready"]
        self.assertEqual((given["slice"], given["crew"], given["attempt"], given["nonce"]),
                         (5, "commentator", 1, "recorded"))
        self.assertEqual([(e["seq"], e["slice"], e["event"]["kind"]) for e in given["events"]],
                         [(3, 3, "goal")])
        self.assertEqual(given["ctx"], {"goals": 2, "line": "goal", "scene": "stands"})
        self.assertEqual(given["needs"]["vision"]["slice"], 4)
        outcome = said["outcome"]
        self.assertEqual((outcome["record"], outcome["outcome"], outcome["diff"]["set"]),
                         (14, "ok", {"scene": "right"}))
        self.assertEqual([action["kind"] for action in outcome["actions"]], ["line"])

    def test_a_reaction_that_failed_and_one_by_its_attempt(self):
        outcome = self.ready("stats", "1", "--attempt", "1")["outcome"]
        self.assertEqual((outcome["outcome"], outcome["detail"]),
                         ("timeout", "took longer than 200 ms"))

    def test_no_such_reaction_is_66_and_says_where_there_is_one(self):
        self.refused(66, "crew 'commentator' was not dispatched in slice 3; it was in slices 1, 5; "
                     "'live-crew journal why commentator 3' says why not",
                     "ready", "commentator", "3", "m.rec")
        self.refused(66, "no crew 'nobody'", "ready", "nobody", "1", "m.rec")
        self.refused(66, "slice 70 is not closed by record 19, the last one; it was in slices 1, 5",
                     "ready", "commentator", "70", "m.rec")
        self.refused(66, "no attempt 2 of crew 'vision' in slice 0: it had 1 to 1",
                     "ready", "vision", "0", "m.rec", "--attempt", "2")
        self.refused(64, "CREW", "ready", "a.b", "0", "m.rec")
        self.refused(64, "--attempt", "ready", "vision", "0", "m.rec", "--attempt", "0")
        self.refused(66, "absent.rec", "ready", "vision", "0", "absent.rec")


if __name__ == "__main__":
    BINARY, SIM_RECORDING = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    unittest.main(verbosity=2)
