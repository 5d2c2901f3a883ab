"""One stream on three hosts with a network between them, whose links are cut and healed. What was
acknowledged counts once; who cannot reach the others decides nothing."""

import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import network

REASON = network.why_not()
if not REASON:
    network.in_hub()

from supervisor_process import Supervisor, World, event

ROUNDS = int(os.environ.get("LC_NETWORK_ROUNDS", "4"))
SEED = int(os.environ.get("LC_NETWORK_SEED", str(random.SystemRandom().randrange(1 << 32))))

CREW = """
triggers: [{trigger}]
dispatch: event
timeout_ms: 20000
max_errors: 1000
spare: off
patch_template: |
  ctx['{key}'] = {{{{ events[-1].payload.n }}}}
outputs:
  - kind: saw_{key}
    ttl_ms: 300000
    upto: "{{{{ events[-1].payload.n }}}}"
"""
GATED = r"""
import json, os, sys
for line in sys.stdin:
    ready = json.loads(line)
    if os.path.exists("gate"):
        open("gate").read()
    print(json.dumps({"actions": [{"kind": "did", "payload": os.getpid(), "ttl_ms": 300000}]}),
          flush=True)
"""


@unittest.skipIf(REASON, f"no network namespaces here: {REASON}")
class NetworkCase(unittest.TestCase):
    def setUp(self):
        network.run("ip", "link", "set", "lo", "up")
        self.world = World(address="0.0.0.0")
        self.addCleanup(self.world.close)
        self.net = []
        self.supervisors = {}
        for subject in ("actions", "errors"):
            self.world.client.subscribe(f"live.m1.{subject}")

    def host(self, selector, wait="running"):
        """A supervisor on a host of its own; its number."""
        number = len(self.net)
        host = network.Host(number + 1)
        self.net.append(host)
        self.addCleanup(host.close)
        self.start(number, selector, wait)
        return number

    def start(self, number, selector, wait):
        host = self.net[number]
        supervisor = Supervisor(
            self.world, "-s", "m1", "--crews", self.world.crews, prefix=host.words(),
            LIVE_CREW_RUNTIME_DIR=os.path.join(self.world.folder, f"run-{number}"),
            LIVE_CREW_NATS=f"nats://{host.hub}:{self.world.server.port}",
            LIVE_CREW_SELECTOR=selector)
        self.world.supervisors.append(supervisor)
        self.supervisors[number] = supervisor
        if wait:
            supervisor.wait_for(wait)

    def status(self, number):
        done = self.world.command("status", "-s", "m1", "-o", "json",
                                  LIVE_CREW_RUNTIME_DIR=os.path.join(self.world.folder,
                                                                     f"run-{number}"))
        return json.loads(done.stdout) if done.returncode == 0 else None

    def worker_state(self, number, crew):
        status = self.status(number)
        for each in status["crews"] if status else []:
            if each["crew"] == crew and each["worker"]:
                return each["worker"]["state"]
        return None

    def until(self, wanted):
        while not (found := wanted()):
            pass
        return found

    def failure(self, reason):
        return self.world.next("live.m1.errors", lambda error: error["reason"] == reason)

    def check(self):
        """A journal that proves the run, and no action twice."""
        self.world.verified()
        ids = [msg_id for _, msg_id, _ in self.world.messages("LIVE_m1_ACTIONS")]
        self.assertEqual(len(ids), len(set(ids)))
        return ids


class CutTest(NetworkCase):
    def test_a_host_that_is_cut_off_loses_its_reaction_and_comes_back(self):
        self.world.crew("far", "triggers: [far]\ndispatch: event\nspare: off\n", GATED)
        gate = os.path.join(self.world.crews, "far", "gate")
        os.mkfifo(gate)
        self.host("none")
        for number in (self.host("far", "standing by"), self.host("far", "standing by")):
            self.until(lambda: self.worker_state(number, "far") == "idle")
        self.world.emit(event("far", 1))
        owner = self.until(lambda: next(
            (number for number in (1, 2) if self.worker_state(number, "far") == "reacting"), None))
        self.net[owner].cut()
        self.assertIn("is gone", self.failure("reaction_lost")["detail"]["why"])
        self.until(lambda: self.worker_state(3 - owner, "far") == "reacting")
        writer = os.open(gate, os.O_WRONLY)
        os.unlink(gate)
        os.close(writer)
        self.world.next("live.m1.actions")
        self.net[owner].heal()
        self.until(lambda: self.worker_state(owner, "far") == "idle")
        hosts = self.until(lambda: (crew := self.status(0)["crews"][0]["hosts"])
                           and len(crew) == 2 and crew)
        self.assertEqual(len(hosts), 2)
        self.net[3 - owner].cut()  # now the other one has to
        self.world.emit(event("far", 2))
        self.world.next("live.m1.actions")
        self.assertEqual(len(self.check()), 2)

    def test_a_leader_that_is_cut_off_decides_nothing_more(self):
        self.world.native_crew("watch", CREW.format(trigger="frame", key="upto"))
        for wait in ("running", "standing by"):
            self.host(".*", wait)
        self.until(lambda: self.worker_state(1, "watch") == "idle")
        self.world.emit(event("frame", {"n": 1}))
        self.world.next("live.m1.actions")
        self.net[0].cut()
        self.world.emit(event("frame", {"n": 2}))
        self.supervisors[1].wait_for("stream taken up")
        self.world.next("live.m1.actions")
        self.net[0].heal()
        self.supervisors[0].wait_for("leadership lost")
        self.assertEqual(self.supervisors[0].process.wait(60), 1)
        self.start(0, ".*", "standing by")
        self.world.emit(event("frame", {"n": 3}))
        self.world.next("live.m1.actions")
        self.assertEqual(len(self.check()), 3)


class LoadTest(NetworkCase):
    def test_links_are_cut_and_healed_under_load(self):
        print(f"LC_NETWORK_SEED={SEED} LC_NETWORK_ROUNDS={ROUNDS}")
        dice = random.Random(SEED)
        crews = [f"crew{i}" for i in range(3)]
        for crew in crews:
            self.world.native_crew(crew, CREW.format(trigger="frame", key=crew))
        self.host(".*", "running")
        self.host(".*", "standing by")
        self.host("crew[01]", "standing by")
        emitted = 0
        seen = {crew: [0] for crew in crews}
        for _ in range(ROUNDS):
            victim = dice.randrange(3)
            self.net[victim].cut()
            for _ in range(dice.randrange(5, 40)):
                emitted += 1
                self.world.emit(event("frame", {"n": emitted}))
            self.until_seen(seen, emitted)  # without it, whoever it is
            self.net[victim].heal()
            self.start_ended()
            self.until(lambda: all(self.status(number) for number in range(3)))
        for crew, counts in seen.items():
            self.assertEqual(counts, sorted(set(counts)), crew)  # nothing twice, nothing backwards
        self.assertEqual(len(self.check()), sum(len(counts) - 1 for counts in seen.values()))
        print(f"{ROUNDS} links cut and healed, {emitted} events, {len(self.world.journal())} records")

    def start_ended(self):
        """Who lost the lease has ended, and systemd would start it again."""
        for number, supervisor in list(self.supervisors.items()):
            if supervisor.process.poll() is not None:
                self.assertEqual(supervisor.process.returncode, 1)
                self.start(number, ".*", None)

    def until_seen(self, seen, upto):
        while any(counts[-1] != upto for counts in seen.values()):
            message = self.world.client.next(120)
            self.assertIsNotNone(message, f"no action; seen {seen}, wanted {upto}")
            if message[0] == "live.m1.actions":
                action = json.loads(message[1])
                seen[action["kind"].removeprefix("saw_")].append(action["payload"]["upto"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
