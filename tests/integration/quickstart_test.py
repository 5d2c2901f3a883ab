"""deploy/quickstart.sh with the programs of this build: it runs the match, tells, and cleans up."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ""
PATIENCE_S = 120
CREWS = ("commentator", "emoji_overlay", "score_tracker", "vision")


def processes_of(folder):
    """The processes that were told of a folder."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
        except (OSError, ValueError):
            continue
        if entry.name.isdigit() and str(folder) in words and int(entry.name) != os.getpid():
            found.append(words.replace("\0", " "))
    return found


class QuickstartTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="live-crew-quickstart-"))
        self.addCleanup(subprocess.run, ["rm", "-rf", str(self.folder)], check=True)

    def start(self, *arguments):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
        environment["LIVE_CREW_SLICE_MS"] = "10000"  # of another stream; must not matter
        environment["TMPDIR"] = str(self.folder)
        return subprocess.Popen(
            [str(ROOT / "deploy" / "quickstart.sh"), "--no-install", "--no-build", "--build-dir",
             BUILD, *arguments],
            cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True)

    def run_to_the_end(self, *arguments):
        script = self.start(*arguments)
        try:
            output, _ = script.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            script.terminate()
            self.fail("still running; it said:\n" + script.communicate()[0])
        self.assertEqual(script.returncode, 0, output)
        return output

    def test_it_tells_what_happened_and_leaves_nothing_behind(self):
        output = self.run_to_the_end()
        self.assertIn("a stand-in answers for the model", output)
        for crew in CREWS:
            self.assertRegex(output, rf"reactions +{crew}: ok \d+")
        self.assertRegex(output, r"actions +.*commentary_line 4.*score_update 4")
        self.assertRegex(output, r"latency +p50 [\d.]+ ms, p99 [\d.]+ ms")
        self.assertRegex(output, r'context .*"score"')
        self.assertIn("Where to look next", output)
        self.assertEqual(list(self.folder.iterdir()), [])
        self.assertEqual(processes_of(self.folder), [])

    def test_a_state_folder_is_kept_and_a_second_run_is_like_the_first(self):
        outputs = [self.run_to_the_end("--state-dir", "state") for _ in range(2)]
        summaries = []
        for run in ("run-1", "run-2"):
            folder = self.folder / "state" / run
            self.assertTrue((folder / "jetstream").is_dir())
            summary = json.loads((folder / "summary.json").read_text())
            del summary["latency_us"]
            summaries.append(summary)
        self.assertEqual(summaries[0], summaries[1])
        self.assertIn("run-2", outputs[1])

    def test_an_interrupted_run_ends_what_it_started(self):
        script = self.start()
        for line in script.stdout:
            if re.search("publishing", line):
                break
        self.assertNotEqual(processes_of(self.folder), [], "nothing was running yet")
        script.send_signal(signal.SIGTERM)
        script.stdout.read()
        self.assertEqual(script.wait(PATIENCE_S), 143)
        self.assertEqual(processes_of(self.folder), [])

    def test_a_wrong_option_is_refused(self):
        script = self.start("--speed")
        self.assertIn("unknown option '--speed'", script.communicate()[0])
        self.assertEqual(script.returncode, 64)


if __name__ == "__main__":
    BUILD = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
