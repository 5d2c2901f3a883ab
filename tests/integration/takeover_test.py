"""Who takes a stream up where another one left it: time that passed meanwhile, actions that nobody
wants any more, a leader that was stopped, a new epoch, a journal that is cut."""

import datetime
import json
import os
import shutil
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from journal_reader import Journal
from slow_proxy import SlowProxy
from supervisor_process import PATIENCE_S, Supervisor, World, event

ACTIONS, ERRORS = ("live.m1." + name for name in ("actions", "errors"))
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
SLICE_MS = 100
# Without a program: its worker starts in milliseconds.
SAW = """
triggers: [goal]
outputs:
  - kind: saw
    ttl_ms: %d
    seen: "{{ events | map(attribute='payload') | list }}"
"""
# Answers with so many bytes.
BIG = r"""
import json, sys
for line in sys.stdin:
    size = json.loads(line)["events"][0]["event"]["payload"]
    print(json.dumps({"actions": [{"kind": "big", "payload": "x" * size}]}), flush=True)
"""


def microseconds(text):
    """Since 1970."""
    since = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH
    return since // datetime.timedelta(microseconds=1)


class TakeoverCase(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.native_crew("saw", SAW % 60_000)
        self.world.client.subscribe("live.m1.>")

    def start(self, *words, **environment):
        return self.world.start(*words, LIVE_CREW_SLICE_MS=str(SLICE_MS), **environment)

    def goal(self, number):
        self.world.emit(event("goal", number))

    def acted(self, number):
        """Waits for the action about an event."""
        return self.world.next(ACTIONS, lambda action: number in action["payload"]["seen"])

    def actions(self):
        return [(msg_id, json.loads(text)["payload"]["seen"])
                for _, msg_id, text in self.world.messages("LIVE_m1_ACTIONS")]

    def journal(self):
        journal = Journal(self.world.messages("LIVE_m1_JOURNAL"))
        self.assertEqual(journal.faults(), [])
        return journal

    def check(self, numbers):
        """Every event was told of once, by actions that the journal has."""
        actions = self.actions()
        self.assertEqual(sorted(n for _, seen in actions for n in seen), sorted(numbers))
        self.assertEqual([msg_id for msg_id, _ in actions], self.journal().actions())

    def exit_of(self, supervisor):
        """The status of one that ends by itself."""
        _, rest = supervisor.process.communicate(timeout=PATIENCE_S)
        supervisor.lines += rest.decode().splitlines()
        return supervisor.process.returncode


class TimeTest(TakeoverCase):
    def test_events_that_came_while_nobody_was_here_are_in_the_slices_of_their_times(self):
        supervisor = self.start()
        self.goal(0)
        self.acted(0)
        supervisor.end(signal.SIGKILL)
        quiet = self.world.connect()  # hears nothing: it waits as long as it is told
        self.addCleanup(quiet.close)
        for number in range(1, 60):
            quiet.publish("live.m1.events", event("goal", number))
            self.assertIsNone(quiet.next(SLICE_MS / 3000))
        self.start()
        self.goal("last")
        self.acted("last")
        journal = self.journal()
        events = [json.loads(text) for _, _, text in self.world.messages("LIVE_m1_EVENTS")]
        self.assertEqual(journal.late(), [])
        epoch0_us = journal.checkpoints()[0]["options"]["epoch0"]
        counts = {}
        for each in events:
            number = (microseconds(each["ts"]) - epoch0_us) // (SLICE_MS * 1000)
            counts[number] = counts.get(number, 0) + 1
        closed = journal.did("slices")
        last = max(each["slice"] for each in closed)
        self.assertEqual({each["slice"]: each["events"] for each in closed
                          if each["events"]}, {n: counts[n] for n in counts if n <= last})
        self.assertEqual([each["slice"] for each in closed],
                         sorted({each["slice"] for each in closed}))
        self.assertGreater(len(counts), 10)

    def test_actions_that_nobody_wants_any_more_are_dropped_and_told_of_once(self):
        self.world.native_crew("brief", SAW % 1)
        os.remove(os.path.join(self.world.crews, "saw", "saw.runtime.yaml"))
        os.rmdir(os.path.join(self.world.crews, "saw"))
        supervisor = self.start(LIVE_CREW_FAULT="kept:4")  # checkpoint, taken up, slice, outcome
        self.goal(1)
        self.assertEqual(self.exit_of(supervisor), -signal.SIGKILL)
        self.assertEqual(self.journal().actions(), ["m1.0.brief.0"])
        self.assertEqual(self.actions(), [])
        supervisor = self.start()
        told = self.world.next(ERRORS)
        self.assertEqual((told["reason"], told["detail"]),
                         ("actions_expired", {"count": 1, "ids": ["m1.0.brief.0"]}))
        self.assertIn("livecrew_actions_expired_total 1\n",
                      self.world.command("metrics", "-s", "m1").stdout)
        self.assertEqual(supervisor.end(), 0)
        self.start()
        self.goal(2)
        self.acted(2)
        errors = [json.loads(text) for _, _, text in self.world.messages("LIVE_m1_ERRORS")]
        self.assertEqual([error["reason"] for error in errors], ["actions_expired"])


class TwoTest(TakeoverCase):
    def start_elsewhere(self):
        return self.start(LIVE_CREW_RUNTIME_DIR=os.path.join(self.world.folder, "elsewhere"))

    def test_who_was_stopped_while_another_took_over_adds_nothing(self):
        older = self.start()
        self.goal(0)
        self.acted(0)
        self.goal(1)
        self.world.next("live.m1.ctx")
        older.process.send_signal(signal.SIGSTOP)
        newer = self.start_elsewhere()
        for number in (2, 3):
            self.goal(number)
            self.acted(number)
        older.process.send_signal(signal.SIGCONT)
        self.assertEqual(self.exit_of(older), 1)
        self.goal(4)
        self.acted(4)
        self.check(range(5))
        self.assertEqual(newer.end(), 0)


class LateServerTest(TakeoverCase):
    def test_a_server_that_answers_late_is_asked_again_on_the_same_connection(self):
        for word in (b"LIVE_m1_ERRORS", b"STREAM.MSG.GET.LIVE_m1_JOURNAL"):
            with self.subTest(word):
                proxy = SlowProxy(self.world.server.port, word)
                self.addCleanup(proxy.close)
                supervisor = Supervisor(self.world, "-s", "m1", "--crews", self.world.crews,
                                        LIVE_CREW_SLICE_MS=str(SLICE_MS), LIVE_CREW_NATS=proxy.url)
                supervisor.wait_for("stream not read yet")
                proxy.go_on()
                supervisor.wait_for("running")
                self.goal(word.decode())
                self.acted(word.decode())
                self.assertEqual(supervisor.end(), 0)
                self.assertNotIn("NATS lost", "".join(supervisor.lines))
        self.journal()


class ReplicasTest(TakeoverCase):
    def test_more_replicas_than_a_server_can_keep_are_a_wrong_configuration(self):
        done = self.world.command("run", "-s", "m1", "--crews", self.world.crews,
                                  LIVE_CREW_NATS_REPLICAS="3")
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("replicas > 1 not supported", done.stderr)
        self.assertIn("nats_replicas is 3", done.stderr)

    def test_a_stream_that_is_there_keeps_its_replicas_and_says_how_to_change_them(self):
        self.assertEqual(self.start().end(), 0)
        supervisor = self.start(LIVE_CREW_NATS_REPLICAS="3")
        told = [json.loads(line) for line in supervisor.lines
                if '"stream has another number of replicas"' in line]
        self.assertEqual({(each["jetstream"], each["has"], each["nats_replicas"])
                          for each in told},
                         {(f"LIVE_m1_{name}", 1, 3)
                          for name in ("EVENTS", "ACTIONS", "ERRORS", "JOURNAL")})
        self.assertIn("nats stream edit LIVE_m1_EVENTS --replicas 3",
                      [each["to_change"] for each in told])
        self.goal(1)
        self.acted(1)


class JournalTest(TakeoverCase):
    def test_without_a_journal_nothing_is_written_and_everything_else_works(self):
        for number in (0, 1):
            supervisor = self.start(LIVE_CREW_JOURNAL="false")
            self.goal(number)
            self.acted(number)
            self.assertEqual(supervisor.end(), 0)
        self.assertEqual(self.world.messages("LIVE_m1_JOURNAL"), [])

    def test_an_answer_that_no_record_has_room_for_holds_up_nobody(self):
        self.world.crew("big", "triggers: [big]\ntimeout_ms: 20000\n", BIG)
        self.start()
        for number, size in enumerate((700_000, 800_000, 1_048_200)):
            self.world.emit(event("big", size))
            if size < 786_432:
                self.world.next(ACTIONS, lambda action: action["kind"] == "big")
            else:
                failed = self.world.next(ERRORS)
                self.assertEqual((failed["reason"], failed["crew"]), ("reaction_failed", "big"))
            self.goal(number)
            self.acted(number)
        self.journal()

    def test_a_new_epoch_goes_on_with_the_chain_and_keeps_crews_disabled(self):
        self.world.native_crew("other", SAW % 60_000)
        supervisor = self.start()
        self.goal(0)
        self.acted(0)
        self.assertEqual(
            self.world.command("crew", "disable", "-s", "m1", "other").returncode, 0)
        self.assertEqual(supervisor.end(), 0)
        before = self.journal()
        supervisor = self.start("--new-epoch")
        self.goal(1)
        self.world.next("live.m1.ctx")
        self.assertFalse(self.world.crew_status("other")["enabled"])
        self.assertTrue(self.world.crew_status("saw")["enabled"])
        self.assertEqual(supervisor.end(), 0)
        after = self.journal()
        self.assertEqual([body["why"] for body in after.checkpoints()],
                         ["start", "stop", "epoch", "stop"])
        self.assertEqual(after.records[:len(before.records)], before.records)
        self.start()
        self.assertFalse(self.world.crew_status("other")["enabled"])

    def test_who_died_before_a_new_epoch_was_journaled_does_not_give_old_events_again(self):
        self.run_once()
        supervisor = self.start("--new-epoch", LIVE_CREW_FAULT="appended:1")
        self.goal(10)
        self.assertEqual(self.exit_of(supervisor), -signal.SIGKILL)
        supervisor = self.start()
        self.goal(11)
        self.acted(11)
        self.assertEqual(supervisor.end(), 0)
        journal = self.journal()
        self.assertEqual(journal.late(), [])
        self.assertEqual(journal.events(), [1, 2, 3, 4, 5])
        self.assertEqual([body["why"] for body in journal.checkpoints()],
                         ["start", "stop", "epoch", "stop"])

    def run_once(self):
        """Three events, then a clean end; the sequences of the journal's records."""
        supervisor = self.start()
        for number in range(3):
            self.goal(number)
            self.acted(number)
        self.assertEqual(supervisor.end(), 0)
        return [seq for seq, _, _ in self.world.messages("LIVE_m1_JOURNAL")]

    def ask(self, verb, **what):
        answer = self.world.client.request(f"$JS.API.STREAM.{verb}.LIVE_m1_JOURNAL",
                                           json.dumps(what))
        self.assertTrue(json.loads(answer)["success"], answer)

    def loss(self):
        """What was given up: as checkpoints have it, and as it was told."""
        records = [json.loads(text) for _, _, text in self.world.messages("LIVE_m1_JOURNAL")]
        lost = [record["body"]["loss"] for record in records if "loss" in record.get("body", {})]
        told = [json.loads(text) for _, _, text in self.world.messages("LIVE_m1_ERRORS")]
        self.assertEqual(lost, [error["detail"] for error in told
                                if error["reason"] == "journal_loss"])
        return lost[-1]["records"]

    def test_records_that_are_missing_at_the_end_are_not_passed_over_in_silence(self):
        sequences = self.run_once()
        for seq in sequences[-3:]:
            self.ask("MSG.DELETE", seq=seq)
        done = self.world.command("run", "-s", "m1", "--crews", self.world.crews,
                                  LIVE_CREW_SLICE_MS=str(SLICE_MS))
        self.assertEqual(done.returncode, 65, done.stderr)
        self.assertRegex(done.stderr, f"record {sequences[-1]} of the journal .*: it is missing")
        supervisor = self.start("--accept-loss")
        self.goal(3)
        self.acted(3)
        self.assertEqual(self.loss(), [sequences[-3], sequences[-1]])
        self.assertEqual(supervisor.end(), 0)
        self.assertEqual(self.start().end(), 0)

    def restart_server(self, between=lambda: None):
        self.world.client.close()
        self.world.server.kill()
        between()
        self.world.server.start()
        self.world.client = self.world.connect()
        self.world.client.subscribe("live.m1.>")

    def test_a_journal_whose_server_forgot_its_end_is_refused_until_the_loss_is_accepted(self):
        store = os.path.join(self.world.folder, "store", "jetstream", "$G", "streams",
                             "LIVE_m1_JOURNAL")
        older = os.path.join(self.world.folder, "older")
        first = self.run_once()[-1]
        self.restart_server(lambda: shutil.copytree(store, older))
        self.goal_and_end(3)
        last = self.world.messages("LIVE_m1_JOURNAL")[-1][0]
        self.assertGreater(last, first)

        def forget():
            shutil.rmtree(store)
            shutil.copytree(older, store)
        self.restart_server(forget)
        self.assertEqual(self.world.messages("LIVE_m1_JOURNAL")[-1][0], first)
        done = self.world.command("run", "-s", "m1", "--crews", self.world.crews,
                                  LIVE_CREW_SLICE_MS=str(SLICE_MS))
        self.assertEqual(done.returncode, 65, done.stderr)
        self.assertIn(f"ends with record {first}, but record {last} was acknowledged", done.stderr)
        self.assertEqual(self.world.messages("LIVE_m1_JOURNAL")[-1][0], first)
        supervisor = self.start("--accept-loss")
        self.goal(4)
        self.acted(4)
        self.assertEqual(self.loss(), [first + 1, last])
        self.assertEqual(supervisor.end(), 0)
        self.goal_and_end(5)

    def goal_and_end(self, number):
        supervisor = self.start()
        self.goal(number)
        self.acted(number)
        self.assertEqual(supervisor.end(), 0)

    def test_a_journal_that_aged_away_is_begun_anew_behind_its_last_number(self):
        sequences = self.run_once()
        self.ask("PURGE")
        supervisor = self.start()
        self.goal(3)
        self.acted(3)
        self.assertEqual(self.loss(), [1, sequences[-1]])
        self.assertEqual(supervisor.end(), 0)
        self.assertEqual(self.world.messages("LIVE_m1_JOURNAL")[0][0], sequences[-1] + 1)
        self.assertEqual(self.start().end(), 0)


if __name__ == "__main__":
    unittest.main()
