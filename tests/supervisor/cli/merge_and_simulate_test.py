"""The built command from outside: `ctx merge` and `simulate`. Usage: ..._test.py LIVE_CREW [unittest args]"""

import json
import os
import subprocess
import sys
import unittest

LIVE_CREW = ""


def run(*words, text=""):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LIVE_CREW_")}
    return subprocess.run([LIVE_CREW, *words], input=text, capture_output=True, text=True,
                          timeout=60, check=False, env=environment)


def merge(previous, *diffs, max_bytes=None):
    words = ["ctx", "merge"] + (["--max-bytes", str(max_bytes)] if max_bytes else [])
    done = run(*words, text=json.dumps({"previous": previous, "diffs": list(diffs)}))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def diff(crew, slice_=0, lamport=0, sets=None, deletes=()):
    return {"slice": slice_, "lamport": lamport, "crew": crew, "set": sets or {},
            "delete": list(deletes)}


def simulate(**script):
    done = run("simulate", "-", text=json.dumps(script))
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["slice"]: line for line in lines[:-1]}, lines[-1]["summary"]


class CtxMerge(unittest.TestCase):
    def test_the_later_writer_wins_whatever_the_order_of_the_diffs(self):
        first = diff("vision", 3, 1, {"score": {"home": 1}, "only": True})
        second = diff("ads", 3, 2, {"score": {"home": 2}})
        for diffs in ([first, second], [second, first]):
            merged = merge({"old": 1}, *diffs)
            self.assertEqual(merged["snapshot"], {"old": 1, "only": True, "score": {"home": 2}})
            self.assertEqual(merged["conflicts"], [
                {"key": "score", "winner": "ads", "loser": "vision", "losing_value": {"home": 1}}])
            self.assertEqual(merged["dropped"], [])

    def test_a_key_is_deleted(self):
        merged = merge({"a": 1, "b": 2}, diff("x", deletes=["a"]))
        self.assertEqual(merged["snapshot"], {"b": 2})
        self.assertEqual(merged["size_before"], merged["size_after"])

    def test_what_does_not_fit_is_dropped_and_named(self):
        merged = merge({"m": "old"}, diff("big", sets={"a": "x" * 50, "z": 1}), max_bytes=30)
        self.assertEqual(merged["snapshot"], {"m": "old", "z": 1})
        self.assertEqual(merged["dropped"], [{"key": "a", "crew": "big", "bytes": 56}])
        self.assertEqual(merged["size_after"], len('{"m":"old","z":1}'))
        self.assertEqual(merged["size_before"], merged["size_after"] + 57)

    def test_all_that_is_wrong_is_told_with_its_path(self):
        done = run("ctx", "merge", text='{"previus":{},"diffs":[{"slice":"x","crew":"a b"}, 7]}')
        self.assertEqual(done.returncode, 65)
        self.assertEqual(done.stdout, "")
        for words in ("previus: unknown key; did you mean 'previous'?",
                      "diffs[0].slice: is not a whole number", "diffs[0].lamport: is missing",
                      "diffs[0].crew: ", "diffs[1]: must be an object, not number"):
            self.assertIn(words, done.stderr)

    def test_text_that_is_no_json_says_where(self):
        done = run("ctx", "merge", text='{"previous":\n{]}')
        self.assertEqual(done.returncode, 65)
        self.assertIn("line 2, column", done.stderr)


MATCH_DAY = {
    "vision": {"triggers": ["frame_embedding"]},
    "score_tracker": {"triggers": ["goal_scored"],
                      "needs": [{"type": "event", "event": "goal_scored"}]},
    "commentator": {"triggers": ["goal_scored"], "needs": [{"type": "crew", "crew": "vision"}]},
    "emoji_overlay": {"triggers": ["goal_scored"], "wait_policy": "any",
                      "needs": [{"type": "event", "event": "goal_scored"},
                                {"type": "crew", "crew": "vision"}]},
}


class Simulate(unittest.TestCase):
    def test_on_match_day_the_commentator_waits_one_slice(self):
        for clock in ("wall", "event"):
            lines, summary = simulate(
                slice_ms=500, clock=clock, crews=MATCH_DAY,
                events=[{"slice": 0, "kind": "kick_off", "payload": {}},
                        {"slice": 83, "kind": "frame_embedding", "payload": {"v": [1, 2]}},
                        {"slice": 83, "kind": "goal_scored", "payload": {"team": "home"}}],
                reactions={"score_tracker": {"takes_ms": 20,
                                             "diff": {"set": {"score": {"home": 1}}},
                                             "actions": [{"kind": "score_update", "payload": 1}]}})
            goal, after = lines[83], lines[84]
            self.assertEqual(goal["events"], 2)
            self.assertEqual(goal["ready"], ["emoji_overlay", "score_tracker", "vision"])
            self.assertEqual(goal["waiting"], {"commentator": ["vision@-1"]})
            self.assertEqual(goal["ctx"], {})
            self.assertEqual(sorted(goal["done"]), goal["ready"])
            self.assertEqual(after["ready"], ["commentator"])
            self.assertEqual(after["done"], ["commentator"])
            self.assertEqual(after["waiting"], {})
            self.assertEqual(after["ctx"], {"score": {"home": 1}})
            self.assertEqual(len(lines), 85 if clock == "wall" else 3)
            self.assertEqual(summary["reactions"], {name: 1 for name in MATCH_DAY})
            self.assertEqual(summary["outcomes"], {"ok": 4})
            self.assertEqual(summary["actions"], {"score_update": 1})
            self.assertEqual(summary["errors"], {})
            self.assertEqual((summary["events"], summary["slices"]), (3, len(lines)))
            self.assertEqual((summary["ctx"], summary["ctx_rev"]), ({"score": {"home": 1}}, 1))

    def test_three_failures_disable_a_crew_and_release_who_waits_for_it(self):
        lines, summary = simulate(
            slice_ms=100,
            crews={"vision": {"triggers": ["frame"], "max_errors": 3, "timeout_ms": 50},
                   "follower": {"triggers": ["goal"], "needs": [{"type": "crew", "crew": "vision",
                                                                 "offset": 0}]}},
            events=[{"slice": 0, "kind": "goal"}] + [{"slice": n, "kind": "frame"}
                                                     for n in range(5)],
            reactions={"vision": {"takes_ms": 70, "outcomes": ["error", "exit", "ok"]}})
        self.assertEqual(lines[2]["disabled"], ["vision"])
        self.assertEqual([e["reason"] for e in lines[2]["errors"]],
                         ["reaction_failed", "disabled", "dependency_disabled"])
        self.assertEqual(lines[1]["waiting"], {"follower": ["vision@0"]})
        self.assertEqual(lines[3]["waiting"], {})
        self.assertEqual(summary["outcomes"], {"timeout": 3})
        self.assertEqual(summary["reactions"], {"vision": 3})

    def test_a_reaction_is_on_time_up_to_its_limit(self):
        for takes_ms, outcome in ((50, "ok"), (51, "timeout")):
            _, summary = simulate(slice_ms=100, crews={"a": {"triggers": ["x"], "timeout_ms": 50}},
                                  events=[{"slice": 0, "kind": "x"}],
                                  reactions={"a": {"takes_ms": takes_ms}})
            self.assertEqual(summary["outcomes"], {outcome: 1})

    def test_the_kth_reaction_has_the_kth_outcome_and_the_last_repeats(self):
        _, summary = simulate(slice_ms=100, crews={"a": {"triggers": ["x"]}},
                              events=[{"slice": n, "kind": "x"} for n in range(5)],
                              reactions={"a": {"outcomes": ["crash", "error", "ok"]}})
        self.assertEqual(summary["outcomes"], {"crash": 1, "error": 1, "ok": 3})

    def test_events_with_times_count_from_the_first_and_may_be_late(self):
        lines, summary = simulate(
            slice_ms=500, crews={"a": {"triggers": ["x"]}}, until_slice=4,
            events=[{"ts": "2025-07-31T19:00:00.250Z", "kind": "x"},
                    {"ts": "2025-07-31T19:00:01.750Z", "kind": "x"},
                    {"ts": "2025-07-31T19:00:00.300Z", "kind": "x"}])
        self.assertEqual(sorted(lines), [0, 1, 2, 3, 4])
        self.assertEqual([lines[n]["events"] for n in range(5)], [1, 0, 0, 2, 0])
        self.assertEqual(summary["reactions"], {"a": 2})

    def test_a_slow_crew_delays_nobody_and_gets_what_waited(self):
        lines, _ = simulate(
            slice_ms=100, crews={"slow": {"triggers": ["x"]}, "fast": {"triggers": ["x"]}},
            events=[{"slice": n, "kind": "x"} for n in range(4)],
            reactions={"slow": {"takes_ms": 250}})
        self.assertEqual([lines[n]["ready"] for n in range(4)],
                         [["fast", "slow"], ["fast"], ["fast", "slow"], ["fast"]])
        self.assertEqual(lines[1]["waiting"], {"slow": ["busy"]})

    def test_what_can_never_run_is_told_at_the_end_of_the_event_clock(self):
        _, summary = simulate(slice_ms=100, clock="event",
                              crews={"a": {"triggers": ["x"],
                                           "needs": [{"type": "event", "event": "never"}]}},
                              events=[{"slice": 0, "kind": "x"}])
        self.assertEqual(summary["errors"], {"needs_unmet_at_end": 1})

    def test_an_empty_script_has_an_empty_summary(self):
        lines, summary = simulate()
        self.assertEqual(lines, {})
        self.assertEqual((summary["slices"], summary["ctx"]), (0, {}))

    def test_the_last_line_has_what_ends_before_the_next_beat(self):
        for takes_ms, done in ((0, ["a"]), (400, ["a"]), (600, [])):
            with self.subTest(takes_ms=takes_ms):
                lines, _ = simulate(slice_ms=500, crews={"a": {"triggers": ["x"]}},
                                    events=[{"slice": 0, "kind": "x"}], until_slice=0,
                                    reactions={"a": {"takes_ms": takes_ms}})
                self.assertEqual({n: line["done"] for n, line in lines.items()}, {0: done})

    def test_until_slice_closes_slices_without_events(self):
        for clock, slices in (("wall", [0, 1, 2]), ("event", [])):
            lines, _ = simulate(clock=clock, until_slice=2)
            self.assertEqual(sorted(lines), slices)

    def test_the_same_script_twice_gives_the_same_bytes(self):
        script = json.dumps({"crews": MATCH_DAY,
                             "events": [{"slice": n, "kind": "goal_scored"} for n in range(50)]})
        self.assertEqual(run("simulate", text=script).stdout, run("simulate", text=script).stdout)

    def test_every_error_of_a_script_is_told_with_its_path(self):
        done = run("simulate", text=json.dumps({
            "slice_ms": 0, "clok": "wall", "clock": "sundial", "until_slice": -1,
            "events": [{"kind": "x"}, {"slice": 1, "kind": "__x"}, {"ts": "now", "kind": "x"}, 5],
            "crews": {"a": {"trigers": ["x"]}, "b": {"triggers": ["x"], "wait_policy": "al"}},
            "reactions": {"nobody": {}, "a": {"outcomes": ["fine"], "takes_ms": -1,
                                              "actions": [{"kind": "?"}], "diff": {"sets": {}}}}}))
        self.assertEqual(done.returncode, 65)
        self.assertEqual(done.stdout, "")
        for words in ("slice_ms: 0 is not a whole number of 1 to 10000",
                      "clok: unknown key; did you mean 'clock'?", 'clock: "sundial" is not one of',
                      "until_slice: -1", "events[0].ts: give either slice or ts", "events[1].kind: ",
                      "events[2].ts: ", "events[3]: must be an object", "crews.a: ", "trigers",
                      "crews.b: wait_policy", "reactions.nobody: no such crew",
                      'reactions.a.outcomes[0]: "fine" is no outcome', "reactions.a.takes_ms: -1",
                      "reactions.a.actions[0]: ", "reactions.a.diff: "):
            self.assertIn(words, done.stderr)

    def test_crews_are_checked_against_each_other(self):
        need = [{"type": "crew", "crew": "b", "offset": 0}]
        circle = {"a": {"triggers": ["x"], "needs": need},
                  "b": {"triggers": ["x"],
                        "needs": [{"type": "crew", "crew": "a", "offset": 0}]}}
        unknown = {"a": {"triggers": ["x"], "needs": need}}
        for crews in (circle, unknown):
            done = run("simulate", text=json.dumps({"crews": crews}))
            self.assertEqual(done.returncode, 65)
            self.assertIn("crews.a: ", done.stderr)

    def test_a_file_that_is_not_there(self):
        self.assertEqual(run("simulate", "/nonexistent.json").returncode, 66)


if __name__ == "__main__":
    LIVE_CREW = sys.argv.pop(1)
    unittest.main()
