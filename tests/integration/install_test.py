"""What `meson install` puts where, and that it works from there; the worker's manual page."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "worker" / "lcworker.8"
BUILD = ""


def run(*words, **more):
    return subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False,
                          **more)


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        done = run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", cls.folder.name)
        assert done.returncode == 0, done.stderr
        cls.files = {str(path.relative_to(cls.folder.name)): path
                     for path in pathlib.Path(cls.folder.name).rglob("*") if path.is_file()}

    def installed(self, ending):
        found = [path for name, path in self.files.items() if name.endswith(ending)]
        self.assertEqual(len(found), 1, (ending, sorted(self.files)))
        return found[0]

    def test_programs_pages_unit_and_package_are_there_and_nothing_else(self):
        for ending in ("bin/lcsupervisor", "bin/lcworker", "bin/live-crew", "man1/live-crew.1",
                       "man8/lcsupervisor.8", "man8/lcworker.8",
                       "lib/systemd/system/lcsupervisor@.service", "live_crew/__init__.py"):
            self.installed(ending)
        others = [name for name in self.files
                  if not re.search(r"/bin/(lcsupervisor|lcworker|live-crew)$|/man[18]/|\.service$"
                                   r"|/live-crew/python/live_crew/\w+\.py$", name)]
        self.assertEqual(others, [])

    def test_the_unit_starts_what_a_prefix_of_usr_installs(self):
        unit = self.installed("lcsupervisor@.service").read_text(encoding="utf-8")
        program = self.installed("bin/lcsupervisor")
        self.assertIn(f"ExecStart=/usr/bin/{program.name} ", unit)

    def test_the_installed_programs_run(self):
        for ending in ("bin/lcsupervisor", "bin/lcworker", "bin/live-crew"):
            done = run(self.installed(ending), "--version", env={"PATH": os.environ["PATH"]})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, r" \d+\.\d+\.\d+\n$")


class PageTest(unittest.TestCase):
    def test_the_workers_page_has_every_option_and_exit_code_of_its_help(self):
        page = PAGE.read_text(encoding="utf-8").replace("\\-", "-")
        usage = run(os.path.join(BUILD, "worker", "lcworker"), "--help").stdout
        options = set(re.findall(r"--[a-z-]+", usage))
        self.assertGreater(len(options), 4)
        for option in options:
            self.assertIn(option, page)
        codes = set(re.findall(r"(?<![\w.])(\d+) [a-zN]", usage.split("exit codes:")[1]))
        self.assertEqual(codes, {"0", "1", "64", "65", "66", "69", "78"})
        for code in codes:
            self.assertIn(f".TP\n{code}\n", page)

    def test_the_workers_page_has_no_fault(self):
        if shutil.which("mandoc") is None:
            self.skipTest("mandoc is not installed: the page is not linted")
        done = run("mandoc", "-Tlint", PAGE)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main(verbosity=2)
