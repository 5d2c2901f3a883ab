"""Several supervisors of one stream: one leads, the others stand by and take over; whoever has lost
the stream publishes nothing more. Each has a runtime folder of its own, as on a host of its own."""

import json
import os
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from supervisor_process import Supervisor, World, event

LEASE_S = 5
REACT = """
triggers: [frame]
max_errors: 1000
patch_template: |
  ctx['upto'] = {{ events[-1].payload.n }}
outputs:
  - kind: seen
    ttl_ms: 300000
    upto: "{{ events[-1].payload.n }}"
"""


class FailoverCase(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.native_crew("watch", REACT)
        self.world.client.subscribe("live.m1.actions")
        self.count = 0

    def supervisor(self, seat, **environment):
        """A supervisor with a runtime folder of its own; `seat` names it."""
        folder = os.path.join(self.world.folder, "run-" + seat)
        supervisor = Supervisor(self.world, "-s", "m1", "--crews", self.world.crews,
                                LIVE_CREW_RUNTIME_DIR=folder, **environment)
        self.world.supervisors.append(supervisor)
        return supervisor

    def reacts(self):
        """Emits an event and waits until it was reacted to."""
        self.count += 1
        self.world.emit(event("frame", {"n": self.count}))
        while True:
            _, text = self.world.client.next(60)
            if json.loads(text)["payload"]["upto"] >= self.count:
                return

    def role(self, seat):
        done = self.world.command("status", "-s", "m1", "-o", "json", LIVE_CREW_RUNTIME_DIR=(
            os.path.join(self.world.folder, "run-" + seat)))
        return json.loads(done.stdout)["role"]

    def check_journal(self):
        self.world.verified()
        records = self.world.journal()
        self.assertEqual([record["n"] for record in records], list(range(1, len(records) + 1)))
        for before, after in zip(records, records[1:]):
            self.assertEqual(after["prev"], before["hash"])
        ids = [msg_id for _, msg_id, _ in self.world.messages("LIVE_m1_ACTIONS")]
        self.assertEqual(len(ids), len(set(ids)))
        return records


class StandbyTest(FailoverCase):
    def pair(self):
        first = self.supervisor("a")
        first.wait_for("running")
        second = self.supervisor("b")
        self.assertEqual(second.wait_for("standing by")["leader"], os.uname().nodename)
        self.reacts()
        self.assertEqual((self.role("a"), self.role("b")), ("leader", "standby"))
        return first, second

    def test_a_standby_takes_over_from_a_leader_that_was_killed(self):
        first, second = self.pair()
        first.end(signal.SIGKILL)
        began = time.monotonic()
        second.wait_for("stream taken up")
        took = time.monotonic() - began
        self.reacts()
        self.assertEqual(self.role("b"), "leader")
        self.check_journal()
        self.assertGreater(took, LEASE_S - 2)  # it was not a leader's place to take at once
        self.assertLess(took, LEASE_S + 10)
        print(f"taken over after {took:.2f} s")

    def test_a_leader_that_is_told_to_stop_hands_over_at_once(self):
        first, second = self.pair()
        self.world.client.subscribe("live.m1.heartbeats")
        while json.loads(self.world.client.next(60)[1]).get("role") != "standby":
            pass  # the leader has heard it too
        began = time.monotonic()
        self.assertEqual(first.end(signal.SIGTERM), 0)
        second.wait_for("stream taken up")
        took = time.monotonic() - began
        self.assertLess(took, LEASE_S - 1)
        print(f"handed over within {took:.2f} s")
        self.reacts()
        self.check_journal()

    def test_a_leader_that_was_stopped_past_its_lease_publishes_nothing_more(self):
        first, second = self.pair()
        first.process.send_signal(signal.SIGSTOP)
        second.wait_for("stream taken up")
        self.reacts()
        records = len(self.world.journal())
        first.process.send_signal(signal.SIGCONT)
        first.wait_for("leadership lost")
        self.assertEqual(first.process.wait(60), 1)
        self.reacts()
        boots = {record["body"]["by"]["boot_id"] for record in self.check_journal()
                 if record["kind"] == "checkpoint"}
        self.assertEqual(len(boots), 2)
        self.assertGreater(len(self.world.journal()), records)

    def test_who_sits_where_the_leader_sat_does_not_wait(self):
        first = self.supervisor("a")
        first.wait_for("running")
        self.reacts()
        first.end(signal.SIGKILL)
        began = time.monotonic()
        again = self.supervisor("a")
        again.wait_for("stream taken up")
        took = time.monotonic() - began
        self.reacts()
        self.assertLess(took, LEASE_S - 1)
        print(f"went on after {took:.2f} s")
        self.check_journal()

    def test_a_server_that_was_away_longer_than_the_lease_changes_no_leader(self):
        first, _ = self.pair()
        self.world.client.close()
        self.world.server.kill()
        first.wait_for("NATS lost")
        self.world.server.start()
        first.wait_for("NATS back")
        self.world.client = type(self.world.client)(self.world.server)
        self.world.client.subscribe("live.m1.actions")
        self.reacts()
        self.check_journal()


if __name__ == "__main__":
    unittest.main()
