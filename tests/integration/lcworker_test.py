"""lcworker against a real nats-server: the contract between supervisor and worker."""

import json
import os
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cassette import write_cassette
from model_server import ModelServer, Step, chat
from nats_client import Client, Server
from worker_process import Worker, wait_for_exit, write_crew

# A program that answers as the first event of its batch tells it.
ECHO = r"""
import json, os, subprocess, sys
for line in sys.stdin:
    request = json.loads(line)
    assert "nonce" not in request
    do = request["events"][0]["event"]["payload"].get("do", "answer") if request["events"] else ""
    if do == "exit":
        sys.exit(3)
    if do == "crash":
        os.kill(os.getpid(), 6)
    if do == "exit and leave":  # a child keeps our output open
        subprocess.Popen(["sleep", "1000"])
        os._exit(3)
    if do == "babble":
        print("this is no JSON", flush=True)
        continue
    if do == "long":
        print(json.dumps({"actions": [], "usage": {"x": "x" * (1 << 20)}}), flush=True)
        continue
    if do == "large":
        print(json.dumps({"actions": [{"kind": "big", "payload": "x" * 100000}]}), flush=True)
        continue
    if do == "error":
        print(json.dumps({"error": "the ball is lost"}), flush=True)
        continue
    pids = [os.getpid()]
    if do == "children":
        for detached in (False, True):
            pids.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE,
                                         start_new_session=detached).pid)
    if do == "hang":
        print(json.dumps({"progress": {"pid": os.getpid()}}), flush=True)
        sys.stdin.read()
    print(json.dumps({"log": {"level": "info", "msg": "on the way"}}), flush=True)
    print(json.dumps({"diff": {"set": {"n": len(request["events"])}, "delete": ["old"]},
                      "actions": [{"kind": "echo", "payload": {"pids": pids,
                                                               "cwd": os.getcwd(),
                                                               "env": dict(os.environ)}}],
                      "usage": {"steps": 1}}), flush=True)
"""

MANIFEST = """
crew: echo
triggers: [ping]
timeout_ms: 60000
runner: ["/usr/bin/python3", "echo.py"]
"""


def ready(slice_number=0, do=None, events=1, nonce="n1", to=None):
    payload = {} if do is None else {"do": do}
    event = {"ts": "2018-09-23T18:45:00.000Z", "kind": "ping", "stream_id": "s", "payload": payload}
    return {"v": 1, "stream": "s", "slice": slice_number, "crew": "echo", "attempt": 1,
            "nonce": nonce, **({"to": to} if to else {}), "epoch0": "2018-09-23T18:45:00.000Z", "slice_ms": 500,
            "deadline_ms": None, "lamport": 41, "ctx": {"old": 1}, "ctx_rev": 7,
            "events": [{"seq": i + 1, "slice": slice_number, "event": event}
                       for i in range(events)],
            "needs": {}, "missing": []}


class WorkerCase(unittest.TestCase):
    server_config = ""

    def setUp(self):
        self.server = Server(self.server_config)
        self.addCleanup(self.server.stop)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.client = Client(self.server)
        self.addCleanup(lambda: self.client.close())
        self.client.subscribe("live.s.slice.*.*.done")
        self.reactions = 0

    def start(self, manifest=MANIFEST, url=None, **options):
        path = write_crew(self.folder, "echo", manifest, {"echo.py": ECHO})
        worker = Worker(url or self.server.url, path, **options)
        self.addCleanup(worker.stop)
        return worker

    def react(self, slice_number=0, **options):
        self.reactions += 1
        options.setdefault("nonce", f"r{self.reactions}")
        request = ready(slice_number, **options)
        self.client.publish(f"live.s.slice.{slice_number}.echo.ready", json.dumps(request))
        return self.done()

    def done(self, timeout_s=30):
        message = self.client.next(timeout_s)
        self.assertIsNotNone(message, "no done arrived")
        return json.loads(message[1])


class LcworkerTest(WorkerCase):
    def test_a_worker_takes_orders_to_its_own_supervisor_and_tells_which(self):
        workers = {boot_id: self.start(boot_id=boot_id) for boot_id in ("a.1", "b.2")}
        for worker in workers.values():
            self.assertEqual(worker.state()["state"], "ready")
        for number in range(20):
            to = ("a.1", "b.2")[number % 2]
            self.assertEqual(self.react(number, to=to)["slice"], number)  # one answer each
        told = {boot_id: [] for boot_id in workers}
        while sum(map(len, told.values())) < 40:
            for boot_id, worker in workers.items():
                worker.has_said_state()
                told[boot_id] += worker.orders
                worker.orders = []
        tags = set()
        for boot_id, first in (("a.1", 0), ("b.2", 1)):
            self.assertEqual([order["state"] for order in told[boot_id]], ["taken", "answered"] * 10)
            taken = told[boot_id][::2]
            self.assertEqual([order["slice"] for order in taken], list(range(first, 20, 2)))
            self.assertEqual({order["attempt"] for order in taken}, {1})
            tags |= {order["tag"] for order in taken}
        self.assertEqual(len(tags), 20)
        self.assertIsNone(self.client.next(0.05))

    def test_a_ready_is_answered_by_its_done(self):
        worker = self.start(environment={"SECRET": "x", "LANG": "C.UTF-8"})
        self.assertEqual(worker.state(), {"state": "ready", "missing": []})
        self.client.publish("live.s.slice.7.echo.ready", json.dumps(ready(7, events=2)))
        subject, text = self.client.next()
        done = json.loads(text)
        self.assertEqual(subject, "live.s.slice.7.echo.done")
        self.assertEqual((done["stream"], done["slice"], done["crew"]), ("s", 7, "echo"))
        self.assertEqual((done["attempt"], done["nonce"], done["lamport"]), (1, "n1", 42))
        self.assertEqual(done["status"], "ok")
        self.assertEqual(done["diff"], {"set": {"n": 2}, "delete": ["old"]})
        self.assertEqual(done["usage"], {"steps": 1})
        self.assertGreaterEqual(done["t_ms"], 0)
        payload = done["actions"][0]["payload"]
        self.assertEqual(os.path.realpath(payload["cwd"]), os.path.realpath(self.folder))
        self.assertEqual(payload["env"]["LIVE_CREW_CREW"], "echo")
        self.assertEqual(payload["env"]["LANG"], "C.UTF-8")
        self.assertNotIn("SECRET", payload["env"])

    def test_the_program_is_started_once(self):
        self.start().state()
        pids = [self.react(n)["actions"][0]["payload"]["pids"][0] for n in range(3)]
        self.assertEqual(len(set(pids)), 1)

    def test_a_ready_that_comes_again_is_answered_again_without_a_second_reaction(self):
        self.start().state()
        first = self.react(1, do="children", nonce="once")
        self.assertEqual(self.react(1, do="children", nonce="once"), first)
        another = self.react(1, do="children", nonce="twice")
        self.assertNotEqual(another["actions"], first["actions"])

    def test_a_batch_over_max_payload_comes_in_parts(self):
        self.start().state()
        text = json.dumps(ready(1, events=20_000)).encode()
        self.assertGreater(len(text), 2 << 20)
        size = 1_000_000
        pieces = [text[at:at + size] for at in range(0, len(text), size)]
        for i, piece in enumerate(pieces, 1):
            head = f"LC-PART batch {i} {len(pieces)}\n".encode()
            self.client.publish("live.s.slice.1.echo.ready", head + piece)
        self.assertEqual(self.done()["diff"]["set"], {"n": 20_000})

    def test_a_batch_with_a_lost_part_is_given_up_and_the_next_one_served(self):
        self.start().state()
        self.client.publish("live.s.slice.1.echo.ready", b"LC-PART a 2 3\nxxx")
        self.assertEqual(self.react(2)["slice"], 2)

    def test_a_foreign_or_broken_ready_is_not_answered(self):
        worker = self.start()
        worker.state()
        self.client.publish("live.s.slice.1.echo.ready", "{broken")
        self.client.publish("live.s.slice.2.echo.ready", json.dumps(ready(1)))
        self.assertEqual(self.react(3)["slice"], 3)
        self.assertIn("ready refused", worker.said())

    def test_end_of_input_ends_the_worker_and_all_that_it_started(self):
        worker = self.start()
        worker.state()
        pids = self.react(do="children")["actions"][0]["payload"]["pids"]
        self.assertEqual(len(pids), 3)
        worker.close_stdin()
        self.assertEqual(worker.wait(), 0)
        for pid in pids:
            self.assertTrue(wait_for_exit(pid), f"process {pid} is left over")

    def test_end_of_input_ends_a_reaction_that_hangs_without_a_done(self):
        worker = self.start()
        worker.state()
        self.client.publish("live.s.slice.1.echo.ready", json.dumps(ready(1, do="hang")))
        self.client.flush()
        worker.close_stdin()
        self.assertEqual(worker.wait(), 0)
        self.client.flush()
        self.assertIsNone(self.client.next(0))

    def test_B07_a_supervisor_that_died_before_it_looked_is_noticed_by_the_end_of_input(self):
        worker = self.start()
        worker.close_stdin()  # the configuration is in the pipe, nobody will ever read the state
        start = time.monotonic()
        self.assertEqual(worker.wait(), 0)
        self.assertLess(time.monotonic() - start, 1)
        path = write_crew(self.folder, "echo", MANIFEST)
        worker = Worker(self.server.url, path, config=False)
        self.addCleanup(worker.stop)
        worker.close_stdin()
        start = time.monotonic()
        self.assertEqual(worker.wait(), 78)
        self.assertLess(time.monotonic() - start, 1)

    def test_sigterm_means_leave(self):
        worker = self.start()
        worker.state()
        os.kill(worker.pid, 15)
        self.assertEqual(worker.wait(), 0)

    def test_a_program_that_ends_is_started_again_for_the_next_reaction(self):
        self.start().state()
        for do, words in (("exit", "exit:3"), ("crash", "crash:6"), ("exit and leave", "exit:3")):
            done = self.react(do=do)
            self.assertEqual(done["status"], "error")
            self.assertTrue(done["error"].startswith(words), done["error"])
            self.assertEqual(self.react()["status"], "ok")

    def test_an_answer_that_breaks_the_contract_is_a_protocol_error(self):
        self.start().state()
        for do in ("babble", "long"):
            done = self.react(do=do)
            self.assertEqual(done["status"], "error")
            self.assertTrue(done["error"].startswith("protocol:"), done["error"])
            self.assertEqual(self.react()["status"], "ok")

    def test_the_crews_own_error_is_its_words(self):
        self.start().state()
        self.assertEqual(self.react(do="error")["error"], "the ball is lost")

    def test_the_worker_finds_a_server_that_was_restarted(self):
        worker = self.start()
        worker.state()
        self.server.kill()
        self.client.close()
        self.server.start()
        self.client = Client(self.server)
        self.client.subscribe("live.s.slice.*.*.done")
        for _ in range(120):  # until it is back; each try waits for an answer
            self.client.publish("live.s.slice.5.echo.ready", json.dumps(ready(5)))
            if self.client.next(0.5) is not None:
                return
        self.fail("the worker did not come back: " + worker.said())

    def test_of_several_servers_any_one_that_is_there_will_do(self):
        for url in (f"nats://127.0.0.1:1,{self.server.url}", f"{self.server.url},nats://127.0.0.1:1"):
            with self.subTest(url):
                worker = self.start(url=url)
                self.assertEqual(worker.state(), {"state": "ready", "missing": []})
                self.assertEqual(self.react()["status"], "ok")
                worker.stop()

    def test_without_a_server_it_says_so_and_exits_69(self):
        self.server.kill()
        worker = self.start()
        state = worker.state()
        self.assertEqual(state["state"], "failed")
        self.assertIn(self.server.url, state["message"])
        self.assertEqual(worker.wait(), 69)

    def test_a_crew_that_cannot_start_is_refused_with_78(self):
        worker = self.start(manifest=MANIFEST.replace("/usr/bin/python3", "./absent"))
        state = worker.state()
        self.assertEqual(state["state"], "failed")
        self.assertIn("./absent", state["message"])
        self.assertEqual(worker.wait(), 78)

    def test_a_wrong_manifest_is_refused_with_its_place(self):
        worker = self.start(manifest="crew: echo\ntriggers: 7\nrunner: [x]\n")
        self.assertIn("echo.runtime.yaml:2:11", worker.state()["message"])
        self.assertEqual(worker.wait(), 78)

    def test_a_configuration_for_another_crew_is_refused(self):
        path = write_crew(self.folder, "other", MANIFEST.replace("crew: echo", "crew: other"))
        worker = Worker(self.server.url, path)
        self.addCleanup(worker.stop)
        self.assertIn("other", worker.state()["message"])
        self.assertEqual(worker.wait(), 78)


class StandbyTest(WorkerCase):
    """A spare worker does everything but subscribe until it is told to."""

    def standby(self, **options):
        worker = self.start(role="spare", **options)
        self.assertEqual(worker.state(), {"state": "standby", "missing": []}, worker.said())
        return worker

    def assert_ready(self, worker):
        self.assertEqual(worker.state(), {"state": "ready", "missing": []})

    def test_a_spare_takes_no_batch_until_it_is_told_to_subscribe(self):
        worker = self.standby()
        self.client.publish("live.s.slice.1.echo.ready", json.dumps(ready(1, nonce="early")))
        self.client.flush()
        worker.tell("subscribe")
        self.assert_ready(worker)
        self.assertEqual(self.react(2)["slice"], 2)

    def test_its_program_runs_already(self):
        manifest = MANIFEST.replace('"echo.py"', '"-m", "live_crew", "told.py"')
        with open(os.path.join(self.folder, "told.py"), "w", encoding="utf-8") as file:
            file.write("print('loaded', flush=True)\ndef react(ctx, events, slice):\n    pass\n")
        worker = self.standby(manifest=manifest)
        self.assertIn("loaded", worker.said())

    def test_other_words_are_ignored_and_the_end_of_input_means_leave(self):
        worker = self.standby()
        for words in ("", "subscribed", "subscribe now", "x" * 100_000, " subscribe"):
            worker.tell(words)
        worker.close_stdin()
        self.assertEqual(worker.wait(), 0)
        with self.assertRaises(EOFError):
            worker.state()

    def test_an_order_in_pieces_or_right_behind_the_configuration_counts(self):
        worker = self.standby()
        for piece in ("sub", "scri", "be\n"):
            worker.tell(piece, end="")
        self.assert_ready(worker)
        early = self.standby(then="subscribe")
        self.assert_ready(early)

    def test_an_active_worker_ignores_the_order(self):
        worker = self.start()
        self.assert_ready(worker)
        worker.tell("subscribe")
        self.assertEqual(self.react(1)["slice"], 1)
        worker.close_stdin()
        self.assertEqual(worker.wait(), 0)
        with self.assertRaises(EOFError):
            worker.state()

    def test_a_server_that_is_away_at_the_order_gets_the_subscription_when_it_is_back(self):
        worker = self.standby()
        self.server.kill()
        self.client.close()
        worker.wait_until_said("NATS connection lost")
        worker.tell("subscribe")
        self.server.start()
        self.client = Client(self.server)
        self.client.subscribe("live.s.slice.*.*.done")
        self.assert_ready(worker)
        self.assertEqual(self.react(3)["slice"], 3)

    def test_taking_over_is_quick(self):
        taken = []
        for _ in range(5):
            worker = self.standby()
            start = time.monotonic()
            worker.tell("subscribe")
            self.assert_ready(worker)
            taken.append(time.monotonic() - start)
            worker.stop()
        print(f"taking over: {min(taken) * 1e6:.0f} us at best, {max(taken) * 1e6:.0f} at worst")
        self.assertLess(min(taken), 0.1)  # a fraction of starting one; it takes well below 1 ms


# Tells of its progress as often as its event says, then waits if it shall, then answers.
TELLER = """
import json, sys
def say(line, then):
    sys.stdout.write(json.dumps(line) + "\\n")
    sys.stdout.flush()
    print(then, file=sys.stderr, flush=True)
say({"progress": "before any reaction"}, "is up")
for line in sys.stdin:
    do = json.loads(line)["events"][0]["event"]["payload"]
    for _ in range(do.get("steps", 0)):
        say({"progress": do.get("words", True)}, "told")
    if do.get("hang"):
        sys.stdin.read()
    say({}, "answered")
    if do.get("after"):
        say({"progress": "after the answer"}, "is done")
"""


class ProgressTest(WorkerCase):
    """What the worker says on descriptor 3 while a reaction is under way."""

    def start_teller(self):
        with open(os.path.join(self.folder, "teller.py"), "w", encoding="utf-8") as file:
            file.write(TELLER)
        worker = self.start(manifest=MANIFEST.replace("echo.py", "teller.py"))
        self.assertEqual(worker.state()["state"], "ready")
        worker.wait_until_said("is up")
        return worker

    def send(self, **do):
        self.reactions += 1
        request = ready(1, nonce=f"p{self.reactions}")
        request["events"][0]["event"]["payload"] = do
        self.client.publish("live.s.slice.1.echo.ready", json.dumps(request))
        self.client.flush()

    def told(self, worker):
        """How often progress was told since the last look."""
        count = 0
        while worker.has_said_state():
            self.assertEqual(worker.state(), {"state": "progress"})
            count += 1
        return count

    def test_a_programs_progress_is_told_while_its_reaction_goes_on(self):
        for words in (True, "half of it", {"done": 0.5}):
            worker = self.start_teller()
            self.send(steps=1, words=words, hang=True)  # before the answer, which never comes
            self.assertEqual(worker.state(), {"state": "progress"})
            worker.stop()

    def test_progress_is_told_at_most_once_in_20_ms(self):
        worker = self.start_teller()
        start = time.monotonic()
        self.send(steps=5000)
        self.assertEqual(self.done()["status"], "ok")
        told = self.told(worker)
        self.assertLessEqual(told, (time.monotonic() - start) / 0.02 + 1)
        self.assertGreaterEqual(told, 1)

    def test_outside_of_a_reaction_it_is_a_note_like_others(self):
        worker = self.start_teller()
        self.send(after=True)
        self.assertEqual(self.done()["status"], "ok")
        worker.wait_until_said("is done")
        self.send()
        self.assertEqual(self.done()["status"], "ok")
        self.assertEqual(self.told(worker), 0)
        self.assertIn("after the answer", worker.said())

    def test_a_supervisor_that_does_not_read_holds_nothing_up(self):
        worker = self.start_teller()
        with open(f"/proc/{worker.pid}/fd/3", "wb", buffering=0, opener=lambda path, flags:
                  os.open(path, flags | os.O_NONBLOCK)) as status:
            while status.write(b"x" * 4096):
                pass
        self.send(steps=200)
        self.assertEqual(self.done()["status"], "ok")

    def test_a_python_crew_tells_of_progress_inside_react(self):
        with open(os.path.join(self.folder, "told.py"), "w", encoding="utf-8") as file:
            file.write("import live_crew\ndef react(ctx, events, slice):\n"
                       "    live_crew.progress('loaded')\n    live_crew.progress()\n")
        worker = self.start(manifest=MANIFEST.replace('"echo.py"', '"-m", "live_crew", "told.py"'))
        worker.state()
        self.assertEqual(self.react()["status"], "ok")
        self.assertEqual(worker.state(), {"state": "progress"})

    def test_a_prompt_crew_tells_of_progress_whenever_bytes_of_the_answer_arrive(self):
        body = chat("Goal!" * 100)
        model = ModelServer(Step(body, how="stepwise"))
        self.addCleanup(model.stop)
        worker = self.start(manifest="crew: echo\ntriggers: [ping]\nuser_template: 'Say it.'\n",
                            llm_url=model.url)
        worker.state()
        self.client.publish("live.s.slice.2.echo.ready", json.dumps(ready(2)))
        self.client.flush()
        pieces = len(json.dumps(body)) // 7 + 1
        for _ in range(10):
            model.step.release()
        while not model.requests or self.told(worker) == 0:
            self.assertTrue(worker.has_said_state(30))
        released = 10
        for _ in range(3):
            while not worker.has_said_state(0.03):  # by then, another one may be told
                self.assertLess(released, pieces, "bytes arrived, and no progress was told")
                model.step.release()
                released += 1
            self.told(worker)
        for _ in range(pieces - released):
            model.step.release()
        self.assertEqual(self.done()["status"], "ok")

    def test_a_prompt_crew_tells_of_progress_and_none_while_its_model_is_silent(self):
        model = ModelServer(Step(chat("Goal!" * 20), how="chunked"), Step(how="silent"))
        self.addCleanup(model.stop)
        for deadline_ms, status, most in ((None, "ok", 1000), (1000, "error", 4)):
            worker = self.start(
                manifest="crew: echo\ntriggers: [ping]\nuser_template: 'Say it.'\n"
                         "outputs:\n  - {kind: line, text: '{{ generated }}'}\n",
                llm_url=model.url)
            worker.state()
            request = ready(2, nonce=f"m{most}") | {"deadline_ms": deadline_ms}
            self.client.publish("live.s.slice.2.echo.ready", json.dumps(request))
            self.assertEqual(self.done()["status"], status)
            told = self.told(worker)
            self.assertGreaterEqual(told, 1)
            self.assertLessEqual(told, most)  # what was rendered and sent, and no clock
            worker.stop()


class CassetteTest(WorkerCase):
    """A model's answers that were recorded are played back from a file."""

    MANIFEST = ("crew: echo\ntriggers: [ping]\nuser_template: 'Speak of {{ slice }}.'\n"
                "outputs:\n  - {kind: line, text: '{{ generated }}'}\n")

    def answers(self, **options):
        """The dones of two slices, without what differs between runs."""
        worker = self.start(manifest=self.MANIFEST, **options)
        self.assertEqual(worker.state()["state"], "ready", worker.said())
        dones = [self.react(number) for number in (1, 2)]
        worker.stop()
        return [{k: v for k, v in done.items() if k not in ("t_ms", "nonce")} for done in dones]

    def test_a_confined_worker_plays_a_file_that_its_sandbox_keeps_from_it(self):
        model = ModelServer(Step(chat("one")), Step({"error": "busy"}, 400))
        recorded = self.answers(llm_url=model.url)
        model.stop()
        self.assertEqual([done["status"] for done in recorded], ["ok", "error"])
        with tempfile.TemporaryDirectory() as elsewhere:
            variable = {"LIVE_CREW_CASSETTE": write_cassette(elsewhere, *recorded)}
            for level in ("off", "standard", "strict"):
                played = self.answers(environment=variable, sandbox={"level": level})
                self.assertEqual(played, recorded)

    def test_a_cassette_that_is_wrong_or_absent_is_refused_with_78(self):
        broken = write_cassette(self.folder)
        with open(broken, "a", encoding="utf-8") as file:
            file.write("{}\n")
        absent = os.path.join(self.folder, "absent")
        for path, words in ((broken, f"{broken}:2: "), (absent, f"cassette {absent}: ")):
            worker = self.start(manifest=self.MANIFEST, environment={"LIVE_CREW_CASSETTE": path})
            state = worker.state()
            self.assertEqual(state["state"], "failed")
            self.assertIn(words, state["message"])
            self.assertEqual(worker.wait(), 78)


class SmallPayloadTest(WorkerCase):
    """A server that takes 64 KiB at most."""

    server_config = "max_payload: 65536\n"

    def test_a_recorded_call_gives_way_to_the_answer_over_max_payload(self):
        model = ModelServer(Step(chat("x" * 40_000)))
        self.addCleanup(model.stop)
        self.start(manifest=CassetteTest.MANIFEST, llm_url=model.url).state()
        done = self.react()
        self.assertEqual((done["status"], done["model_calls_dropped"]), ("ok", 1))
        self.assertEqual(len(done["actions"][0]["payload"]["text"]), 40_000)

    def test_a_done_over_max_payload_becomes_an_error_that_says_so(self):
        self.start().state()
        done = self.react(do="large")
        self.assertEqual(done["status"], "error")
        self.assertRegex(done["error"], r"^protocol: the answer takes \d+ bytes.*max_payload")


if __name__ == "__main__":
    unittest.main()
