"""Tests of summary.py: what each kind of test program adds to the sum."""

import io
import json
import os
import sys
import tempfile
import unittest
from contextlib import redirect_stdout

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import summary


def entry(result="OK", stdout="", stderr="", name="common"):
    return {"name": name, "result": result, "stdout": stdout, "stderr": stderr}


DOCTEST_LINE = "[doctest] test cases: {:>2} | {:>2} passed | {} failed | {} skipped\n"


class CountTest(unittest.TestCase):
    def check(self, one, passed, failed, skipped):
        count = summary.count_test(one)
        self.assertEqual((count.passed, count.failed, count.skipped), (passed, failed, skipped))
        return count

    def test_doctest_cases_are_summed_over_the_programs_output(self):
        text = DOCTEST_LINE.format(3, 3, 0, 0) + DOCTEST_LINE.format(12, 12, 0, 1)
        self.check(entry(stdout=text), 15, 0, 1)

    def test_doctest_failures_count_each(self):
        count = self.check(entry("FAIL", DOCTEST_LINE.format(5, 3, 2, 0)), 3, 2, 0)
        self.assertEqual(count.failures, ["common: fail, 2 failed"])

    def test_a_skipped_line_moves_a_case_from_passed_to_skipped(self):
        text = "SKIPPED: A07 cgroup: no cgroup v2\n" + DOCTEST_LINE.format(5, 5, 0, 0)
        count = self.check(entry(stdout=text), 4, 0, 1)
        self.assertEqual(count.reasons, ["common: A07 cgroup: no cgroup v2"])

    def test_a_crash_after_green_cases_is_a_failure(self):
        self.check(entry("FAIL", DOCTEST_LINE.format(5, 5, 0, 0)), 5, 1, 0)

    def test_a_timeout_without_summary_is_one_failure(self):
        self.check(entry("TIMEOUT", "half a line"), 0, 1, 0)

    def test_a_program_that_ran_no_case_fails(self):
        count = self.check(entry(stdout=DOCTEST_LINE.format(0, 0, 0, 0)), 0, 1, 0)
        self.assertEqual(count.failures, ["common: ran no test case at all"])

    def test_unittest_output(self):
        text = "Ran 7 tests in 0.1s\n\nFAILED (failures=1, errors=1, skipped=2)\n"
        self.check(entry("FAIL", "", text), 3, 2, 2)
        self.check(entry("OK", "", "Ran 1 test in 0.1s\n\nOK\n"), 1, 0, 0)

    def test_a_script_counts_as_one(self):
        self.check(entry(), 1, 0, 0)
        self.check(entry("FAIL"), 0, 1, 0)
        self.check(entry("ERROR"), 0, 1, 0)

    def test_a_skipped_script_shows_its_reason(self):
        count = self.check(entry("SKIP", "SKIPPED: format: no clang-format-19\n"), 0, 0, 1)
        self.assertEqual(count.reasons, ["common: format: no clang-format-19"])
        self.assertEqual(self.check(entry("SKIP"), 0, 0, 1).reasons, ["common: gave no reason"])


class SummaryTest(unittest.TestCase):
    def run_summary(self, entries):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "meson-logs"))
            with open(os.path.join(folder, "meson-logs", "testlog-asan.json"), "w") as log:
                log.write("\n".join(json.dumps(e) for e in entries))
            out = io.StringIO()
            with redirect_stdout(out):
                code = summary.summarise([folder])
        return code, out.getvalue().splitlines()[-1]

    def test_the_last_line_and_the_exit_code(self):
        green = entry(stdout=DOCTEST_LINE.format(4, 4, 0, 0))
        self.assertEqual(self.run_summary([green, entry()]), (0, "5 passed, 0 failed"))
        self.assertEqual(self.run_summary([green, entry("FAIL")]), (1, "4 passed, 1 failed"))
        self.assertEqual(
            self.run_summary([green, entry("SKIP")]), (0, "4 passed, 0 failed, 1 skipped")
        )

    def test_nothing_ran_is_a_failure(self):
        self.assertEqual(self.run_summary([]), (1, "0 passed, 1 failed"))
        self.assertEqual(self.run_summary([entry("SKIP")]), (1, "0 passed, 0 failed, 1 skipped"))
        with redirect_stdout(io.StringIO()):
            self.assertEqual(summary.summarise([]), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
