"""`lcworker once`: real crews, each for one reaction, without NATS."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from model_server import ModelServer, Step, chat
from worker_process import LCWORKER, write_crew

EXAMPLE = os.path.normpath(os.path.join(HERE, "..", "..", "deploy", "examples", "matchday"))
STAND_IN = os.path.join(EXAMPLE, "..", "model_stand_in", "stand_in.py")

PROMPT = """
crew: talker
triggers: [goal]
timeout_ms: 20000
system_prompt: "You speak of {{ stream }}."
user_template: "{{ ctx['score']['home'] }}-{{ ctx['score']['away'] }} at {{ slice }}"
patch_template: |
  ctx['last_line'] = outputs[0]['text']
outputs:
  - kind: line
    text: "{{ generated }}"
"""


def goal(ctx=None, **fields):
    event = {"ts": "2018-09-23T19:03:30.000Z", "kind": "goal", "stream_id": "s",
             "payload": {"scorer": "Messi", "minute": 19}}
    return {"slice": 84, "ctx": ctx or {"score": {"home": 1, "away": 0}},
            "events": [{"seq": 1, "slice": 83, "event": event}], **fields}


def once(manifest, ready, *arguments, environment=None):
    """(done or None, exit code, standard error)"""
    text = ready if isinstance(ready, str) else json.dumps(ready)
    variables = {"PATH": os.environ["PATH"], **(environment or {})}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
        if name in os.environ:
            variables[name] = os.environ[name]
    ran = subprocess.run([LCWORKER, "once", "--crew-file", manifest, *arguments], input=text,
                         capture_output=True, text=True, check=False, env=variables, timeout=120)
    return json.loads(ran.stdout) if ran.stdout else None, ran.returncode, ran.stderr


class OnceCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def crew(self, text, name="talker", files=None):
        return write_crew(self.folder, name, text, files)

    def model(self, *steps):
        server = ModelServer(*steps)
        self.addCleanup(server.stop)
        return server

    def ask(self, *steps, manifest=PROMPT, ready=None):
        server = self.model(*steps)
        done, code, errors = once(self.crew(manifest), ready or goal(), "--llm-url", server.url)
        return server, done, code, errors


class ExampleTest(unittest.TestCase):
    """The four crews of the match-day example."""

    def run_crew(self, name, ready, *arguments):
        with open(os.path.join(EXAMPLE, "try", ready + ".json"), encoding="utf-8") as file:
            text = file.read()
        manifest = os.path.join(EXAMPLE, "crews", name, name + ".runtime.yaml")
        done, code, errors = once(manifest, text, *arguments)
        self.assertEqual(code, 0, errors)
        self.assertEqual(done["crew"], name)
        return done

    def test_vision_names_the_scene(self):
        done = self.run_crew("vision", "frame")
        self.assertEqual(done["diff"]["set"]["vision"]["label"], "goal")
        self.assertEqual(done["actions"][0]["kind"], "scene_tag")

    def test_score_tracker_counts_the_goal(self):
        done = self.run_crew("score_tracker", "goal")
        self.assertEqual(done["diff"]["set"], {"score": {"home": 2, "away": 0}})
        self.assertEqual(done["actions"], [{
            "kind": "score_update", "ttl_ms": 5000,
            "payload": {"home": 2, "away": 0, "scorer": "Lionel Messi", "minute": 19}}])

    def test_emoji_overlay_asks_no_model(self):
        done = self.run_crew("emoji_overlay", "goal", "--llm-url", "http://127.0.0.1:9/v1")
        self.assertEqual(done["actions"], [{
            "kind": "confetti", "ttl_ms": 3000,
            "payload": {"emoji": "\U0001f389", "team": "FC Barcelona", "text": "Lionel Messi 19'",
                        "goals_in_batch": 1}}])

    def test_commentator_speaks_of_score_and_scorer_with_the_stand_in(self):
        stand_in = subprocess.Popen([sys.executable, STAND_IN, "--with-stdin"],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(stand_in.wait)
        self.addCleanup(stand_in.stdout.close)
        self.addCleanup(stand_in.stdin.close)
        said = json.loads(stand_in.stdout.readline())
        self.assertIn("stand-in", said["note"])
        first, second = (self.run_crew("commentator", "goal", "--llm-url", said["base_url"])
                         for _ in range(2))
        line = first["actions"][0]["payload"]
        self.assertIn("Lionel Messi", line["text"])
        self.assertIn("1-0", line["text"])
        self.assertEqual(line["minute"], 19)
        self.assertEqual(first["diff"]["set"], {"last_line": line["text"]})
        self.assertIn("stand-in", first["usage"]["model"])
        self.assertEqual(first["actions"], second["actions"])


class PromptTest(OnceCase):
    def test_prompts_are_rendered_and_the_answer_patches_the_context(self):
        server, done, code, errors = self.ask(Step(chat("What a goal!")))
        self.assertEqual(code, 0, errors)
        path, headers, body = server.requests[0]
        self.assertEqual(path, "/v1/chat/completions")
        self.assertEqual(headers["Authorization"], "Bearer none")
        self.assertEqual(body["messages"],
                         [{"role": "system", "content": "You speak of once."},
                          {"role": "user", "content": "1-0 at 84"}])
        self.assertEqual(body["stream"], False)
        self.assertEqual(done["actions"], [{"kind": "line", "payload": {"text": "What a goal!"},
                                            "ttl_ms": 5000}])
        self.assertEqual(done["diff"]["set"], {"last_line": "What a goal!"})
        self.assertEqual(done["usage"]["total_tokens"], 5)

    def test_model_text_is_data_in_the_patch(self):
        for text in ("'] = 1\nctx['x'] = 2", "{{ ctx }}", "\"\\'\nctx['y'] = 1", "\u2028é\u0000"):
            _, done, code, errors = self.ask(Step(chat(text)))
            self.assertEqual(code, 0, errors)
            self.assertEqual(done["diff"]["set"], {"last_line": text})

    def test_a_field_that_is_one_expression_keeps_its_type(self):
        manifest = """
crew: typed
triggers: [goal]
outputs:
  - kind: facts
    number: "{{ event.payload.minute }}"
    list: "{{ [1, 'a', none, true] }}"
    map: "{{ ctx['score'] }}"
    quoted: "{{ 'a }} b' }}"
    text: "{{ event.payload.minute }}'"
    plain: 7
    nested: {deep: ["{{ slice }}", x], flag: true}
patch_template: "ctx['n'] = outputs[0]['nested']['deep'][0]"
"""
        done, code, errors = once(self.crew(manifest), goal())
        self.assertEqual(code, 0, errors)
        self.assertEqual(done["actions"][0]["payload"], {
            "number": 19, "list": [1, "a", None, True], "map": {"home": 1, "away": 0},
            "quoted": "a }} b", "text": "19'", "plain": 7,
            "nested": {"deep": [84, "x"], "flag": True}})
        self.assertEqual(done["diff"]["set"], {"n": 84})

    def test_variables_of_a_reaction(self):
        manifest = """
crew: vars
triggers: [goal]
outputs:
  - kind: facts
    all: "{{ [stream, crew, slice, epoch0, missing, needs, events | length, event.kind,
          event.late] }}"
"""
        ready = goal(crew="vars", epoch0="2018-09-23T19:02:48.500Z", missing=["b@0"],
                     needs={"a": {"slice": 83, "actions": [
                         {"kind": "k", "payload": {"x": 1}, "ttl_ms": 9}]}})
        done, code, errors = once(self.crew(manifest), ready)
        self.assertEqual(code, 0, errors)
        self.assertEqual(done["actions"][0]["payload"]["all"], [
            "once", "vars", 84, "2018-09-23T19:02:48.500Z", ["b@0"],
            {"a": {"slice": 83, "actions": [{"kind": "k", "payload": {"x": 1}, "ttl_ms": 9}]}},
            1, "goal", False])

    def test_an_undefined_name_is_the_reactions_error(self):
        _, done, code, errors = self.ask(Step(chat("x")), ready=goal(ctx={"other": 1}))
        self.assertEqual(code, 1)
        self.assertEqual(done["status"], "error")
        self.assertIn("user_template:1:", done["error"])

    def test_wrong_templates_are_refused_with_their_places(self):
        done, code, errors = once(self.crew(
            "crew: bad\ntriggers: [goal]\nsystem_prompt: hi\nuser_template: |\n"
            "  line one\n  {{ ctx. }}\npatch_template: \"{% nonsense %}\"\n"), goal())
        self.assertEqual((done, code), (None, 78))
        self.assertIn("talker.runtime.yaml:6:", errors)
        self.assertIn("talker.runtime.yaml:7:", errors)


class CommandTest(OnceCase):
    def run_worker(self, *arguments):
        ran = subprocess.run([LCWORKER, *arguments], capture_output=True, text=True, check=False,
                             stdin=subprocess.DEVNULL, timeout=60)
        return ran.returncode, ran.stdout, ran.stderr

    def test_help_and_version(self):
        self.assertEqual(self.run_worker("--help")[0], 0)
        self.assertIn("lcworker once --crew-file", self.run_worker("--help")[1])
        self.assertRegex(self.run_worker("--version")[1], r"^lcworker \d+\.\d+\.\d+\n$")

    def test_a_probe_tells_what_the_kernel_has_for_the_sandbox(self):
        code, out, errors = self.run_worker("--probe-sandbox")
        self.assertEqual(code, 0, errors)
        found = json.loads(out)
        self.assertEqual(list(found), ["landlock_abi", "seccomp", "missing"])
        self.assertEqual(found["seccomp"], "seccomp" not in found["missing"])
        self.assertEqual(found["landlock_abi"] == 0, "landlock" in found["missing"])
        self.assertEqual(self.run_worker("--probe-sandbox", "--crew")[0], 64)

    def test_a_cgroup_that_cannot_be_joined_is_69(self):
        for descriptor in ("0", "none", "4000", "1,2", "4000,4001"):
            ran = subprocess.run([LCWORKER, "--version"], capture_output=True, text=True, timeout=60,
                                 env={"LIVE_CREW_CGROUP_FD": descriptor}, check=False)
            self.assertEqual((ran.returncode, ran.stdout), (69, ""), descriptor)
            self.assertIn("joining the cgroup: Bad file descriptor", ran.stderr)

    def test_wrong_usage_is_64_and_says_what(self):
        for arguments, words in ((["--steam", "s"], "did you mean '--stream'"),
                                 (["--stream", "s"], "--crew is missing"),
                                 (["--stream", "a.b", "--crew", "c"], "a.b"),
                                 (["once"], "--crew-file is missing"),
                                 (["--stream"], "needs a value")):
            code, out, errors = self.run_worker(*arguments)
            self.assertEqual((code, out), (64, ""))
            self.assertIn(words, errors)

    def test_a_worker_without_configuration_is_refused(self):
        code, _, errors = self.run_worker("--stream", "s", "--crew", "c")
        self.assertEqual(code, 78)
        self.assertIn("standard input ended before", errors)

    def test_a_wrong_ready_is_65(self):
        manifest = self.crew("crew: c\ntriggers: [k]\noutputs:\n  - kind: k\n")
        for text, words in (("{", "line 1"), ("[]", "not an object"),
                            ('{"slice":"x"}', "slice")):
            done, code, errors = once(manifest, text)
            self.assertEqual((done, code), (None, 65))
            self.assertIn(words, errors)

    def test_a_crew_file_that_is_not_there_is_78(self):
        _, code, errors = once(os.path.join(self.folder, "absent.runtime.yaml"), goal())
        self.assertEqual(code, 78)
        self.assertIn("absent.runtime.yaml", errors)


if __name__ == "__main__":
    unittest.main()
