"""What is held against a crew, what is not, and what outlives the supervisor. The names begin with the
row of the fault catalogue that a test covers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "support"))
from supervisor_process import PROGRAMS, World, event
from worker_process import wait_for_exit

ACTIONS, ERRORS = ("live.m1." + name for name in ("actions", "errors"))
# Does what the event says, then answers.
OBEY = r"""
import json, os, signal, sys
for line in sys.stdin:
    order = json.loads(line)["events"][-1]["event"]["payload"]
    word, _, value = str(order).partition(":")
    if word == "exit":
        sys.exit(int(value))
    elif word == "signal":
        os.kill(os.getpid(), int(value))
    elif word == "hang":
        print("hanging", flush=True, file=sys.stderr)
        while True:
            pass
    elif word == "invalid":
        print("no JSON", flush=True)
        continue
    elif word == "error":
        print(json.dumps({"error": "cannot"}), flush=True)
        continue
    elif word == "progress":
        for step in range(int(value)):
            print(json.dumps({"progress": f"step {step}"}), flush=True)
            sum(range(2_000_000))  # the work of a step
    elif word == "memory":
        hog = bytearray(int(value) << 20)
        for i in range(0, len(hog), 4096):
            hog[i] = 1
    print(json.dumps({"actions": [{"kind": "did", "payload": order}]}), flush=True)
"""
SETTINGS = "triggers: [goal]\ntimeout_ms: 60000\n"


class RestartCase(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.client.subscribe("live.m1.>")

    def order(self, what):
        self.world.emit(event("goal", what))

    def failure(self):
        return self.world.next(ERRORS, lambda error: error["reason"] == "reaction_failed")["detail"]

    def did(self, what):
        return self.world.next(ACTIONS, lambda action: action["payload"] == what)

    def fails(self, what, outcome):
        self.order(what)
        failed = self.failure()
        self.assertEqual(failed["outcome"], outcome, failed)
        return failed

    def succeeds(self, what="well"):
        self.order(what)
        self.did(what)

    def crew(self, name="obey"):
        return self.world.crew_status(name)

    def until(self, holds):
        """Asks the supervisor until it holds; the crew as it is then."""
        while True:
            crew = self.crew()
            if holds(crew):
                return crew


class StrikesTest(RestartCase):
    def test_C01_the_third_failure_in_a_row_disables_once_and_nothing_starts_again(self):
        self.world.crew("obey", SETTINGS, OBEY)
        self.world.crew("other", "triggers: [other]\ntimeout_ms: 60000\n", OBEY)
        self.world.start()
        for strike in (1, 2, 3):
            self.assertEqual(self.fails("exit:1", "exit")["strikes"], strike)
        self.world.next(ERRORS, lambda error: error["reason"] == "disabled")
        self.order("well")
        self.world.emit(event("other", "afterwards"))
        # Up to the other crew's action there is no second word about it, and no action of it.
        while (message := self.world.client.next(60))[0] != ACTIONS:
            self.assertNotIn('"disabled"', message[1] if message[0] == ERRORS else "")
        self.assertEqual(json.loads(message[1])["payload"], "afterwards")
        crew = self.crew()
        self.assertEqual((crew["enabled"], crew["worker"]["state"], crew["worker"]["pid"]),
                         (False, "disabled", 0))

    def test_C02_a_success_between_failures_clears_them(self):
        self.world.crew("obey", SETTINGS, OBEY)
        self.world.start()
        for order in ("error", "error", "well", "error", "error"):
            self.succeeds() if order == "well" else self.fails(order, "error")
        self.assertEqual((self.crew()["enabled"], self.crew()["strikes"]), (True, 2))

    def test_C04_what_is_a_strike(self):
        self.world.crew("obey", "triggers: [goal]\ntimeout_ms: 700\n"
                                "limits: {memory_mb: 96}\n", OBEY)
        self.world.start()
        kinds = [("exit:3", "exit"), ("signal:11", "crash"), ("error", "error"),
                 ("invalid", "protocol"), ("hang", "timeout")]
        if "memory_mb" not in [each["limit"] for each in self.world.status()["limits_unenforced"]]:
            kinds.append(("memory:200", "oom"))
        for order, outcome in kinds:
            with self.subTest(order):
                self.assertEqual(self.fails(order, outcome)["strikes"], 1)
                self.succeeds()

    def test_C04_what_is_none(self):
        self.world.crew("obey", SETTINGS + "spare: off\n", OBEY)
        self.world.start()
        self.order("hang")
        self.until(lambda crew: crew["in_flight"] is not None)
        self.world.command("crew", "disable", "-s", "m1", "obey")
        self.assertEqual((self.failure()["outcome"], self.crew()["strikes"]), ("admin", 0))
        self.world.command("crew", "enable", "-s", "m1", "obey")
        self.succeeds()
        self.order("hang")
        self.until(lambda crew: crew["in_flight"] is not None)
        self.world.server.kill()
        os.kill(self.crew()["worker"]["pid"], signal.SIGKILL)
        self.until(lambda crew: crew["in_flight"] is None)
        crew = self.crew()
        self.assertEqual((crew["strikes"], crew["worker"]["pid"]), (0, 0))  # nothing restarts
        self.world.server.start()
        self.until(lambda crew: crew["worker"]["state"] == "idle")

    def test_C08_when_the_server_dies_under_many_crews_none_is_disabled(self):
        names = [f"crew{i}" for i in range(12)]
        for name in names:
            self.world.crew(name, "triggers: [goal]\ntimeout_ms: 6000\nmax_errors: 1\n", OBEY)
        supervisor = self.world.start()
        self.order("hang")
        # Each has its order: one whose worker still starts would get it only from another server.
        while any(crew["worker"]["state"] != "reacting" for crew in self.world.status()["crews"]):
            pass
        self.world.server.kill()
        supervisor.wait_for("NATS lost")
        while self.world.status()["reactions_in_flight"] > 0:
            pass  # every one is killed at its deadline
        self.assertTrue(all(crew["enabled"] and crew["strikes"] == 0
                            for crew in self.world.status()["crews"]))
        self.world.server.start()
        supervisor.wait_for("NATS back")
        while any(crew["worker"]["state"] != "idle" for crew in self.world.status()["crews"]):
            pass

    def test_C11_events_that_kill_every_worker_are_not_given_again(self):
        self.world.crew("obey", SETTINGS, OBEY)
        self.world.start()
        for _ in range(3):
            self.fails("signal:9", "crash")
        self.world.next(ERRORS, lambda error: error["reason"] == "disabled")
        self.world.command("crew", "enable", "-s", "m1", "obey")
        self.succeeds()
        self.assertEqual(self.crew()["strikes"], 0)


class DurableTest(RestartCase):
    def disable(self):
        supervisor = self.world.start()
        for _ in range(3):
            self.fails("exit:1", "exit")
        self.world.next(ERRORS, lambda error: error["reason"] == "disabled")
        return supervisor

    def test_C05_a_disabled_crew_stays_so_when_the_supervisor_is_killed(self):
        self.world.crew("obey", SETTINGS, OBEY)
        supervisor = self.disable()
        supervisor.end(signal.SIGKILL)
        supervisor = self.world.start()
        crew = self.crew()
        self.assertEqual((crew["enabled"], crew["disabled_why"], crew["worker"]["state"]),
                         (False, "3 consecutive failures", "disabled"))
        self.assertEqual(supervisor.end(), 0)
        with open(os.path.join(self.world.crews, "obey", "obey.runtime.yaml"), "a",
                  encoding="utf-8") as file:
            file.write("# mended\n")
        self.world.start()
        self.succeeds()

    def test_C05_what_an_operator_disabled_stays_so_whatever_becomes_of_its_file(self):
        self.world.crew("obey", SETTINGS, OBEY)
        supervisor = self.world.start()
        self.succeeds()
        self.world.command("crew", "disable", "-s", "m1", "obey")
        self.world.next(ERRORS, lambda error: error["reason"] == "disabled")
        supervisor.end(signal.SIGKILL)
        with open(os.path.join(self.world.crews, "obey", "obey.runtime.yaml"), "a",
                  encoding="utf-8") as file:
            file.write("# changed\n")
        self.world.start()
        self.assertEqual(self.crew()["disabled_why"], "by operator")

    def test_C06_enabling_starts_anew_and_twice_is_once(self):
        self.world.crew("obey", SETTINGS, OBEY)
        supervisor = self.disable()
        before = self.crew()["worker"]["restarts"]
        for _ in range(2):
            self.assertEqual(
                self.world.command("crew", "enable", "-s", "m1", "obey").returncode, 0)
        self.succeeds()
        crew = self.crew()
        self.assertEqual((crew["strikes"], crew["worker"]["failures"]), (0, 0))
        self.assertEqual(crew["worker"]["restarts"], before + 1)
        self.assertEqual(supervisor.end(), 0)
        self.world.start()
        self.assertTrue(self.crew()["enabled"])

    def test_C10_a_journal_that_cannot_be_read_stops_the_stream_until_its_loss_is_accepted(self):
        self.world.crew("obey", SETTINGS, OBEY)
        self.assertEqual(self.disable().end(), 0)
        before = len(self.world.journal())
        self.world.client.publish("live.m1.journal", '{"v":1,"stream":"m1"')
        self.world.client.flush()
        done = self.world.command("run", "-s", "m1", "--crews", self.world.crews)
        self.assertEqual(done.returncode, 65, done.stderr)
        self.assertRegex(done.stderr, f"record {before + 1} of the journal LIVE_m1_JOURNAL: not a record")
        self.assertIn("--accept-loss goes on", done.stderr)
        self.assertEqual(len(self.world.messages("LIVE_m1_JOURNAL")), before + 1)

        supervisor = self.world.start("--accept-loss")
        self.assertFalse(self.crew()["enabled"])
        lost = self.world.next(ERRORS, lambda error: error["reason"] == "journal_loss")
        self.assertEqual(lost["detail"]["records"], [before + 1, before + 1])
        self.assertEqual(supervisor.end(), 0)
        self.world.start()
        self.assertFalse(self.crew()["enabled"])

    def test_C10_a_state_that_cannot_be_written_is_written_later(self):
        self.world.crew("obey", SETTINGS, OBEY)
        supervisor = self.world.start()
        self.succeeds()
        self.world.server.kill()
        supervisor.wait_for("NATS lost")
        self.world.command("crew", "disable", "-s", "m1", "obey")
        self.world.server.start()
        supervisor.wait_for("NATS back")
        self.assertEqual(supervisor.end(), 0)
        self.world.start()
        self.assertFalse(self.crew()["enabled"])


class ContradictionTest(RestartCase):
    def test_C09_settings_that_contradict_each_other_are_refused_by_name(self):
        self.world.crew("obey", SETTINGS + "idle_timeout_ms: 60000\nsandbox: off\n"
                                           "sandbox_connect: [80]\n", OBEY)
        done = self.world.command("run", "-s", "m1", "--crews", self.world.crews)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertRegex(done.stderr, r"obey.runtime.yaml:5:18: error: idle_timeout_ms: 60000 is not "
                                      r"below timeout_ms, 60000")
        self.assertRegex(done.stderr, r"obey.runtime.yaml:7:18: error: sandbox_connect: has no effect")

    def test_users_for_crews_are_refused_when_they_are_too_few(self):
        if os.geteuid() != 0:
            self.skipTest("worker_uids needs root")
        for name in ("a", "b"):
            self.world.crew(name, SETTINGS, OBEY)
        done = self.world.command("run", "-s", "m1", "--crews", self.world.crews,
                                  LIVE_CREW_WORKER_UIDS="61000-61000")
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("1 users are too few for 2 crews", done.stderr)


class UserTest(RestartCase):
    def test_each_crew_is_a_user_of_its_own_and_is_killed_all_the_same(self):
        if os.geteuid() != 0:
            self.skipTest("worker_uids needs root")
        whoami = OBEY.replace('"payload": order', '"payload": [os.getuid(), os.getgid()]')
        for name in ("a", "b"):
            self.world.crew(name, "triggers: [goal]\ntimeout_ms: 1000\n", whoami)
        os.chmod(self.world.folder, 0o755)
        self.world.start(LIVE_CREW_WORKER_UIDS="61000-61009", TMPDIR="/tmp")
        self.order("well")
        users = sorted(self.world.next(ACTIONS)["payload"] for _ in range(2))
        self.assertEqual(users, [[61000, 61000], [61001, 61001]])
        self.assertEqual(self.fails("hang", "timeout")["worker"]["signal"], 9)


class ReportTest(RestartCase):
    def report(self, *more):
        return self.world.command("crew", "show", "-s", "m1", "obey", "--last-kill", *more)

    def test_a_kill_can_be_opened_also_after_a_restart(self):
        self.world.crew("obey", "triggers: [goal]\ntimeout_ms: 300\n", OBEY)
        supervisor = self.world.start(LIVE_CREW_STATE_DIR=os.path.join(self.world.folder, "state"))
        none = self.report()
        self.assertEqual(none.returncode, 1)
        self.assertIn("no kill report of crew 'obey'", none.stderr)
        failed = self.fails("hang", "timeout")
        worker = failed["worker"]
        self.assertGreaterEqual(worker["overshoot_us"], 0)
        self.assertGreaterEqual(worker["tree_gone_us"], worker["overshoot_us"])
        self.assertEqual((worker["during"], worker["signal"]), ("reacting", 9))
        self.assertGreater(worker["user_us"] + worker["system_us"], 0)
        report = json.loads(self.report("-o", "json").stdout)
        self.assertEqual((report["outcome"], report["output"]), ("timeout", "hanging\n"))
        self.assertEqual(report["overshoot_us"], worker["overshoot_us"])
        text = self.report().stdout
        self.assertRegex(text, r"killed +\d+\.\d{3} ms after the deadline")
        self.assertTrue(text.endswith("\nhanging\n"), text)
        self.assertIn("last kill", self.world.command("crew", "show", "-s", "m1", "obey").stdout)
        self.assertEqual(supervisor.end(), 0)
        with open(worker["report"], encoding="utf-8") as file:
            self.assertEqual(json.load(file), report)
        self.world.start(LIVE_CREW_STATE_DIR=os.path.join(self.world.folder, "state"))
        self.assertEqual(json.loads(self.report("-o", "json").stdout), report)

    def test_a_program_that_fails_leaves_its_last_words_although_its_worker_lives(self):
        raises = "import sys\nfor line in sys.stdin:\n    raise RuntimeError('no \\x1b[31mbananas')\n"
        self.world.crew("obey", SETTINGS, raises)
        supervisor = self.world.start()
        self.order("well")
        said = supervisor.wait_for("reaction failed")
        self.assertEqual(said["outcome"], "exit")
        self.assertIn("bananas", said["output"])
        text = self.report().stdout
        self.assertIn("RuntimeError: no \\x1b[31mbananas", text)  # shown, not done, by a terminal
        self.assertIn("exit:1", text)

    def test_only_the_last_few_reports_are_kept(self):
        self.world.crew("obey", SETTINGS + "max_errors: 100\n", OBEY)
        state = os.path.join(self.world.folder, "state")
        supervisor = self.world.start(LIVE_CREW_STATE_DIR=state)
        self.succeeds()  # from now on the stream has time, and enabling works
        for _ in range(7):
            pid = self.until(lambda crew: crew["worker"]["state"] == "idle")["worker"]["pid"]
            os.kill(pid, signal.SIGKILL)
            self.world.next(ERRORS, lambda error: error["reason"] == "worker_failed")
            self.world.command("crew", "enable", "-s", "m1", "obey")
        supervisor.end()
        self.assertEqual(sorted(os.listdir(os.path.join(state, "kills"))),
                         [f"obey.{i}.json" for i in range(3, 8)])

    def test_D11_a_folder_that_cannot_be_written_loses_nothing_but_the_file(self):
        self.world.crew("obey", "triggers: [goal]\ntimeout_ms: 300\n", OBEY)
        blocked = os.path.join(self.world.folder, "blocked")
        with open(blocked, "w", encoding="utf-8"):
            pass
        supervisor = self.world.start(LIVE_CREW_STATE_DIR=blocked)
        self.fails("hang", "timeout")
        supervisor.wait_for("kill report not saved")
        self.assertEqual(json.loads(self.report("-o", "json").stdout)["outcome"], "timeout")
        self.succeeds()


class SpareTest(RestartCase):
    def standby(self, crew):
        spares = crew["worker"]["spares"]
        return crew["worker"]["state"] == "idle" and [s["state"] for s in spares] == ["standby"]

    def test_a_spare_takes_over_after_a_kill_and_no_reaction_is_lost_or_doubled(self):
        self.world.crew("obey", "triggers: [goal]\ntimeout_ms: 400\nmax_errors: 9\n", OBEY)
        self.world.start()
        for number in range(3):
            spare = self.until(self.standby)["worker"]["spares"][0]["pid"]
            self.order("hang")
            self.until(lambda crew: crew["in_flight"] is not None)
            self.order(number)  # waits for the crew
            self.assertEqual(self.failure()["outcome"], "timeout")
            self.did(number)
            self.assertEqual(self.crew()["worker"]["pid"], spare)
            self.assertEqual(self.crew()["worker"]["restarts"], number + 1)
        self.succeeds("the last")
        done = self.world.command("metrics", "-s", "m1").stdout
        self.assertIn('livecrew_reactions_total{crew="obey",outcome="ok"} 4', done)
        self.assertIn("livecrew_kill_overshoot_seconds_count 3\n", done)
        self.assertIn("livecrew_tree_gone_seconds_count 3\n", done)
        self.until(self.standby)
        self.assertIn('livecrew_spares_waiting{crew="obey"} 1',
                      self.world.command("metrics", "-s", "m1").stdout)

    def test_a_spare_that_dies_is_no_strike_and_another_comes(self):
        self.world.crew("obey", SETTINGS, OBEY)
        self.world.start()
        spare = self.until(self.standby)["worker"]["spares"][0]["pid"]
        os.kill(spare, signal.SIGKILL)
        crew = self.until(
            lambda crew: self.standby(crew) and crew["worker"]["spares"][0]["pid"] != spare)
        self.assertEqual((crew["strikes"], crew["worker"]["restarts"]), (0, 0))

    def test_without_a_deadline_or_when_it_is_off_there_is_none(self):
        self.world.crew("obey", SETTINGS + "spare: off\n", OBEY)
        self.world.crew("patient", "triggers: [goal]\n", OBEY)
        self.world.start()
        self.succeeds()
        self.assertEqual([crew["worker"]["spares"] for crew in self.world.status()["crews"]],
                         [[], []])


class ProgressTest(RestartCase):
    def test_A04_a_long_reaction_lives_by_its_progress_and_a_silent_one_is_killed(self):
        self.world.crew("obey", SETTINGS + "idle_timeout_ms: 1000\n", OBEY)
        self.world.start()
        self.succeeds("progress:30")
        failed = self.fails("hang", "timeout")
        self.assertEqual(failed["detail"], "told no progress for 1000 ms")

    def test_A04_a_stopped_worker_is_found_by_its_silence(self):
        self.world.crew("obey", SETTINGS + "idle_timeout_ms: 1000\n", OBEY)
        self.world.start()
        self.order("progress:1000000")
        pid = self.until(lambda crew: crew["in_flight"] is not None)["worker"]["pid"]
        os.kill(pid, signal.SIGSTOP)
        self.assertEqual(self.failure()["detail"], "told no progress for 1000 ms")
        self.assertTrue(wait_for_exit(pid))


class ContainmentTest(RestartCase):
    def test_the_doctor_finds_what_a_supervisor_finds(self):
        self.world.crew("obey", SETTINGS, OBEY)
        self.world.start()
        done = self.world.command("doctor", "-o", "json")
        found, status = json.loads(done.stdout), self.world.status()
        self.assertEqual(found["containment"], status["containment"])
        self.assertEqual(found["limits_unenforced"], status["limits_unenforced"])
        self.succeeds()  # its worker has said what its sandbox lacks
        self.assertEqual(found["sandbox_missing"], self.crew()["worker"]["sandbox_missing"])
        self.assertEqual(done.returncode, 1 if found["advice"] else 0)

    def test_the_doctor_judges_the_server_that_it_reaches_and_no_other(self):
        told = self.world.command("doctor").stdout
        found = json.loads(self.world.command("doctor", "-o", "json").stdout)
        version = found["nats"]["version"]
        self.assertEqual((found["nats"]["reached"], found["nats"]["jetstream"]), (True, True))
        binary = shutil.which("nats-server") or "/usr/sbin/nats-server"
        self.assertIn(version, subprocess.run([binary, "-v"], capture_output=True, text=True,
                                              check=True).stdout)
        self.assertRegex(told, f"nats +{version} at nats://127.0.0.1:[0-9]+, alone, JetStream")
        for each in found["advice"]:
            self.assertIn(each["remedy"], told)
        closed = "nats://user:secret@127.0.0.1:1"
        done = self.world.command("doctor", "-o", "json", LIVE_CREW_NATS=closed)
        alone = json.loads(done.stdout)
        self.assertEqual(alone["nats"], {"url": "nats://<redacted>@127.0.0.1:1", "reached": False,
                                         "why": "127.0.0.1:1: Connection refused"})
        self.assertEqual([each for each in alone["advice"] if "nats" in each["lacks"]], [])
        self.assertEqual(done.returncode, 1 if alone["advice"] else 0)
        self.assertNotIn("secret", self.world.command("doctor", LIVE_CREW_NATS=closed).stdout)

    def test_B08_a_host_below_the_required_level_is_refused_and_another_one_told(self):
        self.world.crew("obey", SETTINGS, OBEY)
        hidden = ["unshare", "-m", "sh", "-c",
                  "umount -l /sys/fs/cgroup/unified 2>/dev/null; umount -l /sys/fs/cgroup "
                  "2>/dev/null; exec \"$0\" \"$@\"", PROGRAMS["lcsupervisor"], "-s", "m1",
                  "--crews", self.world.crews]
        if shutil.which("unshare") is None or subprocess.run(
                ["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("mounts cannot be hidden here")
        refused = subprocess.run(
            hidden, capture_output=True, text=True, check=False, timeout=60,
            env=self.world.environment({"LIVE_CREW_REQUIRE_CONTAINMENT": "cgroup"}))
        self.assertEqual(refused.returncode, 78, refused.stderr)
        self.assertRegex(refused.stderr, "require_containment: cgroup is asked for, this host gives "
                                         "(pidns|session)")
        running = subprocess.Popen(hidden, stderr=subprocess.DEVNULL,
                                   env=self.world.environment({}))
        self.addCleanup(running.wait)
        self.addCleanup(running.send_signal, signal.SIGTERM)
        heartbeat = self.world.next("live.m1.heartbeats")
        self.assertIn(heartbeat["containment"], ("pidns", "session"))
        self.assertEqual(self.world.status()["containment"], heartbeat["containment"])
        self.assertEqual({each["limit"] for each in self.world.status()["limits_unenforced"]},
                         {"memory_mb", "pids", "cpu_weight"})
        metrics = self.world.command("metrics", "-s", "m1").stdout
        self.assertIn('livecrew_containment{level="%s"} 1' % heartbeat["containment"], metrics)
        self.order("hang")
        self.until(lambda crew: crew["in_flight"] is not None)
        pid = self.crew()["worker"]["pid"]
        self.world.command("crew", "disable", "-s", "m1", "obey")
        self.until(lambda crew: crew["worker"]["state"] == "disabled")
        self.assertTrue(wait_for_exit(pid))


if __name__ == "__main__":
    unittest.main()
