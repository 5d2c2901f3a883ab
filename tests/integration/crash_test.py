"""The supervisor dies at every step of a decision's way out, again and again; afterwards everything
is as if it had never died: the same actions, each once, and the same context."""

import json
import os
import random
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from supervisor_process import PATIENCE_S, Supervisor, World, event

POINTS = ["appended", "checkpoint", "decided", "delivered", "dispatched", "kept", "left",
          "snapshot"]
SEED = int(os.environ.get("LC_CRASH_SEED", "0")) or random.randrange(1, 1 << 32)
EPOCH = "2026-03-01T12:%02d:%02d.%03dZ"

# Without programs: their workers start in milliseconds. `tally` waits for `vision`, so that a slice
# has phases; both write the context.
VISION = """
triggers: [frame]
max_errors: 1000
patch_template: |
  ctx['last_frame'] = {{ events[-1].payload.n }}
outputs:
  - kind: seen
    slice: "{{ slice }}"
    first: "{{ events[0].payload.n }}"
    count: "{{ events | length }}"
"""
TALLY = """
triggers: [frame, goal]
needs:
  - type: crew
    crew: vision
    offset: 0
wait_policy: all
max_errors: 1000
patch_template: |
  ctx['tally'] = outputs[0]['upto']
outputs:
  - kind: tally
    before: "{{ ctx['tally'] | default(-1) }}"
    upto: "{{ events[-1].payload.n }}"
    count: "{{ events | length }}"
"""


def file_of_events(count):
    """Event n lies 97 ms after the one before; every 10th is a goal."""
    lines = []
    for n in range(count):
        at_ms = n * 97
        kind = "goal" if n % 10 == 9 else "frame"
        lines.append(event(kind, {"n": n}, ts=EPOCH % (at_ms // 60_000, at_ms // 1000 % 60, at_ms % 1000)))
    return lines


class CrashCase(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.native_crew("vision", VISION)
        self.world.native_crew("tally", TALLY)

    def actions(self, world=None):
        found = (world or self.world).messages("LIVE_m1_ACTIONS")
        ids = [msg_id for _, msg_id, _ in found]
        self.assertEqual(len(ids), len(set(ids)), "an action stands twice")
        return {msg_id: text for _, msg_id, text in found}

    def context(self, world=None):
        """The last snapshot that was stored."""
        stored = [json.loads(text) for _, _, text in
                  (world or self.world).messages("KV_live_m1_ctx")]
        return [entry for entry in stored if entry.get("kind") == "__context"][-1]

    def outcomes(self, records):
        """How often each reaction ended, by crew and slice and attempt."""
        ended = {}
        for record in records:
            for entry in record.get("in", []):
                for kind in ("done", "failed"):
                    if kind in entry:
                        key = tuple(entry[kind][name] for name in ("crew", "slice", "attempt"))
                        ended[key] = ended.get(key, 0) + 1
        return ended


class EventClockTest(CrashCase):
    def run_to_end(self, world, fault=""):
        environment = {"LIVE_CREW_FAULT": fault} if fault else {}
        supervisor = Supervisor(world, "-s", "m1", "--crews", world.crews, "--clock", "event",
                                "--until-end", **environment)
        _, rest = supervisor.process.communicate(timeout=PATIENCE_S)
        supervisor.process.stderr.close()
        code = supervisor.process.returncode
        self.assertIn(code, (0, -signal.SIGKILL) if fault else (0,), rest.decode()[-3000:])
        return code

    def reference(self, events):
        world = World()
        self.addCleanup(world.close)
        world.native_crew("vision", VISION)
        world.native_crew("tally", TALLY)
        world.emit(*events)
        self.run_to_end(world)
        return world

    def test_killed_at_every_step_it_ends_with_what_an_undisturbed_run_ends_with(self):
        events = file_of_events(1200)
        reference = self.reference(events)
        self.world.emit(*events)
        dice = random.Random(SEED)
        kills = 0
        while True:
            point = POINTS[kills % len(POINTS)]
            # Small numbers: each run gets a little further than the one before.
            fault = f"{point}:{1 if point == 'checkpoint' else dice.randint(1, 6)}"
            with self.subTest(kills=kills, fault=fault, seed=SEED):
                if self.run_to_end(self.world, fault) == 0:
                    break  # the input's end came before the fault
            kills += 1
        print(f"killed {kills} times (LC_CRASH_SEED={SEED})")
        self.assertGreaterEqual(kills, 60)
        self.assertEqual(self.actions(), self.actions(reference))
        self.assertEqual(self.context(), self.context(reference))
        self.world.verified()
        again = self.outcomes(self.world.journal())
        self.assertEqual({(crew, n) for crew, n, _ in again},
                         {(crew, n) for crew, n, _ in self.outcomes(reference.journal())})
        self.assertEqual(set(again.values()), {1})


if __name__ == "__main__":
    unittest.main()
