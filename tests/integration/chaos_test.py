"""A stream under load whose supervisor, server and workers are killed at random moments: every event
is given once or accounted for, every action leaves once, and the journal tells all of it.

LC_CHAOS_SEED repeats the choices of a run, LC_CHAOS_SECONDS and LC_CHAOS_EVERY_S set its length and
how often something is killed."""

import hashlib
import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from chaos import CREWS, Chaos, prepare
from journal_reader import Journal
from supervisor_process import World

SEED = int(os.environ.get("LC_CHAOS_SEED", "0")) or random.randrange(1, 1 << 32)
SECONDS = float(os.environ.get("LC_CHAOS_SECONDS", "60"))
EVERY_S = float(os.environ.get("LC_CHAOS_EVERY_S", "1.5"))


class Aftermath:
    """What the streams hold when everything is over."""

    def __init__(self, world):
        self.events = [(seq, json.loads(text)) for seq, _, text in world.messages("LIVE_m1_EVENTS")]
        self.actions = [(msg_id, json.loads(text))
                        for _, msg_id, text in world.messages("LIVE_m1_ACTIONS")]
        self.errors = [(msg_id, json.loads(text))
                       for _, msg_id, text in world.messages("LIVE_m1_ERRORS")]
        self.journal = Journal(world.messages("LIVE_m1_JOURNAL"))
        stored = [json.loads(text) for _, _, text in world.messages("KV_live_m1_ctx")]
        self.snapshot = [each for each in stored if each.get("kind") == "__context"][-1]

    def given(self, crew):
        """Numbers of the events that a crew was given in reactions that ended well."""
        return [event["n"] for _, action in self.actions if action["kind"] == crew + "_saw"
                for event in action["payload"]["seen"]]

    def lost(self, crew):
        """How many events of a crew its errors account for."""
        return sum(error["detail"]["events"] for _, error in self.errors
                   if error.get("crew") == crew and
                   error["reason"] in ("reaction_failed", "backlog_overflow"))


class ChaosTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        prepare(self.world)
        self.chaos = Chaos(self.world, SEED)
        self.addCleanup(self.chaos.close)

    def test_under_load_nothing_is_lost_doubled_or_unaccounted_for(self):
        self.chaos.start()
        self.chaos.run(SECONDS, EVERY_S)
        self.chaos.settle()
        self.assertEqual(self.chaos.stop(), 0, self.chaos.log_tail())
        self.world.client.close()  # that connection ended with the first server
        self.world.client = self.world.connect()
        after = Aftermath(self.world)
        self.tell(after)
        self.check_journal(after)
        self.check_actions(after)
        self.check_events(after)
        self.check_context(after)
        self.check_another_start_changes_nothing(after)

    def tell(self, after):
        print(f"LC_CHAOS_SEED={SEED}: {SECONDS:g} s, "
              f"{', '.join(f'{what} {n}' for what, n in sorted(self.chaos.counts.items()))}; "
              f"{len(after.events)} events, {len(after.journal.outcomes())} reactions, "
              f"{len(after.actions)} actions, {len(after.errors)} errors, "
              f"{len(after.journal.records)} records", flush=True)

    def check_journal(self, after):
        journal = after.journal
        self.assertEqual(journal.faults(), [])
        self.assertEqual(journal.events(), [seq for seq, _ in after.events])
        outcomes = journal.outcomes()
        self.assertEqual([key for key, times in outcomes.items() if times > 1], [])
        dispatched = journal.dispatched()
        self.assertEqual(len(dispatched), len(set(dispatched)))
        self.assertLessEqual(set(outcomes), set(dispatched))
        again = [(crew, number, attempt) for crew, number, attempt in set(dispatched) - set(outcomes)
                 if (crew, number, attempt + 1) not in dispatched]
        self.assertEqual(again, [], "reactions that never ended and were not ordered again")
        self.assertEqual(journal.closed(), sorted(journal.closed()))

    def check_actions(self, after):
        ids = [msg_id for msg_id, _ in after.actions]
        self.assertEqual(len(ids), len(set(ids)), "an action stands twice")
        self.assertEqual(sorted(ids), sorted(after.journal.actions()))
        ours = [msg_id for msg_id, _ in after.errors if msg_id.startswith("m1.j")]
        self.assertEqual(len(ours), len(set(ours)), "an error stands twice")
        self.assertEqual(len(ours), len(after.journal.did("errors")))

    def check_events(self, after):
        for crew, (_, kinds) in CREWS.items():
            wanted = {event["payload"]["n"] for _, event in after.events if event["kind"] in kinds}
            given = after.given(crew)
            self.assertEqual(len(given), len(set(given)), f"{crew} was given an event twice")
            self.assertLessEqual(set(given), wanted)
            self.assertEqual(len(wanted - set(given)), after.lost(crew), crew)

    def check_context(self, after):
        context = after.snapshot["ctx"]
        self.assertEqual(context, {key: len(after.given(crew)) for crew, (key, _) in CREWS.items()})
        text = json.dumps(context, sort_keys=True, separators=(",", ":"))
        self.assertEqual(after.journal.context(),
                         {"rev": after.snapshot["ctx_rev"],
                          "hash": hashlib.sha256(text.encode()).hexdigest()})

    def check_another_start_changes_nothing(self, before):
        self.chaos.start()
        self.chaos.beats(5)
        self.assertEqual(self.chaos.stop(), 0, self.chaos.log_tail())
        after = Aftermath(self.world)
        self.assertEqual(after.journal.faults(), [])
        self.assertEqual((after.actions, after.snapshot["ctx"]),
                         (before.actions, before.snapshot["ctx"]))
        new = after.journal.records[len(before.journal.records):]
        self.assertEqual({record["kind"] for record in new}, {"checkpoint", "slice"})
        self.assertEqual([[*entry] for record in new for entry in record.get("in", [])],
                         [["resume"]])


if __name__ == "__main__":
    unittest.main()
