"""The figures of section `kill`, from what its programs print."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
os.environ.update({name: "" for name in ("LCSUPERVISOR", "LIVE_CREW", "LCWORKER")})
import kill
import report


def run(us=1000, **counted):
    times = {"p50": us, "p99": us}
    return {"issued": times, "gone": times, "early": 0, "untrue": 0, "survivors": 0, **counted}


class KillTest(unittest.TestCase):
    def test_one_early_kill_breaks_a_promise_idle_or_busy(self):
        for idle, busy in ((run(early=1), run()), (run(), run(early=1))):
            figures = list(kill.deadline_figures(idle, busy, run(), run()))
            self.assertEqual(report.broken(figures), ["kills before their deadline"])

    def test_a_slow_kill_misses_an_aim_and_breaks_no_promise(self):
        figures = list(kill.deadline_figures(run(200_000), run(200_000), run(), run()))
        self.assertEqual(report.broken(figures), [])
        self.assertEqual([one["met"] for one in figures], [True] * 3 + [False] * 5)

    def test_a_takeover_is_judged_by_itself_and_by_its_floor(self):
        for own_us, floor_us, met in ((900, 400, [True, True]), (1100, 400, [False, True]),
                                      (900, 200, [True, False])):
            figures = kill.takeover_figures("warm", {"answered": {"p50": own_us}},
                                            {"p50": floor_us}, 1, 3)
            self.assertEqual([one["met"] for one in figures], met)

    def test_whatever_is_left_of_a_cycle_breaks_a_promise_but_memory(self):
        left = {"count": 10, "descriptors": 0, "cgroups": 0, "processes": 0, "rss_kb": 9999}
        self.assertEqual(report.broken(kill.cycle_figures(left)), [])
        for what in ("descriptors", "cgroups", "processes"):
            self.assertEqual(len(report.broken(kill.cycle_figures({**left, what: 1}))), 1)
        self.assertEqual(report.broken(kill.cycle_figures({**left, "descriptors": -1})), [])


if __name__ == "__main__":
    unittest.main()
