"""The judging of figures, and their table."""

import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import report


class ReportTest(unittest.TestCase):
    def test_a_ratio_is_judged_by_its_aim(self):
        for value, floor, aim, better, met in [(140, 100, 1.4, "lower", True),
                                               (141, 100, 1.4, "lower", False),
                                               (40, 100, 0.4, "higher", True),
                                               (39, 100, 0.4, "higher", False)]:
            one = report.figure("core", "x", value, "us", floor, aim, better)
            self.assertEqual(one["met"], met, one)
            self.assertEqual(one["ratio"], value / floor)

    def test_a_value_is_judged_where_the_aim_is_one(self):
        self.assertTrue(report.figure("core", "x", 9, "ms", 3, 10, against="value")["met"])
        self.assertFalse(report.figure("core", "x", 11, "ms", None, 10, against="value")["met"])

    def test_an_excess_over_the_floor_is_judged_where_the_aim_is_one(self):
        for value, floor, met in [(9.9, 9, True), (10.1, 9, False), (3, 9, True), (1, None, False)]:
            one = report.figure("kill", "x", value, "ms", floor, 1, against="excess")
            self.assertEqual(one["met"], met, one)

    def test_only_promises_break(self):
        figures = [report.figure("kill", "slow", 9, "ms", None, 1, against="value"),
                   report.figure("kill", "early", 1, "kills", None, 0, against="promise"),
                   report.figure("kill", "left", 0, "processes", None, 0, against="promise")]
        self.assertEqual(report.broken(figures), ["early"])

    def test_the_table_has_a_line_a_figure_and_says_no_aloud(self):
        text = report.table([report.figure("core", "slow", 3, "ms", 1, 2),
                             report.figure("core", "alone", 3, "ms", None, 5, against="value")])
        lines = text.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[1].startswith("slow") and lines[1].endswith("NO"))
        self.assertTrue(lines[2].endswith("yes"))

    def test_json_reads_back(self):
        figures = [report.figure("core", "x", 1.23456, "us", 1, 2)]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.json")
            report.write_json(figures, path)
            with open(path, encoding="utf-8") as file:
                self.assertEqual(json.load(file), figures)


if __name__ == "__main__":
    unittest.main()
