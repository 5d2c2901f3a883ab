"""`live-crew replay --rerun`: recorded runs, their crews run again."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "support"))
from supervisor_process import ECHO, Supervisor, World, event

EXAMPLE = os.path.join(TOP, "deploy", "examples", "matchday")
STAND_IN = os.path.join(TOP, "deploy", "examples", "model_stand_in", "stand_in.py")
PYTHON = {"LIVE_CREW_PYTHON_DIR": os.path.join(TOP, "worker", "python")}

# Counts what it saw; what it says depends on the context.
COUNTER = r"""
import json, sys
for line in sys.stdin:
    ready = json.loads(line)
    total = ready["ctx"].get("total", 0) + len(ready["events"]) * STEP
    print(json.dumps({"diff": {"set": {"total": total}},
                      "actions": [{"kind": "counted", "payload": {"total": total}}]}), flush=True)
"""
# Says what the counter had counted, when it was large enough; else it writes another key.
ANNOUNCER = r"""
import json, sys
for line in sys.stdin:
    ready = json.loads(line)
    total = ready["ctx"].get("total", 0)
    print(json.dumps({"actions": [{"kind": "said", "payload": total}]}), flush=True)
"""


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Recorded(unittest.TestCase):
    """A world in which runs are recorded and run again."""

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def path(self, name):
        return os.path.join(self.world.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def counting_crews(self, step=1):
        self.world.crew("counter", "triggers: [goal]\ntimeout_ms: 20000\n",
                        COUNTER.replace("STEP", str(step)))
        self.world.crew("announcer", "triggers: [goal]\ntimeout_ms: 20000\n"
                        "needs: [{type: crew, crew: counter, offset: -1}]\n", ANNOUNCER)

    def changed_counter(self, step):
        """A folder with another counter."""
        folder = self.path(f"counter{step}")
        os.mkdir(folder)
        for name, text in (("main.py", COUNTER.replace("STEP", str(step))),
                           ("counter.runtime.yaml", "crew: counter\ntriggers: [goal]\n"
                            "timeout_ms: 20000\nrunner: [/usr/bin/python3, main.py]\n")):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        return folder

    def goals(self, count=6, step_ms=1100, hour=12):
        return [event("goal", n, ts=f"2026-03-01T{hour}:00:{n * step_ms // 1000:02d}."
                                    f"{n * step_ms % 1000:03d}Z") for n in range(count)]

    def run_to_end(self, *words, stream="m1", **environment):
        supervisor = Supervisor(self.world, "-s", stream, "--crews", self.world.crews, "--clock",
                                "event", "--until-end", *words, **environment)
        supervisor.process.communicate()
        self.assertEqual(supervisor.process.returncode, 0)

    def record(self, name="run.rec", stream="m1"):
        path = self.path(name)
        done = self.world.command("record", "-s", stream, "-o", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path

    def recorded_goals(self):
        self.counting_crews()
        self.world.emit(*self.goals())
        self.run_to_end()
        return self.record()

    def rerun(self, recording, *words, code=0, **environment):
        done = self.world.command("replay", recording, "--rerun", *words, LOG_LEVEL="ERROR",
                                  **{**PYTHON, **environment})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done


class Rerun(Recorded):
    def test_a_rerun_of_the_same_crews_is_the_recorded_run(self):
        recording = self.recorded_goals()
        recorded = self.world.verified()["run"]
        before = [(seq, text) for seq, _, text in self.world.messages("LIVE_m1_JOURNAL")]
        done = self.rerun(recording, "--crews", self.world.crews, "-o", self.path("one.jsonl"))
        self.assertRegex(done.stdout, rf"^reran 6 events, 12 reactions; run {recorded}, as recorded\n$")
        self.rerun(recording, "--crews", self.world.crews, "-o", self.path("two.jsonl"))
        self.assertEqual(self.read("one.jsonl"), self.read("two.jsonl"))
        lines = lines_of(self.path("one.jsonl"))
        self.assertEqual(lines[-1]["end"], {"reactions": 12, "context": {"total": 6}, "run": recorded})
        first = lines[0]
        self.assertEqual(first, {"slice": 0, "crew": "counter", "status": "ok",
                                 "diff": {"set": {"total": 1}, "delete": []},
                                 "actions": [{"kind": "counted", "payload": {"total": 1},
                                              "ttl_ms": 5000}]})
        self.assertEqual([line["actions"][0]["payload"] for line in lines[:-1]
                          if line["crew"] == "announcer"], [1, 2, 3, 4, 5, 6])
        after = [(seq, text) for seq, _, text in self.world.messages("LIVE_m1_JOURNAL")]
        self.assertEqual(after, before)

    def test_two_cores_or_one_make_no_difference(self):
        recording = self.recorded_goals()
        cores = sorted(os.sched_getaffinity(0))
        for index, few in enumerate((cores[:1], cores[:2])):
            done = subprocess.run(
                ["taskset", "-c", ",".join(map(str, few)), os.environ["LIVE_CREW"], "replay",
                 recording, "--rerun", "--crews", self.world.crews, "-o",
                 self.path(f"cores{index}.jsonl")],
                env=self.world.environment({"LOG_LEVEL": "ERROR"}), capture_output=True, text=True,
                timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.read("cores0.jsonl"), self.read("cores1.jsonl"))

    def test_another_crew_is_told_apart_from_a_golden_run(self):
        recording = self.recorded_goals()
        golden = self.path("golden.jsonl")
        self.rerun(recording, "--crews", self.world.crews, "-o", golden)
        done = self.rerun(recording, "--crews", self.world.crews, "--compare", golden)
        self.assertIn(f"no difference with {golden}\n", done.stdout)
        with open(os.path.join(self.world.crews, "announcer", "main.py"), "a",
                  encoding="utf-8") as file:
            file.write("    # a comment changes nothing\n")
        self.rerun(recording, "--crews", self.world.crews, "--compare", golden)
        with open(os.path.join(self.world.crews, "announcer", "main.py"), "w",
                  encoding="utf-8") as file:
            file.write(ANNOUNCER.replace('"payload": total', '"payload": total if total != 3 else 0'))
        done = self.rerun(recording, "--crews", self.world.crews, "--compare", golden, code=1)
        self.assertIn('slice 5 announcer: differs\n- {"slice":5,"crew":"announcer","status":"ok",'
                      '"diff":{"set":{},"delete":[]},"actions":[{"kind":"said","payload":3,'
                      '"ttl_ms":5000}]}\n+ {', done.stdout)
        self.assertIn(f"1 difference with {golden}\n", done.stdout)

    def test_a_golden_file_that_is_none_is_refused_before_anything_runs(self):
        recording = self.recorded_goals()
        golden = self.path("golden.jsonl")
        for text, code, words in (
                (None, 66, "golden.jsonl: "),
                ("{}\n", 65, "golden.jsonl:1: reaction: field 'slice' is missing"),
                ('{"slice":1,"crew":"a","status":"ok"}\n', 65, "golden.jsonl:2: the last line"),
                ('{"end":{"reactions":3,"context":{}}}\n', 65,
                 "golden.jsonl:1: reaction: field 'end.reactions' counts 3 lines, but there are 0")):
            with self.subTest(text=text):
                if text is not None:
                    with open(golden, "w", encoding="utf-8") as file:
                        file.write(text)
                done = self.rerun(recording, "--crews", self.world.crews, "--compare", golden,
                                  "-o", self.path("out.jsonl"), code=code)
                self.assertIn(words, done.stderr)
                self.assertFalse(os.path.exists(self.path("out.jsonl")))

    def test_arguments_that_do_not_go_together(self):
        recording = self.recorded_goals()
        for words, code, said in (
                ((), 64, "name the folder of crews with --crews, or some with --crew"),
                (("--crews", "x", "--crew", "a=b"), 64, "give one of them"),
                (("--crew", "counter"), 64, "--crew 'counter' is not CREW=DIR"),
                (("--crew", "a=x", "--crew", "a=y"), 64, "--crew names 'a' twice"),
                (("--verify", "--crews", "x"), 64, "say what to do"),
                (("--crews", self.path("nowhere")), 78, "no such folder of crews"),
                (("--crew", f"counter={self.path('nowhere')}"), 78, "no crew 'counter' there"),
                (("--crews", self.world.crews, "--config", self.path("no.yaml")), 78, "no.yaml")):
            with self.subTest(words=words):
                done = self.rerun(recording, *words, code=code)
                self.assertIn(said, done.stderr)

    def test_a_damaged_recording_is_refused_with_its_place(self):
        recording = self.recorded_goals()
        with open(recording, encoding="utf-8") as file:
            lines = file.read().splitlines()
        index = next(i for i, line in enumerate(lines) if '"kind":"outcome"' in line)
        changed = [*lines]
        changed[index] = changed[index].replace('"total":1', '"total":2')
        starts = [i for i, line in enumerate(lines) if '"kind":"checkpoint"' in line]
        for text, said in (
                (changed, f"bad.rec:{index + 1}: record"),
                (lines[:-1], f"bad.rec:{len(lines)}: the recording's last line is missing"),
                ([lines[0].replace('"v":1', '"v":2'), *lines[1:]], "a recording of format 2"),
                ([line for i, line in enumerate(lines) if i not in starts], "bad.rec:"),
                (["{}"], "bad.rec:1: ")):
            with self.subTest(said=said):
                with open(self.path("bad.rec"), "w", encoding="utf-8") as file:
                    file.write("\n".join(text) + "\n")
                done = self.rerun(self.path("bad.rec"), "--crews", self.world.crews, "-o",
                                  self.path("out.jsonl"), code=65)
                self.assertIn(said, done.stderr)
                self.assertFalse(os.path.exists(self.path("out.jsonl")))
        self.rerun(self.path("none.rec"), "--crews", self.world.crews, code=66)

    def test_what_a_swapped_crew_changes_is_told_slice_by_slice(self):
        recording = self.recorded_goals()
        done = self.rerun(recording, "--crew", "counter=" + os.path.join(self.world.crews, "counter"))
        self.assertIn("no difference with the tape\n", done.stdout)
        self.assertIn(", as recorded\n", done.stdout)
        done = self.rerun(recording, "--crew", f"counter={self.changed_counter(10)}", "-o",
                          self.path("swapped.jsonl"))
        self.assertIn('slice 2 counter: differs\n- {"slice":2,"crew":"counter","status":"ok",'
                      '"diff":{"set":{"total":2},', done.stdout)
        self.assertIn('+ {"slice":2,"crew":"counter","status":"ok","diff":{"set":{"total":20},',
                      done.stdout)
        self.assertIn('context: differs\n- {"total":6}\n+ {"total":60}\n', done.stdout)
        self.assertNotIn("announcer: ", done.stdout)
        # Who answers from the tape says what it said then.
        said = [line["actions"][0]["payload"] for line in lines_of(self.path("swapped.jsonl"))[:-1]
                if line["crew"] == "announcer"]
        self.assertEqual(said, [1, 2, 3, 4, 5, 6])

    def test_reactions_that_the_tape_does_not_know_fail_and_are_counted(self):
        self.counting_crews()
        with open(os.path.join(self.world.crews, "counter", "counter.runtime.yaml"), "a",
                  encoding="utf-8") as file:
            file.write("slice_stride: 4\n")
        self.world.emit(*self.goals(12))
        self.run_to_end()
        recording = self.record()
        done = self.rerun(recording, "--crew", f"counter={self.changed_counter(1)}", "-o",
                          self.path("swapped.jsonl"))
        lines = lines_of(self.path("swapped.jsonl"))[:-1]
        unknown = [line for line in lines if line["status"] == "error"]
        self.assertGreater(len(unknown), 3)  # more than max_errors: it is nobody's failure
        for line in unknown:
            self.assertEqual(line["crew"], "announcer")
            self.assertIn(f"not on the tape: crew 'announcer' did not react at all in slice "
                          f"{line['slice']} of the recording", line["error"])
        self.assertIn(f"{len(unknown)} reactions of crews that answer from the tape are not on it",
                      done.stdout)
        self.assertIn("announcer: only before\n", done.stdout)
        self.assertIn("announcer: only now\n", done.stdout)

    def test_a_recording_of_the_wall_clock_is_compared_with_its_tape_in_lock_step(self):
        self.counting_crews()
        supervisor = self.world.start()
        self.world.client.subscribe("live.m1.actions")
        for n in range(3):
            self.world.emit(event("goal", n))
            self.world.next("live.m1.actions", lambda action, n=n: action["kind"] == "said"
                            and action["payload"] == n + 1)
        self.assertEqual(supervisor.end(), 0)
        recording = self.record()
        one = self.rerun(recording, "--crews", self.world.crews, "-o", self.path("one.jsonl"))
        self.rerun(recording, "--crews", self.world.crews, "-o", self.path("two.jsonl"))
        self.assertEqual(self.read("one.jsonl"), self.read("two.jsonl"))
        self.assertIn("reran 3 events, 6 reactions", one.stdout)
        done = self.rerun(recording, "--crew", "counter=" + os.path.join(self.world.crews, "counter"))
        self.assertIn("no difference with the tape\n", done.stdout)
        done = self.rerun(recording, "--crew", f"counter={self.changed_counter(2)}")
        self.assertIn('context: differs\n- {"total":3}\n+ {"total":6}\n', done.stdout)

    def test_it_reads_a_live_stream_and_changes_nothing_there(self):
        self.recorded_goals()
        before = self.world.messages("LIVE_m1_JOURNAL"), self.world.messages("LIVE_m1_ACTIONS")
        done = self.world.command("replay", "-s", "m1", "--rerun", "--crews", self.world.crews)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("as recorded", done.stdout)
        after = self.world.messages("LIVE_m1_JOURNAL"), self.world.messages("LIVE_m1_ACTIONS")
        self.assertEqual(after, before)

    def test_a_run_that_was_taken_up_and_one_with_a_new_epoch_are_run_again(self):
        self.counting_crews()
        self.world.emit(*self.goals(3))
        self.run_to_end()
        self.world.emit(*self.goals(6)[3:])
        self.run_to_end()
        done = self.rerun(self.record("two.rec"), "--crews", self.world.crews)
        self.assertIn("reran 6 events, 12 reactions", done.stdout)
        self.assertIn(", as recorded\n", done.stdout)
        again = self.goals(2, hour=13)
        supervisor = Supervisor(self.world, "-s", "m1", "--crews", self.world.crews, "--clock",
                                "event", "--new-epoch")
        self.world.supervisors.append(supervisor)
        supervisor.wait_for("running")
        self.world.client.subscribe("live.m1.actions")
        self.world.emit(*again)
        self.world.next("live.m1.actions")
        self.assertEqual(supervisor.end(), 0)
        done = self.rerun(self.record("three.rec"), "--crews", self.world.crews, "-o",
                          self.path("three.jsonl"))
        self.assertIn("reran 8 events", done.stdout)
        self.assertIn(", as recorded\n", done.stdout)
        self.assertEqual(lines_of(self.path("three.jsonl"))[-1]["end"]["context"], {"total": 2})

    def test_crews_that_came_and_went_on_the_way_do_so_again(self):
        self.counting_crews()
        self.world.emit(*self.goals(3))
        self.run_to_end()
        os.rename(os.path.join(self.world.crews, "announcer"), self.path("announcer"))
        self.world.crew("calm", "triggers: [goal]\ntimeout_ms: 20000\n", ECHO)
        self.world.emit(*self.goals(6)[3:])
        self.run_to_end()
        recording = self.record()
        done = self.rerun(recording, "--crew", f"counter={self.world.crews}", "-o",
                          self.path("out.jsonl"))
        self.assertIn("reran 6 events, 12 reactions", done.stdout)
        self.assertIn(", as recorded\n", done.stdout)
        self.assertIn("no difference with the tape\n", done.stdout)
        crews = [line["crew"] for line in lines_of(self.path("out.jsonl"))[:-1]]
        self.assertEqual((crews.count("announcer"), crews.count("calm")), (3, 3))
        done = self.rerun(recording, "--crews", self.world.crews)
        self.assertIn("crew 'announcer' of the recording is not in the folder: it does not run\n",
                      done.stderr)
        self.assertIn("crew 'calm' is new: the recording does not have it\n", done.stderr)

    def test_orders_and_strikes_count_again(self):
        self.world.crew("shaky", "triggers: [goal]\ntimeout_ms: 20000\nmax_errors: 2\n",
                        "import sys\nfor line in sys.stdin:\n    print('no JSON', flush=True)\n")
        self.world.crew("calm", "triggers: [goal]\ntimeout_ms: 20000\n", ECHO)
        self.world.emit(*self.goals())
        self.run_to_end()
        recording = self.record()
        done = self.rerun(recording, "--crews", self.world.crews, "-o", self.path("out.jsonl"))
        self.assertIn(", as recorded\n", done.stdout)
        failed = [line for line in lines_of(self.path("out.jsonl"))[:-1] if line["crew"] == "shaky"]
        self.assertEqual([line["status"] for line in failed], ["protocol", "protocol"])
        done = self.rerun(recording, "--crew", "calm=" + os.path.join(self.world.crews, "calm"))
        self.assertIn("no difference with the tape\n", done.stdout)

    def test_who_misses_its_deadline_or_dies_fails_the_same_way_each_time(self):
        recording = self.recorded_goals()
        with open(os.path.join(self.world.crews, "announcer", "main.py"), "w",
                  encoding="utf-8") as file:
            file.write("import os, sys\nfor line in sys.stdin:\n"
                       "    if '\"slice\":3,' in line: os._exit(3)\n"
                       "    sys.stdin.readline()\n")
        path = os.path.join(self.world.crews, "announcer", "announcer.runtime.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("20000", "1500"))
        for name in ("one.jsonl", "two.jsonl"):
            self.rerun(recording, "--crews", self.world.crews, "-o", self.path(name))
        said = [(line["slice"], line["status"]) for line in lines_of(self.path("one.jsonl"))[:-1]
                if line["crew"] == "announcer"]
        self.assertEqual(said, [(1, "timeout"), (3, "exit"), (5, "timeout")])  # then it is disabled
        self.assertEqual(self.read("one.jsonl"), self.read("two.jsonl"))

    def test_an_interrupt_leaves_nothing_behind(self):
        recording = self.recorded_goals()
        with open(os.path.join(self.world.crews, "announcer", "main.py"), "w",
                  encoding="utf-8") as file:
            file.write("import os, sys\nfor line in sys.stdin:\n"
                       f"    open({self.path('asked')!r}, 'w').write('x')\n    sys.stdin.readline()\n")
        path = os.path.join(self.world.crews, "announcer", "announcer.runtime.yaml")
        with open(path, "a", encoding="utf-8") as file:
            file.write("sandbox: 'off'\n")
        os.mkfifo(self.path("asked"))
        asked = os.open(self.path("asked"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, asked)
        temporary = self.path("temporary")
        os.mkdir(temporary)
        child = subprocess.Popen(
            [os.environ["LIVE_CREW"], "replay", recording, "--rerun", "--crews", self.world.crews,
             "-o", self.path("out.jsonl")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.world.environment({"LOG_LEVEL": "ERROR", "TMPDIR": temporary}))
        self.assertEqual(select.select([asked], [], [], 60)[0], [asked])
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 1)
        self.assertIn("interrupted", said)
        self.assertEqual(os.listdir(temporary), [])
        self.assertFalse(os.path.exists(self.path("out.jsonl")))


class Models(Recorded):
    """The match-day example, whose commentator asks a model."""

    def setUp(self):
        super().setUp()
        self.model = subprocess.Popen(["/usr/bin/python3", STAND_IN], stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, text=True)
        url = json.loads(self.model.stdout.readline())["base_url"]
        self.addCleanup(self.end_model)
        self.live = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "none", **PYTHON}

    def end_model(self):
        if self.model.poll() is None:
            self.model.kill()
        self.model.wait()
        self.model.stdout.close()

    def recorded_match(self):
        done = self.world.command("emit", "-s", "match42", os.path.join(EXAMPLE, "events.jsonl"))
        self.assertEqual(done.returncode, 0, done.stderr)
        shutil.copytree(os.path.join(EXAMPLE, "crews"), self.world.crews, dirs_exist_ok=True)
        self.run_to_end(stream="match42", **self.live)
        recording = self.record(stream="match42")
        self.end_model()
        return recording

    def test_models_answer_from_the_recording_without_network_and_key(self):
        recording = self.recorded_match()
        done = self.rerun(recording, "--crews", self.world.crews, "-o", self.path("one.jsonl"))
        self.assertIn(", as recorded\n", done.stdout)
        self.rerun(recording, "--crews", self.world.crews, "-o", self.path("two.jsonl"))
        self.assertEqual(self.read("one.jsonl"), self.read("two.jsonl"))
        said = [line for line in lines_of(self.path("one.jsonl"))[:-1]
                if line["crew"] == "commentator"]
        self.assertEqual([line["status"] for line in said], ["ok"] * 4)
        self.assertIn("1-0", said[0]["actions"][0]["payload"]["text"])
        # Only one crew runs; what it asks is on the tape too.
        done = self.rerun(recording, "--crew", f"commentator={self.world.crews}")
        self.assertIn("no difference with the tape\n", done.stdout)

    def test_a_call_that_is_not_on_the_tape_fails_its_reaction_and_is_named(self):
        recording = self.recorded_match()
        golden = self.path("golden.jsonl")
        self.rerun(recording, "--crews", self.world.crews, "-o", golden)
        path = os.path.join(self.world.crews, "commentator", "commentator.runtime.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("excitable football commentator", "sober football commentator"))
        temporary = self.path("temporary")
        os.mkdir(temporary)
        for name in ("one.jsonl", "two.jsonl"):
            done = self.rerun(recording, "--crews", self.world.crews, "--compare", golden, "-o",
                              self.path(name), code=1, TMPDIR=temporary)
            self.assertIn("slice 84 commentator: differs\n", done.stdout)
        failed = [line for line in lines_of(self.path("one.jsonl"))[:-1] if line["status"] != "ok"]
        self.assertRegex(failed[0]["error"], r"cassette of the recording: crew 'commentator' asks in "
                         r"slice 84 what is not on it \(request [0-9a-f]{64}\)")
        self.assertEqual(self.read("one.jsonl"), self.read("two.jsonl"))
        self.assertEqual(os.listdir(temporary), [])

    def test_live_models_answer_when_that_is_wanted(self):
        recording = self.recorded_match()
        model = subprocess.Popen(["/usr/bin/python3", STAND_IN], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True)
        try:
            url = json.loads(model.stdout.readline())["base_url"]
            done = self.rerun(recording, "--crews", self.world.crews, "--model", "live",
                              OPENAI_BASE_URL=url, OPENAI_API_KEY="none")
        finally:
            model.kill()
            model.wait()
            model.stdout.close()
        self.assertIn(", as recorded\n", done.stdout)
        done = self.rerun(recording, "--crews", self.world.crews, "--model", "live",
                          OPENAI_BASE_URL=url, OPENAI_API_KEY="none")
        self.assertNotIn(", as recorded\n", done.stdout)


if __name__ == "__main__":
    unittest.main()
