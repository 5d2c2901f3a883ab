"""lcsupervisor on a private nats-server: events in, crews woken, actions, context and errors out."""

import json
import os
import signal
import sys
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "support"))
from nats_client import Client, Server
from supervisor_process import World, event, now
from worker_process import wait_for_exit

EVENTS, ACTIONS, ERRORS, CTX = ("live.m1." + name for name in ("events", "actions", "errors", "ctx"))
HANG = "import sys\nfor line in sys.stdin:\n    while True:\n        pass\n"
# Answers only when the reaction's events say so: a reaction that a test can hold open.
HOLD = r"""
import json, sys
for line in sys.stdin:
    gate = json.loads(line)["events"][0]["event"]["payload"]["gate"]
    open(gate).read()
    print(json.dumps({"actions": [{"kind": "late", "payload": 1}]}), flush=True)
"""


class SupervisorTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def test_an_event_becomes_an_action_a_snapshot_and_a_heartbeat(self):
        self.world.crew("echo", "triggers: [goal]\ntimeout_ms: 20000\n")
        self.world.client.subscribe("live.m1.>")
        supervisor = self.world.start(LIVE_CREW_HEARTBEAT_S="1")
        self.assertEqual(self.world.next("live.m1.heartbeats")["kind"], "__hb")
        self.world.emit(event("goal", {"n": 1}))
        action = self.world.next(ACTIONS)
        self.assertEqual((action["kind"], action["payload"]), ("saw", [{"n": 1}]))
        self.assertEqual(action["ttl_ms"], 5000)
        snapshot = self.world.next(CTX, lambda message: message["ctx"])
        self.assertEqual((snapshot["kind"], list(snapshot["ctx"])), ("__context", ["echo"]))
        again = self.world.next(CTX)
        self.assertEqual(again["slice"], snapshot["slice"] + 1)  # also when nothing happens
        metrics = self.world.command("metrics", "-s", "m1").stdout
        self.assertIn('actions_sent_total{kind="saw"} 1', metrics)
        self.assertIn("livecrew_events_total 1", metrics)
        self.assertEqual(supervisor.end(), 0)

    def test_refused_events_are_reported_and_the_slice_goes_on(self):
        self.world.crew("echo", "triggers: [goal]\ntimeout_ms: 20000\n")
        self.world.client.subscribe("live.m1.>")
        self.world.start()
        for text, reason in [
                ("no JSON", "event_invalid"),
                (event("goal", 1, more=2), "event_invalid"),
                (event("__hb", 1), "event_invalid"),
                (event("goal", 1, stream="m2"), "event_wrong_stream"),
                (event("goal", 1, ts=now(90)), "event_too_far_ahead"),
                (event("goal", 1, ts="2018-09-23T18:45:00Z"), "event_invalid"),
                (event("goal", "x" * 300_000), "event_invalid")]:
            self.world.client.publish(EVENTS, text)
            error = self.world.next(ERRORS)
            self.assertEqual((error["kind"], error["reason"]), ("__error", reason), error)
            self.assertTrue(error["message"])
        self.world.emit(event("goal", "good"))
        self.assertEqual(self.world.next(ACTIONS)["payload"], ["good"])
        self.assertIn("livecrew_events_total 1\n", self.world.command("metrics", "-s", "m1").stdout)

    def test_a_hung_crew_is_killed_on_time_disabled_after_three_and_enabled_again(self):
        self.world.crew("hang", "triggers: [goal]\ntimeout_ms: 200\n", HANG)
        self.world.crew("echo", "triggers: [goal]\ntimeout_ms: 20000\n")
        self.world.client.subscribe("live.m1.>")
        self.world.start()
        for strike in (1, 2, 3):
            self.world.emit(event("goal", strike))
            failed = self.world.next(ERRORS, lambda error: error["reason"] == "reaction_failed")
            self.assertEqual((failed["crew"], failed["detail"]["outcome"]), ("hang", "timeout"))
            self.assertEqual(failed["detail"]["strikes"], strike)
        disabled = self.world.next(ERRORS, lambda error: error["reason"] == "disabled")
        self.assertEqual(disabled["crew"], "hang")
        self.assertFalse(self.world.crew_status("hang")["enabled"])
        self.assertIn(self.world.status()["containment"], ("cgroup", "pidns", "session"))
        self.assertTrue(self.world.crew_status("echo")["enabled"])
        self.assertEqual(self.world.command("crew", "enable", "-s", "m1", "hang").returncode, 0)
        self.assertTrue(self.world.crew_status("hang")["enabled"])
        unknown = self.world.command("crew", "enable", "-s", "m1", "hnag")
        self.assertNotEqual(unknown.returncode, 0)
        self.assertIn("did you mean 'hang'", unknown.stderr)
        self.assertIn("echo, hang", unknown.stderr)

    def test_answers_that_nobody_awaits_are_refused_and_a_broken_one_is_a_strike(self):
        self.world.crew("hold", "triggers: [goal]\n", HOLD)
        gate = os.path.join(self.world.crews, "hold", "gate")  # where a crew may look
        os.mkfifo(gate)
        self.world.client.subscribe("live.m1.>")
        self.world.start()
        self.world.emit(event("goal", {"gate": gate}))
        ready = self.next_ready("hold")
        subject = f"live.m1.slice.{ready['slice']}.hold.done"
        answer = {"v": 1, "stream": "m1", "slice": ready["slice"], "crew": "hold",
                  "attempt": ready["attempt"], "nonce": ready["nonce"], "status": "ok",
                  "lamport": ready["lamport"] + 1}
        for change, reason in [({"nonce": "0" * 32}, "done_forged"),
                               ({"crew": "other"}, "done_wrong_crew"),
                               ({"slice": ready["slice"] - 1}, "done_wrong_crew"),
                               ({"attempt": ready["attempt"] + 1}, "done_stale"),
                               ({"nonce": "0" * 32, "status": "maybe"}, "done_malformed")]:
            self.world.client.publish(subject, json.dumps({**answer, **change}))
            error = self.world.next(ERRORS)
            self.assertEqual(error["reason"], reason, error)
        self.assertEqual(self.world.crew_status("hold")["strikes"], 0)
        self.assertEqual(self.world.crew_status("hold")["in_flight"], ready["slice"])
        self.world.client.publish(subject, json.dumps({**answer, "status": "maybe"}))
        failed = self.world.next(ERRORS)
        self.assertEqual(failed["detail"]["outcome"], "protocol", failed)
        self.assertEqual(self.world.crew_status("hold")["strikes"], 1)

    def next_ready(self, crew):
        while True:
            subject, text = self.world.client.next(60)
            if subject.endswith(f".{crew}.ready"):
                return json.loads(text)

    def test_no_worker_outlives_a_supervisor_that_is_killed(self):
        self.world.crew("hang", "triggers: [goal]\n", HANG)
        self.world.client.subscribe("live.m1.>")
        supervisor = self.world.start()
        self.world.emit(event("goal", 1))
        self.next_ready("hang")
        pid = self.world.crew_status("hang")["worker"]["pid"]
        self.assertGreater(pid, 0)
        supervisor.end(signal.SIGKILL)
        self.assertTrue(wait_for_exit(pid))

    def test_a_restart_keeps_time_and_context_and_refuses_another_slice_length(self):
        self.world.crew("echo", "triggers: [goal]\ntimeout_ms: 20000\n")
        self.world.client.subscribe("live.m1.>")
        first = self.world.start()
        self.world.emit(event("goal", 1))
        snapshot = self.world.next(CTX, lambda message: message["ctx"])
        epoch0 = self.world.status()["epoch0"]
        self.assertEqual(first.end(), 0)
        second = self.world.start()
        self.assertEqual(self.world.next(CTX)["ctx"], snapshot["ctx"])
        self.assertEqual(self.world.status()["epoch0"], epoch0)
        self.assertEqual(second.end(), 0)
        refused = self.world.command("run", "-s", "m1", "--crews", self.world.crews,
                                     LIVE_CREW_SLICE_MS="250")
        self.assertEqual(refused.returncode, 78, refused.stderr)
        self.assertIn("slice_ms 500", refused.stderr)

    def test_nothing_acknowledged_is_lost_when_the_server_dies(self):
        self.world.crew("echo", "triggers: [goal]\ntimeout_ms: 20000\n")
        supervisor = self.world.start()
        self.world.emit(*(event("goal", n) for n in range(5)))
        self.world.server.kill()
        supervisor.wait_for("NATS lost")
        self.world.server.start()
        supervisor.wait_for("NATS back")
        self.world.emit(*(event("goal", n) for n in range(5, 10)))
        self.world.emit(event("last", 0))
        seen = set()
        while len(seen) < 10:
            seen |= set(self.actions_so_far())
        self.assertEqual(seen, set(range(10)))

    # The payloads of every action that the stream holds.
    def actions_so_far(self):
        client = Client(self.world.server)
        self.addCleanup(client.close)
        client.subscribe("inbox.actions")
        request = {"stream_name": "LIVE_m1_ACTIONS",
                   "config": {"deliver_subject": "inbox.actions", "ack_policy": "none",
                              "deliver_policy": "all"}}
        client.publish("$JS.API.CONSUMER.CREATE.LIVE_m1_ACTIONS", json.dumps(request))
        payloads = []
        while (message := client.next(1)) is not None:
            payloads += json.loads(message[1])["payload"]
        return payloads

    def test_only_selected_crews_run_here(self):
        self.world.crew("echo", "triggers: [goal]\ntimeout_ms: 20000\n")
        self.world.crew("other", "triggers: [foul]\ntimeout_ms: 20000\n")
        self.world.start(LIVE_CREW_SELECTOR="ec.*")
        self.assertIsNone(self.world.crew_status("other")["worker"])
        self.assertGreater(self.world.crew_status("echo")["worker"]["pid"], 0)


class StartTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def run_with(self, *words, **environment):
        return self.world.command("run", "-s", "m1", "--crews", self.world.crews, *words,
                                  **environment)

    def test_an_absent_server_is_waited_for_then_exit_69(self):
        self.world.crew("echo", "triggers: [goal]\n")
        self.world.server.kill()
        done = self.run_with("--require-nats", "1")
        self.world.server.start()
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertIn("cannot reach NATS at nats://127.0.0.1", done.stderr)

    def test_emit_asks_a_server_without_streams_for_a_while_then_exit_69(self):
        bare = Server("")
        self.addCleanup(bare.stop)
        done = self.world.command("emit", "-s", "m1", "-", text=event("goal", 1) + "\n",
                                  LIVE_CREW_NATS=bare.url)
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertIn("live-crew emit: ", done.stderr)

    def test_bad_crews_stop_the_start_with_their_places(self):
        self.world.crew("echo", "triggers: [goal]\nneeds: [{type: crew, crew: ehco}]\nspeed: 1\n"
                                "user_template: '{{ ( }}'\n")
        done = self.run_with()
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.stderr, r"echo\.runtime\.yaml:\d+:\d+: error: .*ehco")
        self.assertRegex(done.stderr, r"echo\.runtime\.yaml:\d+:\d+: error: .*speed")
        self.assertRegex(done.stderr, r"echo\.runtime\.yaml:\d+:\d+: error: user_template: unexp")

    def test_bad_settings_and_bad_crews_are_named_at_once(self):
        self.world.crew("echo", "triggers: [goal]\nspeed: 1\n")
        done = self.run_with(LIVE_CREW_SLICE_MS="0")
        self.assertEqual(done.returncode, 78)
        self.assertIn("LIVE_CREW_SLICE_MS", done.stderr)
        self.assertRegex(done.stderr, r"echo\.runtime\.yaml:\d+:\d+: error: .*speed")

    def test_bad_settings_stop_the_start(self):
        self.world.crew("echo", "triggers: [goal]\n")
        for environment, words in [({"LIVE_CREW_SLICE_MS": "0"}, "LIVE_CREW_SLICE_MS"),
                                   ({"LIVE_CREW_KV_BACKEND": "redis"}, "redis"),
                                   ({"LIVE_CREW_SELECTOR": "("}, "LIVE_CREW_SELECTOR"),
                                   ({"LIVE_CREW_SLICE_MSS": "1"}, "LIVE_CREW_SLICE_MSS")]:
            done = self.run_with(**environment)
            self.assertEqual(done.returncode, 78, (environment, done.stderr))
            self.assertIn(words, done.stderr)
        self.assertEqual(self.run_with("--until-end").returncode, 64)


if __name__ == "__main__":
    unittest.main()
