"""`lcworker debug`: reactions of a real run, once more."""

import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "support"))
from model_server import ModelServer, Step, chat
from supervisor_process import PROGRAMS, World, event
from terminal import Terminal
from worker_process import wait_for_exit

PATIENCE_S = 60
ACTIONS, ERRORS = ("live.m1." + name for name in ("actions", "errors"))
PYTHON = "/usr/bin/python3"

TALLY = """
from live_crew import Action

def react(ctx, events, slice):
    total = ctx.get("total", 0)
    for event in events:
        total += event.payload
    ctx["total"] = total
    return Action("sum", {"total": total})
"""

# Says that it waits, and goes on when somebody has written to the pipe `go` in its folder.
WAITER = r"""
import json, os, sys
for line in sys.stdin:
    print(f"waiting {os.getpid()}", file=sys.stderr, flush=True)
    with open("go", encoding="utf-8") as pipe:
        word = pipe.read().strip()
    print(json.dumps({"diff": {"set": {"word": word}}}), flush=True)
"""

TALKER = """
triggers: [goal]
timeout_ms: 60000
system_prompt: "You speak of {{ stream }}."
user_template: "Goal in slice {{ slice }}: {{ event.payload }}"
patch_template: |
  ctx['last_line'] = outputs[0]['text']
outputs:
  - kind: line
    text: "{{ generated }}"
"""

NATIVE = r"""
#include <stdio.h>
#include <string.h>

static int answer(int length) {
  printf("{\"diff\":{\"set\":{\"length\":%d}}}\n", length > 0);
  return fflush(stdout);
}

int main(int count, char** words) {
  static char line[1 << 20];
  fprintf(stderr, "native with %d words, the last '%s'\n", count, words[count - 1]);
  while (fgets(line, sizeof line, stdin)) {
    if (answer((int)strlen(line)) != 0) return 1;
  }
  return 0;
}
"""


def gdb_works():
    """Whether there is a gdb, and the kernel lets it trace."""
    if shutil.which("gdb") is None:
        return "there is no gdb"
    ran = subprocess.run(["gdb", "-q", "-batch", "-ex", "run", "/bin/true"], text=True,
                         capture_output=True, timeout=PATIENCE_S, check=False,
                         stdin=subprocess.DEVNULL)
    return "" if "exited normally" in ran.stdout else "gdb cannot trace here"


class DebugCase(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.client.subscribe("live.m1.>")

    def folder(self, crew):
        return os.path.join(self.world.crews, crew)

    def python_crew(self, name="tally", text=TALLY, settings="timeout_ms: 60000\n"):
        os.mkdir(self.folder(name))
        self.write(name, "react.py", text)
        self.write(name, name + ".runtime.yaml",
                   f"crew: {name}\ntriggers: [goal]\n{settings}"
                   f"runner: [{PYTHON}, -m, live_crew, react.py]\n")

    def waiter(self, settings):
        self.world.crew("waiter", "triggers: [goal]\n" + settings, WAITER)
        os.mkfifo(os.path.join(self.folder("waiter"), "go"))

    def let_go(self, word):
        with open(os.path.join(self.folder("waiter"), "go"), "w", encoding="utf-8") as pipe:
            pipe.write(word)

    def write(self, crew, file, text):
        with open(os.path.join(self.folder(crew), file), "w", encoding="utf-8") as out:
            out.write(text)

    def command(self, crew, *words, slice_=0, stream=True):
        crews = [] if "--crews" in words else ["--crews", self.world.crews]
        return [PROGRAMS["lcworker"], "debug", "--crew", crew, "--slice", str(slice_), *crews,
                *(["-s", "m1"] if stream else []), *words]

    def environment(self, **more):
        return self.world.environment({"LIVE_CREW": PROGRAMS["live-crew"], **more})

    def debug(self, crew, *words, text=None, slice_=0, stream=True, **environment):
        return subprocess.run(self.command(crew, *words, slice_=slice_, stream=stream), text=True,
                              input=text, capture_output=True, timeout=PATIENCE_S, check=False,
                              env=self.environment(**environment))

    def said(self, code, crew, *words, **more):
        done = self.debug(crew, "--json", *words, **more)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return json.loads(done.stdout)

    def terminal(self, *words, **more):
        terminal = Terminal(self.command(*words, **more), self.environment())
        self.addCleanup(terminal.close)
        return terminal

    def record(self):
        """The journal of the run, in a file."""
        path = os.path.join(self.world.folder, "m1.rec")
        done = self.world.command("record", "-s", "m1", "-o", path, "--force")
        self.assertEqual(done.returncode, 0, done.stderr)
        return path

    def tallied(self, *payloads):
        """A run in which the crew has reacted to one event, and the supervisor has left."""
        self.python_crew()
        supervisor = self.world.start()
        self.world.emit(*(event("goal", payload) for payload in payloads or (3,)))
        self.world.next(ACTIONS)
        self.assertEqual(supervisor.end(), 0)


class SameTest(DebugCase):
    def test_a_reaction_comes_to_the_same_from_the_stream_and_from_a_recording(self):
        self.tallied()
        done = self.debug("tally")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertRegex(done.stdout, r"^tally at slice 0, attempt 1 \(record \d+ of stream 'm1'\)\n")
        for line in ("events    1 goal\n", "time      no limit here; it had 60000 ms\n",
                     "sandbox   none here; the supervisor's workers have 'standard'\n",
                     "publishes nothing\n", "set       total = 3\n",
                     'action    sum {"total":3} (ttl 5000 ms)\n', "result    same\n"):
            self.assertIn(line, done.stdout)
        path = self.record()
        self.world.server.kill()
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for name in (path, "-"):
            said = self.said(0, "tally", "--journal", name, stream=False,
                             text=text if name == "-" else None)
            self.assertEqual((said["result"], said["differences"], said["warnings"]),
                             ("same", [], []))
            self.assertEqual(said["now"]["diff"], {"set": {"total": 3}, "delete": []})

    def test_changed_code_differs_and_both_sides_are_told(self):
        self.tallied()
        self.write("tally", "react.py", TALLY.replace("+= event.payload", "+= 2 * event.payload"))
        done = self.debug("tally")
        self.assertEqual(done.returncode, 1, done.stderr + done.stdout)
        self.assertIn("result    different in 2 places\ndiff.set.total\n  recorded  3\n"
                      "  now       6\nactions[0].payload.total\n  recorded  3\n  now       6\n",
                      done.stdout)
        said = self.said(1, "tally")
        self.assertEqual(said["result"], "different")
        self.assertEqual(said["differences"], [
            {"at": "diff.set.total", "recorded": 3, "now": 6},
            {"at": "actions[0].payload.total", "recorded": 3, "now": 6}])
        self.write("tally", "react.py", "def react(ctx, events, slice):\n    raise ValueError('no')\n")
        done = self.debug("tally")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Traceback", done.stderr)  # as the crew said it
        self.assertIn('outcome\n  recorded  "ok"\n  now       "error"\n', done.stdout)
        self.assertIn("error     ValueError: no (react.py:2)\n", done.stdout)

    def test_a_changed_runtime_file_is_warned_of(self):
        self.tallied()
        path = os.path.join(self.folder("tally"), "tally.runtime.yaml")
        with open(path, "a", encoding="utf-8") as file:
            file.write("# a word more\n")
        done = self.debug("tally")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"lcworker: warning: {path}: the crew's file is not the one of the recording",
                      done.stderr)
        self.assertEqual(len(self.said(0, "tally")["warnings"]), 1)

    def test_a_reaction_that_failed_fails_again_in_the_same_way(self):
        self.python_crew(text="def react(ctx, events, slice):\n    raise ValueError('no goals')\n")
        supervisor = self.world.start()
        self.world.emit(event("goal", 3))
        self.world.next(ERRORS)
        supervisor.end()
        said = self.said(0, "tally")
        self.assertEqual((said["result"], said["now"]["outcome"], said["now"]["error"]),
                         ("same", "error", "ValueError: no goals (react.py:2)"))


class ModelTest(DebugCase):
    def setUp(self):
        super().setUp()
        self.world.native_crew("talker", TALKER)
        server = ModelServer(Step(chat("What a goal!")))
        supervisor = self.world.start(OPENAI_BASE_URL=server.url)
        self.world.emit(event("goal", 3))
        self.world.next(ACTIONS)
        supervisor.end()
        server.stop()

    def test_the_model_answers_as_it_did_and_is_not_asked(self):
        done = self.debug("talker", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertIn("model     1 recorded answer\n", done.stdout)
        self.assertIn('set       last_line = "What a goal!"\n', done.stdout)
        self.assertIn("result    same\n", done.stdout)

    def test_other_templates_can_be_tried_as_long_as_the_question_is_the_same(self):
        self.write("talker", "talker.runtime.yaml",
                   "crew: talker\n" + TALKER.replace('"{{ generated }}"', '"{{ generated|upper }}"'))
        said = self.said(1, "talker")
        self.assertEqual(said["now"]["diff"]["set"], {"last_line": "WHAT A GOAL!"})
        self.assertEqual(len(said["warnings"]), 1)
        self.write("talker", "talker.runtime.yaml",
                   "crew: talker\n" + TALKER.replace("Goal in", "A goal in"))
        done = self.debug("talker")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--live-model has the model asked", done.stderr)
        self.assertIn("now       error", done.stdout)

    def test_the_real_model_is_asked_on_demand(self):
        server = ModelServer(Step(chat("Incredible!")), Step(chat("What a goal!")))
        self.addCleanup(server.stop)
        said = self.said(1, "talker", "--live-model", "--llm-url", server.url)
        self.assertEqual(len(server.requests), 1)
        self.assertIn({"at": "diff.set.last_line", "recorded": "What a goal!",
                       "now": "Incredible!"}, said["differences"])
        config = os.path.join(self.world.folder, "live-config.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"llm:\n  base_url: {server.url}\n  model: large\n")
        said = self.said(0, "talker", "--live-model", "--config", config)
        self.assertEqual(server.requests[1][2]["model"], "large")
        done = self.debug("talker", "--live-model", LIVE_CREW_CONFIG="/nowhere.yaml")
        self.assertEqual(done.returncode, 78)
        self.assertIn("--config /nowhere.yaml: ", done.stderr)


class TimeTest(DebugCase):
    def hanging(self, *words):
        """A reaction that waits, under debug; and its process."""
        process = subprocess.Popen(self.command("waiter", *words), text=True,
                                   env=self.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        line = process.stderr.readline()  # what the crew says is seen as it says it
        while "warning" in line:
            line = process.stderr.readline()
        self.assertTrue(line.startswith("waiting "), line)
        return process, int(line.split()[1])

    def test_what_was_killed_by_its_time_limit_finishes(self):
        self.waiter("timeout_ms: 300\nidle_timeout_ms: 200\n")
        supervisor = self.world.start()
        self.world.emit(event("goal", 1))
        failed = self.world.next(ERRORS, lambda error: error["reason"] == "reaction_failed")
        self.assertEqual(failed["detail"]["outcome"], "timeout")
        process, _ = self.hanging()
        # Meanwhile another one is given its whole time, and killed.
        self.world.emit(event("goal", 2))
        self.world.next(ERRORS, lambda error: error["reason"] == "reaction_failed")
        self.assertIsNone(process.poll())
        supervisor.end()
        self.let_go("late")
        out, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn('set       word = "late"\n', out)
        self.assertIn('outcome\n  recorded  "timeout"\n  now       "ok"\n', out)

    def test_a_signal_ends_it_with_all_that_it_started(self):
        self.waiter("timeout_ms: 300\n")
        supervisor = self.world.start()
        self.world.emit(event("goal", 1))
        self.world.next(ERRORS)
        supervisor.end()
        for number in (signal.SIGTERM, signal.SIGINT):
            process, pid = self.hanging()
            process.send_signal(number)
            self.assertEqual(process.wait(PATIENCE_S), 128 + number)
            self.assertTrue(wait_for_exit(pid))

    def test_each_attempt_of_a_slice_can_be_had(self):
        self.waiter("timeout_ms: 60000\n")
        first = self.world.start()
        self.world.emit(event("goal", 1))
        while self.world.crew_status("waiter")["in_flight"] is None:
            pass
        first.end(signal.SIGKILL)
        second = self.world.start()
        self.let_go("again")
        while self.world.crew_status("waiter")["in_flight"] is not None:
            pass
        second.end()
        process, _ = self.hanging("--json")
        self.let_go("again")
        said = json.loads(process.communicate(timeout=PATIENCE_S)[0])
        self.assertEqual((said["result"], said["recorded"]["ready"]["attempt"],
                          said["recorded"]["attempts"]), ("same", 2, 2))
        process, _ = self.hanging("--json", "--attempt", "1")
        self.let_go("again")
        said = json.loads(process.communicate(timeout=PATIENCE_S)[0])
        self.assertEqual(process.returncode, 1)
        self.assertEqual((said["result"], said["recorded"]["ready"]["attempt"],
                          said["recorded"]["outcome"]), ("not_compared", 1, None))


class QuietTest(DebugCase):
    def ends(self):
        streams = {}
        for name in ("EVENTS", "JOURNAL", "ACTIONS", "ERRORS"):
            info = json.loads(self.world.client.request(f"$JS.API.STREAM.INFO.LIVE_m1_{name}", ""))
            streams[name] = (info["state"]["last_seq"], info["state"]["messages"])
        info = json.loads(self.world.client.request("$JS.API.STREAM.INFO.KV_live_m1_ctx", ""))
        return {**streams, "ctx": info["state"]["last_seq"]}

    def test_nothing_is_published_but_requests_to_read(self):
        self.tallied()
        before = self.ends()
        listener = self.world.connect()
        self.addCleanup(listener.close)
        listener.subscribe(">")
        self.assertEqual(self.debug("tally").returncode, 0)
        listener.publish("the.end", "")
        seen = []
        while (message := listener.next())[0] != "the.end":
            seen.append(message[0])
        # What a stream gives to a reader shows with the subject that it was stored under.
        self.assertLessEqual({subject for subject in seen if subject.startswith("live.")},
                             {"live.m1.journal", "live.m1.events"})
        requests = {subject for subject in seen if subject.startswith("$JS.API.")}
        self.assertTrue(requests)
        for subject in requests:
            self.assertRegex(subject, r"^\$JS\.API\.(STREAM\.(INFO|MSG\.GET)|DIRECT\.GET|CONSUMER\.(CREATE|INFO))\.LIVE_m1_")
        others = {subject for subject in seen
                  if not subject.startswith(("$JS.", "_INBOX.", "live."))}
        self.assertEqual(others, set())
        self.assertEqual(self.ends(), before)


class PdbTest(DebugCase):
    def test_pdb_stops_in_react_and_goes_on(self):
        self.tallied(3)
        terminal = self.terminal("tally", "--pdb")
        terminal.expect('-> total = ctx.get("total", 0)')
        terminal.answer("(Pdb) ", "break 8")
        terminal.answer("(Pdb) ", "continue")
        terminal.expect('-> ctx["total"] = total')
        terminal.answer("(Pdb) ", "p total, events[0].payload")
        terminal.expect("(3, 3)")
        terminal.answer("(Pdb) ", "continue")
        terminal.expect("result    same")
        self.assertEqual(terminal.end(), 0, terminal.shown)

    def test_pdb_stops_in_generators_and_coroutines_and_where_an_exception_was_raised(self):
        self.tallied(3)
        for text, line in (
                ("def react(ctx, events, slice):\n    word = 'gen'\n    yield {'kind': word}\n",
                 "-> word = 'gen'"),
                ("async def react(ctx, events, slice):\n    word = 'co'\n    return "
                 "{'kind': word}\n", "-> word = 'co'")):
            self.write("tally", "react.py", text)
            terminal = self.terminal("tally", "--pdb")
            terminal.expect(line)
            terminal.answer("(Pdb) ", "continue")
            terminal.expect("result    different")
            self.assertEqual(terminal.end(), 1)
        self.write("tally", "react.py", "def react(ctx, events, slice):\n    lost = 7\n"
                                        "    raise ValueError('no')\n")
        terminal = self.terminal("tally", "--pdb")
        terminal.answer("(Pdb) ", "continue")
        terminal.expect("*** ValueError: no")
        terminal.answer("(Pdb) ", "p lost")
        terminal.expect("7")
        terminal.answer("(Pdb) ", "q")
        terminal.expect("error     ValueError: no (react.py:3)")
        self.assertEqual(terminal.end(), 1)

    def test_who_quits_pdb_is_told_so(self):
        self.tallied(3)
        terminal = self.terminal("tally", "--pdb")
        terminal.answer("(Pdb) ", "q")
        terminal.expect("error     left pdb before react() had ended")
        self.assertEqual(terminal.end(), 1)
        self.assertNotIn("Traceback", terminal.shown)

    def test_pdb_needs_a_terminal_and_a_crew_in_python(self):
        self.tallied(3)
        ran = subprocess.run(self.command("tally", "--pdb"), text=True, capture_output=True,
                             timeout=PATIENCE_S, check=False, env=self.environment(),
                             stdin=subprocess.DEVNULL, start_new_session=True)
        self.assertEqual((ran.returncode, ran.stdout), (64, ""))
        self.assertIn("--pdb needs a terminal", ran.stderr)
        self.world.crew("other", "triggers: [goal]\n")
        done = self.debug("other", "--pdb")
        self.assertEqual(done.returncode, 64)
        self.assertIn("for this one there is --gdb", done.stderr)


class GdbTest(DebugCase):
    def needs_gdb(self):
        why_not = gdb_works()
        if why_not:
            self.skipTest(why_not)

    def native(self):
        """A run of a crew that was compiled."""
        os.mkdir(self.folder("native"))
        self.write("native", "native.c", NATIVE)
        subprocess.run(["cc", "-g", "-O0", "-o", "native", "native.c"], check=True,
                       timeout=PATIENCE_S, cwd=self.folder("native"))
        self.write("native", "native.runtime.yaml", "crew: native\ntriggers: [goal]\n"
                   "timeout_ms: 60000\nrunner: [./native, \"it's one\"]\n")
        supervisor = self.world.start()
        self.world.emit(event("goal", 3))
        while not [r for r in self.world.journal() if r["kind"] == "outcome"]:
            pass
        supervisor.end()

    def test_a_compiled_crew_under_gdb_stops_runs_again_and_is_compared(self):
        self.needs_gdb()
        self.native()
        self.assertEqual(self.said(0, "native")["result"], "same")
        terminal = self.terminal("native", "--gdb")
        terminal.answer("(gdb) ", "break answer")
        terminal.answer("(gdb) ", "run")
        terminal.expect("Breakpoint 1, answer (length=")
        terminal.answer("(gdb) ", "continue")
        terminal.expect("exited normally")
        terminal.answer("(gdb) ", "run")  # the same request once more
        terminal.expect("native with 2 words, the last 'it's one'")
        terminal.expect("Breakpoint 1, answer (length=")
        terminal.answer("(gdb) ", "set var length = -1")
        terminal.answer("(gdb) ", "continue")
        terminal.expect("exited normally")
        terminal.answer("(gdb) ", "quit")
        terminal.expect("diff.set.length\n  recorded  1\n  now       0")
        self.assertEqual(terminal.end(), 1)

    def test_without_a_run_there_is_no_answer_and_json_stays_alone_on_standard_output(self):
        self.needs_gdb()
        self.native()
        said = self.said(1, "native", "--gdb", text="quit\n")
        self.assertEqual(said["now"]["error"], "the program gave no answer under gdb")
        said = self.said(0, "native", "--gdb", text="run\nquit\n")
        self.assertEqual(said["result"], "same")

    def test_a_crew_without_a_program_has_gdb_on_the_worker(self):
        self.needs_gdb()
        self.world.native_crew("plain", "triggers: [goal]\noutputs:\n  - kind: seen\n")
        supervisor = self.world.start()
        self.world.emit(event("goal", 3))
        self.world.next(ACTIONS)
        supervisor.end()
        terminal = self.terminal("plain", "--gdb")
        terminal.answer("(gdb) ", "break lc::worker::PromptCrew::react")
        terminal.answer("(gdb) ", "run")
        terminal.expect("PromptCrew::react")
        terminal.answer("(gdb) ", "continue")
        terminal.expect("result    same")
        terminal.answer("(gdb) ", "quit")
        terminal.end()

    def test_a_script_and_a_missing_gdb_are_told(self):
        self.world.crew("script", "triggers: [goal]\n")
        path = os.path.join(self.folder("script"), "run.sh")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nexec /usr/bin/python3 main.py\n")
        os.chmod(path, 0o755)
        self.write("script", "script.runtime.yaml",
                   "crew: script\ntriggers: [goal]\nrunner: [./run.sh]\n")
        done = self.debug("script", "--gdb", PATH="/nowhere")
        self.assertEqual((done.returncode, done.stdout), (69, ""))
        self.assertIn("apt-get install gdb", done.stderr)
        if shutil.which("gdb"):
            done = self.debug("script", "--gdb")
            self.assertEqual(done.returncode, 64)
            self.assertIn("'./run.sh' is a script", done.stderr)


class ErrorsTest(DebugCase):
    def refused(self, code, words, *arguments, **more):
        done = self.debug(*arguments, **more)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertIn(words, done.stderr)

    def test_what_cannot_be_run_once_more_is_told_and_nothing_is_run(self):
        self.tallied()
        path = self.record()
        self.refused(66, "crew 'tally' was not dispatched in slice -1; it was in slice 0", "tally",
                     slice_=-1)
        self.refused(66, "there is no attempt 7 of crew 'tally' in slice 0", "tally", "--attempt",
                     "7")
        self.refused(66, "absent.rec", "tally", "--journal", "absent.rec", stream=False)
        self.refused(66, "stream 'm2' has no journal", "tally", "-s", "m2", stream=False)
        self.refused(64, "name a recording FILE or a stream", "tally", stream=False)
        self.refused(65, "a recording of stream 'm1', not of 'm2'", "tally", "-s", "m2",
                     "--journal", path, stream=False)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace('"slice":0,"events":1', '"slice":0,"events":2', 1))
        self.refused(65, "m1.rec:", "tally", "--journal", path, stream=False)
        self.refused(78, "no nobody.runtime.yaml in '", "nobody")
        self.write("tally", "tally.runtime.yaml", "crew: tally\ntriggers: goal\n")
        self.refused(78, "tally.runtime.yaml:2:", "tally")
        self.refused(64, "did you mean '--slice'", "tally", "--slcie", "3")
        self.refused(69, "LIVE_CREW names '/nowhere/live-crew'", "nobody", "--crews",
                     self.plain_crews(), LIVE_CREW="/nowhere/live-crew")

    def plain_crews(self):
        folder = os.path.join(self.world.folder, "others")
        os.mkdir(folder)
        with open(os.path.join(folder, "nobody.runtime.yaml"), "w", encoding="utf-8") as file:
            file.write("crew: nobody\ntriggers: [goal]\noutputs:\n  - kind: seen\n")
        return folder

    def test_a_server_that_is_not_there_is_69(self):
        self.python_crew()
        self.world.server.kill()
        self.refused(69, "cannot reach NATS at nats://127.0.0.1:9", "tally", "--patience", "1",
                     "--nats", "nats://127.0.0.1:9")

    def test_a_crew_that_cannot_start_is_78(self):
        self.tallied()
        self.write("tally", "react.py", "def reakt(): pass\n")
        done = self.debug("tally")
        self.assertEqual(done.returncode, 78)
        self.assertIn("it has no function react(ctx, events, slice)", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
