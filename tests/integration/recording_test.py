"""`live-crew record` and `replay --verify` on the streams of a real server: `recording_test.py
LIVE_CREW SIM_RECORDING`. The journal is that of a simulated run; no supervisor is needed."""

import contextlib
import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from nats_client import Client, Server

BINARY = ""
SIM_RECORDING = ""
EVENTS, JOURNAL = "LIVE_sim_EVENTS", "LIVE_sim_JOURNAL"


@functools.cache
def recording():
    """The recording of a run with checkpoints on its way."""
    done = subprocess.run([SIM_RECORDING, "event", "1"], capture_output=True, text=True,
                          timeout=60, check=True)
    return done.stdout


class Streams(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.root = pathlib.Path(folder)
        self.server = Server(f'jetstream {{ store_dir: "{folder}/jetstream" }}')
        self.stack.callback(self.server.stop)
        self.client = Client(self.server)
        self.stack.callback(self.client.close)
        self.client.subscribe("answers")

    def ask(self, subject, request=""):
        """The answer of the server, or of a stream that takes a message."""
        text = request if isinstance(request, str) else json.dumps(request)
        self.client.publish(subject, text, "answers")
        answer = json.loads(self.client.next()[1])
        self.assertNotIn("error", answer)
        return answer

    def fill(self, text=None):
        """Puts a recording's events and records where a supervisor has them."""
        for name, subject in ((EVENTS, "live.sim.events"), (JOURNAL, "live.sim.journal")):
            self.ask(f"$JS.API.STREAM.CREATE.{name}",
                     {"name": name, "subjects": [subject], "storage": "memory", "num_replicas": 1})
        for line in (text or recording()).splitlines():
            if line.startswith('{"seq":'):
                seq, event = line[7:-1].split(',"event":', 1)
                self.assertEqual(self.ask("live.sim.events", event)["seq"], int(seq))
            elif line.startswith('{"v":1,'):
                self.ask("live.sim.journal", line)

    def ends(self):
        states = [self.ask(f"$JS.API.STREAM.INFO.{name}")["state"] for name in (EVENTS, JOURNAL)]
        return [(state["messages"], state["last_seq"]) for state in states]

    def live_crew(self, *words, **more):
        return subprocess.run([BINARY, *words, "--nats", self.server.url], capture_output=True,
                              text=True, cwd=self.root, timeout=120, check=False, **more)

    def record(self, *words):
        return self.live_crew("record", "-s", "sim", *words)

    def verify(self):
        return self.live_crew("replay", "--verify", "-s", "sim", "-o", "json")

    def checkpoints(self):
        records = [json.loads(line) for line in recording().splitlines() if line[:5] == '{"v":']
        return [r["n"] for r in records if r["kind"] == "checkpoint" and r.get("part", 1) == 1]


class Recording(Streams):
    def test_a_stream_is_recorded_byte_for_byte_and_verified(self):
        self.fill()
        before = self.ends()
        done = self.record("-o", "run.rec")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertRegex(done.stderr, r"^recorded \d+ records \(1 to \d+\) and \d+ events of 'sim' "
                         r"into run.rec; run \w{64}\n$")
        self.assertEqual((self.root / "run.rec").read_text("utf-8"), recording())
        self.assertEqual(sorted(p.name for p in self.root.glob("run*")), ["run.rec"])
        self.assertEqual(self.record("-o", "-").stdout, recording())
        done = self.verify()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        end = json.loads(recording().splitlines()[-1])["end"]
        said = json.loads(done.stdout)
        self.assertEqual((said["records"], said["events"], said["run"]),
                         (end["records"], end["events"], end["run"]))
        self.assertEqual(self.ends(), before)

    def test_a_file_that_is_there_is_replaced_by_force_only(self):
        self.fill()
        target = self.root / "run.rec"
        target.write_text("precious", "utf-8")
        done = self.record("-o", "run.rec")
        self.assertEqual(done.returncode, 1)
        self.assertIn("run.rec is there already; --force replaces it", done.stderr)
        self.assertEqual(target.read_text("utf-8"), "precious")
        self.assertEqual(self.record("-o", "run.rec", "--force").returncode, 0)
        self.assertEqual(target.read_text("utf-8"), recording())

    def test_from_a_record_it_begins_with_the_checkpoint_before(self):
        self.fill()
        checkpoints = self.checkpoints()
        self.assertGreater(len(checkpoints), 2)
        done = self.record("-o", "run.rec", "--from", str(checkpoints[-1] - 1))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"({checkpoints[-2]} to ", done.stderr)
        done = self.live_crew("replay", "--verify", "run.rec", "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["first"], checkpoints[-2])
        done = self.record("-o", "x.rec", "--from", "999999")
        self.assertEqual(done.returncode, 66)
        self.assertIn("there is no record 999999", done.stderr)

    def test_when_old_events_are_gone_it_begins_behind_them(self):
        self.fill()
        last = self.ends()[0][1]
        self.ask(f"$JS.API.STREAM.PURGE.{EVENTS}", {"seq": last // 2})
        done = self.record("-o", "run.rec")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.live_crew("replay", "--verify", "run.rec", "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        first = json.loads(done.stdout)["first"]
        self.assertIn(first, self.checkpoints()[1:])
        done = self.verify()
        self.assertEqual((done.returncode, json.loads(done.stdout)["first"]), (0, first))
        done = self.record("-o", "all.rec", "--from", "1")
        self.assertEqual(done.returncode, 65)
        self.assertIn("names events that are gone from their stream: 1", done.stderr)
        self.assertFalse((self.root / "all.rec").exists())
        self.assertFalse((self.root / "all.rec.part").exists())

    def test_an_event_that_is_gone_from_the_middle_is_named(self):
        self.fill()
        last = self.ends()[0][1]
        self.ask(f"$JS.API.STREAM.MSG.DELETE.{EVENTS}", {"seq": last - 3})
        for done in (self.record("-o", "run.rec"), self.verify()):
            self.assertEqual(done.returncode, 65)
            self.assertRegex(done.stderr, rf"\b{last - 3}\b")

    def test_a_record_that_is_gone_is_named(self):
        self.fill()
        last = self.ends()[1][1]
        self.ask(f"$JS.API.STREAM.MSG.DELETE.{JOURNAL}", {"seq": last - 3})
        for done in (self.record("-o", "run.rec"), self.verify()):
            self.assertEqual(done.returncode, 65)
            self.assertIn(f"after record {last - 4} comes record {last - 2}: 1 missing", done.stderr)
        self.ask(f"$JS.API.STREAM.MSG.DELETE.{JOURNAL}", {"seq": last})
        done = self.verify()
        self.assertEqual(done.returncode, 65)

    def test_a_changed_record_is_found_where_it_is(self):
        lines = recording().splitlines()
        index = next(i for i, line in enumerate(lines) if ',"n":30,' in line)
        lines[index] = lines[index].replace('"settled":{"record":0', '"settled":{"record":1')
        self.fill("\n".join(lines))
        done = self.verify()
        self.assertEqual(done.returncode, 65)
        self.assertIn("LIVE_sim_JOURNAL:30: record 30: its bytes have the hash", done.stderr)

    def test_the_verbs_that_explain_read_the_stream_too(self):
        self.fill()
        (self.root / "run.rec").write_text(recording(), "utf-8")
        for words in (("show",), ("show", "--from", "20", "--to", "29"), ("show", "--record", "33"),
                      ("why", "crew0", "60"), ("blame", "k0")):
            with self.subTest(words=words):
                from_stream = self.live_crew("journal", *words, "-s", "sim")
                from_file = self.live_crew("journal", *words, "run.rec")
                self.assertEqual((from_stream.returncode, from_stream.stderr), (0, ""))
                self.assertEqual(from_stream.stdout, from_file.stdout)

    def test_no_journal_and_no_server(self):
        for done in (self.record("-o", "run.rec"), self.verify()):
            self.assertEqual(done.returncode, 66)
            self.assertIn("stream 'sim' has no journal at nats://", done.stderr)
        self.server.kill()
        for done in (self.record("-o", "run.rec", "--patience", "1"),
                     self.live_crew("replay", "--verify", "-s", "sim", "--patience", "1")):
            self.assertEqual(done.returncode, 69)
            self.assertIn("cannot reach NATS at nats://", done.stderr)


if __name__ == "__main__":
    BINARY, SIM_RECORDING = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    unittest.main(verbosity=2)
