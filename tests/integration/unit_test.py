"""The systemd unit and lcsupervisor agree: on its command line, and on what a restart cannot mend."""

import configparser
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "systemd" / "lcsupervisor@.service"
LCSUPERVISOR = ""


class Unit(configparser.RawConfigParser):
    def __init__(self):
        super().__init__(strict=False, delimiters="=", comment_prefixes="#")
        self.optionxform = str
        self.read(UNIT)


class UnitTest(unittest.TestCase):
    def setUp(self):
        self.service = Unit()["Service"]

    def run_as_the_unit_says(self, folder):
        words = self.service["ExecStart"].replace("%i", "match42").split()
        words = [word.replace("/etc/live-crew", str(folder)) for word in words]
        return subprocess.run([LCSUPERVISOR, *words[1:]], env={"PATH": "/usr/bin:/bin"},
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              timeout=60, check=False)

    def test_its_command_line_is_understood_and_its_files_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            ended = self.run_as_the_unit_says(folder)
        self.assertEqual(ended.returncode, 78, ended.stderr)
        self.assertIn(f"{folder}/match42/live-config.yaml", ended.stderr)

    def test_wrong_usage_and_configuration_are_not_tried_again(self):
        self.assertEqual(self.service["Restart"], "on-failure")
        self.assertEqual(self.service["RestartPreventExitStatus"].split(), ["64", "65", "78"])

    def test_G17_its_exposure_is_at_most_2_of_10(self):
        judged = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager",
             str(UNIT)], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(judged.returncode, 0, judged.stdout[-2000:] + judged.stderr)

    def test_workers_can_confine_themselves_and_have_cgroups_of_their_own(self):
        calls = " ".join(self.service.get("SystemCallFilter", "").split())
        self.assertIn("landlock_restrict_self", calls)
        self.assertEqual(self.service["Delegate"], "cpu memory pids")

    def test_it_is_told_of_readiness_and_life_by_the_loop_alone(self):
        self.assertEqual(self.service["Type"], "notify")
        self.assertEqual(self.service["NotifyAccess"], "main")
        self.assertTrue(re.fullmatch(r"\d+", self.service["WatchdogSec"]))


if __name__ == "__main__":
    LCSUPERVISOR = sys.argv.pop(1)
    unittest.main(verbosity=2)
