"""The Python package: context, events, actions, and the lines between worker and program."""

import copy
import json
import os
import pickle
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime, timezone

PACKAGE_DIR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "worker",
                           "python")
sys.path.insert(0, PACKAGE_DIR)
from live_crew import Action, Context, Event, Slice
from live_crew._types import parse_time


class ContextTest(unittest.TestCase):
    def diff(self, snapshot, change):
        ctx = Context(snapshot)
        change(ctx)
        return json.loads(json.dumps(ctx.diff()))

    def test_reading_changes_nothing(self):
        def read(ctx):
            self.assertEqual(ctx["score"]["home"], 1)
            self.assertEqual(list(ctx), ["score"])
            self.assertEqual(ctx.get("absent", 7), 7)
            self.assertEqual(dict(ctx), {"score": {"home": 1}})

        self.assertEqual(self.diff({"score": {"home": 1}}, read), {"set": {}, "delete": []})

    def test_a_nested_change_writes_the_whole_top_level_key(self):
        def change(ctx):
            ctx["a"]["b"]["c"].append(3)

        self.assertEqual(self.diff({"a": {"b": {"c": [1]}, "d": 2}, "e": {}}, change),
                         {"set": {"a": {"b": {"c": [1, 3]}, "d": 2}}, "delete": []})

    def test_every_way_to_change_a_dict_or_a_list_is_seen(self):
        changes = {
            "setitem": lambda v: v["d"].__setitem__("x", 1),
            "delitem": lambda v: v["d"].__delitem__("k"),
            "pop": lambda v: v["d"].pop("k"),
            "popitem": lambda v: v["d"].popitem(),
            "clear": lambda v: v["d"].clear(),
            "update": lambda v: v["d"].update(x=1),
            "setdefault": lambda v: v["d"].setdefault("x", []),
            "append": lambda v: v["l"].append(1),
            "extend": lambda v: v["l"].extend([1]),
            "insert": lambda v: v["l"].insert(0, 1),
            "remove": lambda v: v["l"].remove(2),
            "list pop": lambda v: v["l"].pop(),
            "sort": lambda v: v["l"].sort(),
            "reverse": lambda v: v["l"].reverse(),
            "list setitem": lambda v: v["l"].__setitem__(0, 5),
            "list delitem": lambda v: v["l"].__delitem__(0),
            "iadd": lambda v: v["l"].__iadd__([1]),
            "imul": lambda v: v["l"].__imul__(2),
            "list clear": lambda v: v["l"].clear(),
        }
        for name, change in changes.items():
            with self.subTest(name):
                ctx = Context({"v": {"d": {"k": 1}, "l": [3, 2]}, "other": {}})
                change(ctx["v"])
                self.assertEqual(list(ctx.diff()["set"]), ["v"])

    def test_setting_and_deleting_keys(self):
        def change(ctx):
            ctx["new"] = {"a": (1, 2)}
            del ctx["old"]
            ctx["gone"] = 1
            del ctx["gone"]
            ctx["same"] = ctx["same"]

        self.assertEqual(self.diff({"old": 1, "same": 2}, change),
                         {"set": {"new": {"a": [1, 2]}, "same": 2}, "delete": ["old"]})

    def test_a_value_that_is_no_json_is_named(self):
        for value in ({1, 2}, float("nan"), object()):
            ctx = Context({})
            ctx["when"] = value
            with self.assertRaisesRegex(TypeError, "ctx\\['when'\\] is not JSON"):
                ctx.diff()
        with self.assertRaisesRegex(TypeError, "a context key is a string"):
            Context({})[1] = 2

    def test_copies_are_plain(self):
        ctx = Context({"v": {"l": [1]}})
        for made in (copy.copy(ctx["v"]), copy.deepcopy(ctx["v"]), ctx["v"].copy(),
                     pickle.loads(pickle.dumps(ctx["v"]))):
            self.assertIs(type(made), dict)
            made["l"].append(2)
        self.assertEqual(ctx.diff(), {"set": {}, "delete": []})
        self.assertEqual(ctx["v"], {"l": [1]})


class TypesTest(unittest.TestCase):
    def test_times_are_utc(self):
        self.assertEqual(parse_time("2018-09-23T20:45:00.1234567+02:00"),
                         datetime(2018, 9, 23, 18, 45, 0, 123456, timezone.utc))
        self.assertEqual(parse_time("2018-09-23T18:45:00Z").microsecond, 0)
        with self.assertRaises(ValueError):
            parse_time("2018-09-23")

    def test_an_event_knows_when_it_is_late(self):
        wire = {"seq": 5, "slice": 9, "event": {"ts": "2018-09-23T18:45:00.5Z", "kind": "k",
                                                "stream_id": "s", "payload": [1]}}
        event = Event.from_wire(wire)
        self.assertEqual((event.kind, event.stream_id, event.payload), ("k", "s", [1]))
        self.assertEqual((event.late, event.slice, event.seq), (False, 9, 5))
        late = Event.from_wire({**wire, "orig_slice": 4})
        self.assertEqual((late.late, late.orig_slice), (True, 4))

    def test_a_slice_is_a_number_with_facts(self):
        slice_ = Slice({"slice": 84, "epoch0": "2018-09-23T18:45:00.000Z", "missing": ["a@-1"],
                        "needs": {"vision": {"slice": 83, "actions": []}}})
        self.assertEqual(slice_ + 1, 85)
        self.assertEqual(slice_.missing, ["a@-1"])
        self.assertEqual(slice_.needs["vision"]["slice"], 83)
        self.assertEqual(slice_.epoch0.year, 2018)

    def test_wrong_actions_are_refused_where_they_are_made(self):
        for wrong in ({"kind": ""}, {"kind": "__hb"}, {"kind": "a b"}, {"kind": "k", "ttl_ms": 0},
                      {"kind": "k", "ttl_ms": 300_001}, {"kind": "k", "ttl_ms": True}):
            with self.assertRaises(ValueError, msg=str(wrong)):
                Action(**wrong)


def request(ctx=None, kind="k"):
    return {"v": 1, "stream": "s", "slice": 3, "crew": "c", "attempt": 1,
            "epoch0": "2018-09-23T18:45:00.000Z", "slice_ms": 500, "deadline_ms": None,
            "ctx": ctx or {}, "ctx_rev": 1,
            "events": [{"seq": 1, "slice": 3, "event": {
                "ts": "2018-09-23T18:45:01.500Z", "kind": kind, "stream_id": "s", "payload": {}}}],
            "needs": {}, "missing": []}


class ProgramTest(unittest.TestCase):
    """`python3 -m live_crew crew.py` as the worker runs it."""

    def run_crew(self, source, *requests):
        """(lines after the first, the first line, standard error, exit code)"""
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "crew.py"), "w", encoding="utf-8") as file:
                file.write(source)
            done = subprocess.run(
                [sys.executable, "-m", "live_crew", "crew.py"], cwd=folder, check=False,
                env={**os.environ, "PYTHONPATH": PACKAGE_DIR}, capture_output=True, text=True,
                input="".join(json.dumps(item) + "\n" for item in requests))
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return lines[1:], lines[0], done.stderr, done.returncode

    def answer(self, body, **options):
        lines, first, errors, code = self.run_crew(
            "from live_crew import Action\n" + body, request(**options))
        self.assertEqual((first, code), ({"ready": True}, 0), errors)
        self.assertEqual(len(lines), 1)
        return lines[0]

    def kinds(self, body):
        return [action["kind"] for action in self.answer(body)["actions"]]

    def test_nothing_one_action_a_list_and_yields(self):
        head = "def react(ctx, events, slice):\n    "
        self.assertEqual(self.kinds(head + "pass"), [])
        self.assertEqual(self.kinds(head + "return Action('a')"), ["a"])
        self.assertEqual(self.kinds(head + "return {'kind': 'a', 'payload': 1}"), ["a"])
        self.assertEqual(self.kinds(head + "return [Action('a'), {'kind': 'b'}]"), ["a", "b"])
        self.assertEqual(self.kinds(head + "yield Action('a'); yield Action('b')"), ["a", "b"])
        self.assertEqual(self.kinds("async " + head + "return Action('a')"), ["a"])
        self.assertEqual(self.kinds("async " + head + "yield Action('a')"), ["a"])

    def test_context_and_action_on_the_wire(self):
        answer = self.answer("def react(ctx, events, slice):\n"
                             "    ctx['score']['home'] += 1\n"
                             "    return Action('score_update', dict(ctx['score']), ttl_ms=9)\n",
                             ctx={"score": {"home": 0, "away": 2}})
        self.assertEqual(answer["diff"], {"set": {"score": {"home": 1, "away": 2}}, "delete": []})
        self.assertEqual(answer["actions"], [{"kind": "score_update", "ttl_ms": 9,
                                              "payload": {"home": 1, "away": 2}}])

    def test_what_a_crew_prints_or_reads_does_not_touch_the_protocol(self):
        lines, first, errors, code = self.run_crew(
            "import os, sys\nprint('at import')\n"
            "def react(ctx, events, slice):\n"
            "    print('{\"actions\": []}', flush=True)\n"
            "    os.system('echo from a child')\n"
            "    os.write(1, b'raw\\n')\n"
            "    ctx['read'] = sys.stdin.read()\n", request(), request())
        self.assertEqual((first, code), ({"ready": True}, 0))
        self.assertEqual([line["diff"]["set"] for line in lines], [{"read": ""}] * 2)
        for words in ("at import", "from a child", "raw"):
            self.assertIn(words, errors)

    def test_an_exception_is_an_answer_and_the_next_reaction_runs(self):
        lines, _, errors, code = self.run_crew(
            "def react(ctx, events, slice):\n"
            "    if events[0].kind == 'bad':\n"
            "        raise ValueError('no goals')\n", request(kind="bad"), request())
        self.assertEqual(lines[0], {"error": "ValueError: no goals (crew.py:3)"})
        self.assertIn("Traceback", errors)
        self.assertEqual(lines[1], {"diff": {"set": {}, "delete": []}, "actions": []})
        self.assertEqual(code, 0)

    def test_a_wrong_return_is_an_error_that_says_what_came(self):
        head = "def react(ctx, events, slice):\n    "
        self.assertIn("react gave str", self.answer(head + "return 'goal'")["error"])
        self.assertIn("react gave int", self.answer(head + "return [7]")["error"])
        self.assertIn("an action has kind", self.answer(head + "return {'text': 1}")["error"])
        self.assertIn("not JSON", self.answer(head + "return Action('a', {1, 2})")["error"])

    def test_an_answer_that_is_too_long_is_an_error(self):
        answer = self.answer("def react(ctx, events, slice):\n"
                             "    return Action('a', 'x' * (1 << 20))\n")
        self.assertIn("1048576 are allowed", answer["error"])

    def test_a_crew_that_cannot_be_loaded_says_why(self):
        for source, words in (("def react(:\n", "SyntaxError: .*crew.py:1"),
                              ("import absent_module\n", "ModuleNotFoundError: .*crew.py:1"),
                              ("x = 1\n", "no function react")):
            _, first, _, code = self.run_crew(source)
            self.assertRegex(first["failed"], words)
            self.assertEqual(code, 78)

    def test_log_and_progress_are_lines_of_their_own(self):
        lines, _, _, _ = self.run_crew(
            "import live_crew\n"
            "def react(ctx, events, slice):\n"
            "    live_crew.log('half way', level='warn')\n"
            "    live_crew.progress({'done': 0.5})\n", request())
        self.assertEqual(lines[0], {"log": {"level": "warn", "msg": "half way"}})
        self.assertEqual(lines[1], {"progress": {"done": 0.5}})
        self.assertIn("diff", lines[2])

    def test_modules_beside_the_crew_and_state_between_reactions(self):
        lines, _, _, _ = self.run_crew(
            "n = 0\n"
            "def react(ctx, events, slice):\n"
            "    global n\n"
            "    n += 1\n"
            "    ctx['n'] = n\n", request(), request())
        self.assertEqual([line["diff"]["set"]["n"] for line in lines], [1, 2])


if __name__ == "__main__":
    unittest.main()
