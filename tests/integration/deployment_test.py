"""One stream, several hosts: each runs the crews that its selector matches, whoever leads. Each host
is a supervisor with a runtime folder of its own."""

import json
import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from supervisor_process import Supervisor, World, event

# Tells its process, and waits while there is a gate.
PROGRAM = r"""
import json, os, sys
for line in sys.stdin:
    ready = json.loads(line)
    seen = [event["event"]["payload"] for event in ready["events"]]
    if "hang" in seen:
        os.kill(os.getpid(), 19)
    if os.path.exists("gate"):
        open("gate").read()
    print(json.dumps({"diff": {"set": {ready["crew"]: ready["slice"]}},
                      "actions": [{"kind": "did", "payload": {"pid": os.getpid(), "seen": seen},
                                   "ttl_ms": 300000}]}), flush=True)
"""


class DeploymentCase(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        for subject in ("actions", "errors"):
            self.world.client.subscribe(f"live.m1.{subject}")
        self.hosts = {}
        self.unread = []  # messages that came before what was waited for

    def crew(self, name, settings=""):
        self.world.crew(name, f"triggers: [{name}]\ndispatch: event\nspare: off\n{settings}", PROGRAM)

    def folder(self, host):
        return os.path.join(self.world.folder, "run-" + host)

    def host(self, name, selector, wait="running"):
        supervisor = Supervisor(self.world, "-s", "m1", "--crews", self.world.crews,
                                LIVE_CREW_RUNTIME_DIR=self.folder(name),
                                LIVE_CREW_SELECTOR=selector)
        self.world.supervisors.append(supervisor)
        self.hosts[name] = supervisor
        supervisor.wait_for(wait)
        return supervisor

    def status(self, host):
        done = self.world.command("status", "-s", "m1", "-o", "json",
                                  LIVE_CREW_RUNTIME_DIR=self.folder(host))
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def worker(self, host, crew):
        status = self.status(host)
        return next(each for each in status["crews"] if each["crew"] == crew)["worker"]

    def until(self, wanted):
        """Asks until it is so; what was wanted. A test that waits for ever is ended by its runner."""
        while not (found := wanted()):
            pass
        return found

    def until_worker(self, host, crew, *states):
        return self.until(lambda: (self.worker(host, crew) or {}).get("state") in states)

    def take(self, subject, wanted):
        while True:
            for index, (where, message) in enumerate(self.unread):
                if where == subject and wanted(message):
                    del self.unread[index]
                    return message
            came = self.world.client.next(60)
            self.assertIsNotNone(came, f"nothing wanted on {subject}; seen: {self.unread}")
            self.unread.append((came[0], json.loads(came[1])))

    def did(self):
        return self.take("live.m1.actions", lambda _: True)["payload"]

    def failure(self, reason):
        return self.take("live.m1.errors", lambda error: error["reason"] == reason)

    def gate(self, crew):
        path = os.path.join(self.world.crews, crew, "gate")
        os.mkfifo(path)
        return path

    def open_gate(self, path):
        """Lets go whoever waits at it: at least one must."""
        writer = os.open(path, os.O_WRONLY)
        os.unlink(path)
        os.close(writer)

    def check(self, reactions):
        """Each reaction's action once, and a journal that proves it."""
        self.world.verified()
        ids = [msg_id for _, msg_id, _ in self.world.messages("LIVE_m1_ACTIONS")]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual(len(ids), reactions)


class SelectorTest(DeploymentCase):
    def test_crews_run_where_they_are_selected(self):
        self.crew("one")
        self.crew("two")
        self.host("a", "one")
        self.host("b", "two", wait="standing by")
        self.until_worker("b", "two", "idle")
        self.world.emit(event("one", 1), event("two", 2))
        pids = {tuple(did["seen"]): did["pid"] for did in (self.did(), self.did())}
        self.assertEqual(set(pids), {(1,), (2,)})
        self.assertIsNone(self.worker("a", "two"))
        self.assertIsNone(self.worker("b", "one"))
        hosts = {crew["crew"]: crew["hosts"] for crew in self.status("a")["crews"]}
        name = os.uname().nodename
        self.assertEqual(hosts, {"one": [name], "two": [name]})
        self.check(2)

    def test_a_crew_on_several_hosts_is_one_group(self):
        self.crew("both")
        self.host("a", ".*")
        self.host("b", ".*", wait="standing by")
        self.host("c", ".*", wait="standing by")
        for host in "abc":
            self.until_worker(host, "both", "idle")
        pids = []
        for number in range(40):
            self.world.emit(event("both", number))
            did = self.did()
            self.assertEqual(did["seen"], [number])
            pids.append(did["pid"])
        self.assertEqual(len(set(pids)), 3, pids)
        self.check(40)

    def test_a_crew_that_no_host_selects_is_told(self):
        self.crew("one")
        self.crew("two")
        self.host("a", "one")
        self.world.emit(event("two", 1))
        self.assertEqual(self.failure("crew_nowhere")["crew"], "two")
        hosts = {crew["crew"]: crew["hosts"] for crew in self.status("a")["crews"]}
        self.assertEqual(hosts["two"], [])
        self.host("b", "two", wait="standing by")
        self.assertEqual(self.did()["seen"], [1])  # it waited
        self.check(1)


class OwnerTest(DeploymentCase):
    def test_the_host_that_owns_a_worker_kills_it_at_its_deadline(self):
        self.crew("far", "timeout_ms: 400\nmax_errors: 2\n")
        self.host("a", "none")
        self.host("b", "far", wait="standing by")
        self.until_worker("b", "far", "idle")
        for number in range(2):
            self.world.emit(event("far", "hang"))
            error = self.failure("reaction_failed")
            self.assertEqual(error["detail"]["outcome"], "timeout")
            self.assertIn(os.uname().nodename, error["detail"]["detail"])
            self.assertGreaterEqual(error["detail"]["worker"]["overshoot_us"], 0)
            self.assertEqual(error["detail"]["strikes"], number + 1)
        self.failure("disabled")
        self.until_worker("b", "far", "disabled")
        refused = self.world.command("crew", "enable", "-s", "m1", "far",
                                     LIVE_CREW_RUNTIME_DIR=self.folder("b"))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("stands by; ask the one that leads, on host", refused.stderr)
        enabled = self.world.command("crew", "enable", "-s", "m1", "far",
                                     LIVE_CREW_RUNTIME_DIR=self.folder("a"))
        self.assertEqual(enabled.returncode, 0, enabled.stderr)
        self.until_worker("b", "far", "idle")
        self.world.emit(event("far", 3))
        self.assertEqual(self.did()["seen"], [3])
        self.check(1)

    def test_a_worker_that_dies_at_rest_on_another_host_is_a_strike(self):
        self.crew("far")
        self.host("a", "none")
        self.host("b", "far", wait="standing by")
        self.until_worker("b", "far", "idle")
        self.world.emit(event("far", 1))
        self.did()
        os.kill(self.worker("b", "far")["pid"], signal.SIGSEGV)
        error = self.failure("worker_failed")
        self.assertEqual((error["crew"], error["detail"]["outcome"]), ("far", "crash"))
        self.assertEqual(error["detail"]["strikes"], 1)
        self.until_worker("b", "far", "idle")
        self.world.emit(event("far", 2))
        self.assertEqual(self.did()["seen"], [2])


class HostLostTest(DeploymentCase):
    def three(self):
        """A leader without the crew, two hosts with it; who of them works at the gate, and who not."""
        self.crew("far")
        gate = self.gate("far")
        self.host("a", "none")
        for host in "bc":
            self.host(host, "far", wait="standing by")
            self.until_worker(host, "far", "idle")
        self.world.emit(event("far", 1))
        owner = self.until(lambda: next(
            (host for host in "bc" if self.worker(host, "far")["state"] == "reacting"), None))
        return gate, owner, "c" if owner == "b" else "b"

    def test_what_a_host_had_that_is_gone_is_dispatched_anew(self):
        gate, owner, other = self.three()
        os.unlink(gate)
        self.hosts[owner].end(signal.SIGKILL)
        lost = self.failure("reaction_lost")
        self.assertIn("is gone", lost["detail"]["why"])
        self.assertEqual(lost["detail"]["attempt"], 1)
        self.assertEqual(self.did()["pid"] > 0, True)
        self.until_worker(other, "far", "idle")
        self.check(1)

    def test_a_host_that_is_told_to_stop_gives_back_what_it_has(self):
        gate, owner, other = self.three()
        os.unlink(gate)
        self.assertEqual(self.hosts[owner].end(signal.SIGTERM), 0)
        self.assertIn("is gone", self.failure("reaction_lost")["detail"]["why"])
        self.did()
        self.until_worker(other, "far", "idle")
        self.check(1)

    def test_a_host_that_was_stopped_counts_as_gone_and_comes_back(self):
        gate, owner, other = self.three()
        self.hosts[owner].process.send_signal(signal.SIGSTOP)
        self.assertIn("is gone", self.failure("reaction_lost")["detail"]["why"])
        self.until_worker(other, "far", "reacting")
        self.open_gate(gate)  # both go on; the one that nobody awaits is refused
        self.assertEqual(self.did()["seen"], [1])
        self.assertEqual(self.failure("done_stale")["crew"], "far")
        self.hosts[owner].process.send_signal(signal.SIGCONT)
        self.until_worker(owner, "far", "idle")
        self.hosts[other].end(signal.SIGTERM)
        self.world.emit(event("far", 2))
        self.assertEqual(self.did()["seen"], [2])
        self.check(2)

    def test_a_host_that_comes_back_drops_what_nobody_awaits(self):
        gate, owner, other = self.three()
        self.hosts[owner].process.send_signal(signal.SIGSTOP)
        self.failure("reaction_lost")
        self.until_worker(other, "far", "reacting")
        stray = self.hosts[owner]
        stray.process.send_signal(signal.SIGCONT)
        self.assertEqual(stray.wait_for("reaction dropped: the leader does not await it")["crew"],
                         "far")
        self.open_gate(gate)
        self.did()
        self.until_worker(owner, "far", "idle")
        self.check(1)

    def test_who_takes_over_dispatches_anew_what_its_own_worker_had(self):
        self.crew("far")
        gate = self.gate("far")
        first = self.host("a", "none")
        second = self.host("b", "far", wait="standing by")
        self.until_worker("b", "far", "idle")
        self.world.emit(event("far", 1))
        self.until_worker("b", "far", "reacting")
        os.unlink(gate)
        first.end(signal.SIGKILL)
        second.wait_for("stream taken up")
        self.assertEqual(self.did()["seen"], [1])
        self.check(1)


if __name__ == "__main__":
    unittest.main()
