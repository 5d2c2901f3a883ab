"""What the streams hold when a load is over, and whether it is what must follow from the load: every
event given once or accounted for, every action there once, and a journal that tells all of it."""

import hashlib
import json
import unittest

from chaos import CREWS
from journal_reader import Journal


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


class AftermathCase(unittest.TestCase):
    """A test that ends with a look at everything."""

    maxDiff = 4000

    def check_all(self, after):
        self.check_journal(after)
        self.check_actions(after)
        self.check_events(after)
        self.check_context(after)

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
