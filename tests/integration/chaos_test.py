"""A stream under load whose supervisor, server and workers are killed at random moments: every event
is given once or accounted for, every action leaves once, and the journal tells all of it.

LC_CHAOS_SEED repeats the choices of a run, LC_CHAOS_SECONDS and LC_CHAOS_EVERY_S set its length and
how often something is killed."""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from aftermath import Aftermath, AftermathCase
from chaos import Chaos, prepare
from supervisor_process import World

SEED = int(os.environ.get("LC_CHAOS_SEED", "0")) or random.randrange(1, 1 << 32)
SECONDS = float(os.environ.get("LC_CHAOS_SECONDS", "60"))
EVERY_S = float(os.environ.get("LC_CHAOS_EVERY_S", "1.5"))


class ChaosTest(AftermathCase):
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
        self.check_all(after)
        self.check_another_start_changes_nothing(after)

    def tell(self, after):
        print(f"LC_CHAOS_SEED={SEED}: {SECONDS:g} s, "
              f"{', '.join(f'{what} {n}' for what, n in sorted(self.chaos.counts.items()))}; "
              f"{len(after.events)} events, {len(after.journal.outcomes())} reactions, "
              f"{len(after.actions)} actions, {len(after.errors)} errors, "
              f"{len(after.journal.records)} records", flush=True)

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
