"""`live-crew replay --verify` on recordings: `replay_test.py LIVE_CREW SIM_RECORDING`.

Every kind of damage is named with its FILE:LINE.
"""

import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BINARY = ""
SIM_RECORDING = ""
ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}


@functools.cache
def recording(clock="wall", seed=1):
    """The lines of a simulated run's recording."""
    done = subprocess.run([SIM_RECORDING, clock, str(seed)], capture_output=True, text=True,
                          timeout=60, check=True)
    return tuple(done.stdout.splitlines())


def seal_again(lines):
    """The same records with hashes that fit what they say."""
    sealed, before, last = [], None, None
    for line in lines:
        if line.startswith('{"v":1'):
            if before is not None:
                line = re.sub(r'"prev":"\w{64}"', f'"prev":"{before}"', line, count=1)
            body = line[: line.rindex(',"hash":"')]
            before = hashlib.sha256(body.encode()).hexdigest()
            line = f'{body},"hash":"{before}"}}'
            last = json.loads(line)
        elif line.startswith('{"end":'):
            end = json.loads(line)
            end["end"] |= {"hash": last["hash"], "run": last["run"]}
            line = json.dumps(end, separators=(",", ":"))
        sealed.append(line)
    return sealed


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, lines, name="run.rec", end="\n"):
        (self.root / name).write_text("\n".join(lines) + end, encoding="utf-8")
        return name

    def live_crew(self, *words, stdin=None, env=None):
        return subprocess.run([BINARY, *words], input=stdin, capture_output=True, text=True,
                              cwd=self.root, env=ENVIRONMENT | (env or {}), timeout=60, check=False)

    def verify(self, lines, *words, end="\n"):
        return self.live_crew("replay", "--verify", self.write(lines, end=end), *words)


class Verify(Case):
    def test_a_recording_is_verified_and_its_run_is_told(self):
        for clock in ("wall", "event"):
            lines = recording(clock)
            end = json.loads(lines[-1])["end"]
            done = self.verify(lines)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertRegex(done.stdout, rf"^verified {end['records']} records \(slices -?\d+\.\."
                             rf"\d+, {end['events']} events, \d+ reactions\) in \d+\.\d\d\d s, "
                             rf"\d+ records/s; run {end['run']}\n$")

    def test_json_says_the_same(self):
        lines = recording()
        end = json.loads(lines[-1])["end"]
        done = self.verify(lines, "-o", "json")
        said = json.loads(done.stdout)
        self.assertEqual((said["stream"], said["records"], said["events"], said["run"]),
                         ("sim", end["records"], end["events"], end["run"]))
        self.assertEqual((said["first"], said["last"], said["passed"], said["losses"]),
                         (1, end["records"], 0, []))

    def test_standard_input_is_a_recording_too(self):
        text = "\n".join(recording()) + "\n"
        done = self.live_crew("replay", "--verify", "-", stdin=text)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_usage(self):
        name = self.write(recording())
        for words, code, said in (
            ((name,), 64, "say what to do: --verify"),
            ((name, "--verify", "-o", "xml"), 64, "--output: 'xml' is not text | json"),
            (("--verify",), 64, "name a recording FILE or a stream"),
            (("--verify", "no.rec"), 66, "no.rec: cannot open it"),
            (("--verify", "."), 66, "it is a folder"),
            (("--verify", name, "-s", "other"), 65, "a recording of stream 'sim', not of 'other'"),
            (("--verify", name, "-s", "no dots."), 64, "--stream"),
        ):
            with self.subTest(words=words):
                done = self.live_crew("replay", *words)
                self.assertEqual((done.returncode, done.stdout), (code, ""))
                self.assertIn(said, done.stderr)

    def test_the_variable_names_a_stream_only_when_no_file_is_named(self):
        name = self.write(recording())
        done = self.live_crew("replay", "--verify", name, env={"STREAM": "other"})
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.live_crew("replay", "--verify", "--patience", "0", env={"STREAM": "m"})
        self.assertIn("NATS", done.stderr)
        self.assertEqual(done.returncode, 69)


class Loss(Case):
    """A record is damaged, and a later checkpoint says that somebody gave it up."""

    def lossy(self):
        lines = list(recording("event", 3))
        checkpoints = [i for i, line in enumerate(lines) if '"body":{"why":' in line]
        index = checkpoints[-1]
        lines[index] = lines[index].replace('"strict_events":', '"loss":{"by":"eve"},"strict_events":')
        # What waits in its queue stands before it once more.
        queue = json.loads(lines[index])["body"]["state"]["queued"]
        seqs = [seq + i for seq, count in queue for i in range(count)]
        events = {json.loads(line)["seq"]: line for line in lines if line.startswith('{"seq":')}
        lines = lines[:index] + [events[seq] for seq in seqs] + lines[index:]
        end = json.loads(lines[-1])
        end["end"]["events"] += len(seqs)
        lines[-1] = json.dumps(end, separators=(",", ":"))
        sealed = seal_again(lines)
        damaged = next(i for i in range(index - 8, index) if sealed[i].startswith('{"v":1'))
        number = json.loads(sealed[damaged])["n"]
        sealed[damaged] = sealed[damaged].replace('"kind":"', '"kind":"x', 1)
        return sealed, number, json.loads(sealed[index + len(seqs)])["n"]

    def test_it_is_told_and_the_rest_is_verified(self):
        lines, damaged, checkpoint = self.lossy()
        done = self.verify(lines)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f'accepted loss at checkpoint {checkpoint}: {{"by":"eve"}}: records {damaged} '
                      f"to {checkpoint - 1} were given up: record {damaged}: its bytes", done.stderr)
        self.assertIn(f"verified {json.loads(lines[-1])['end']['records'] - (checkpoint - damaged)} "
                      "records", done.stdout)
        said = json.loads(self.verify(lines, "-o", "json").stdout)
        self.assertEqual([(one["checkpoint"], one["from"]) for one in said["losses"]],
                         [(checkpoint, damaged)])

    def test_what_comes_behind_it_is_not_forgiven(self):
        lines, _, _ = self.lossy()
        last = next(i for i in range(len(lines) - 2, 0, -1) if lines[i].startswith('{"v":1'))
        lines[last] = lines[last].replace('"kind":"', '"kind":"x', 1)
        done = self.verify(lines)
        self.assertEqual((done.returncode, done.stdout), (65, ""))
        self.assertIn(f"run.rec:{last + 1}: record ", done.stderr)


class Damage(Case):
    def refused(self, lines, place, said, code=65, end="\n"):
        done = self.verify(lines, end=end)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertIn(place, done.stderr)
        self.assertIn(said, done.stderr)

    def at(self, prefix, lines, after=0):
        """The index of the first line that begins so."""
        return next(i for i, line in enumerate(lines) if i > after and line.startswith(prefix))

    def test_a_changed_byte_of_a_record(self):
        lines = list(recording())
        index = self.at('{"v":1', lines, 40)
        lines[index] = lines[index].replace('"kind":"s', '"kind":"S').replace('"kind":"o', '"kind":"O')
        self.refused(lines, f"run.rec:{index + 1}: record ", "it was changed or cut")

    def test_a_record_that_is_missing(self):
        lines = list(recording())
        index = self.at('{"v":1', lines, 40)
        number = json.loads(lines[index])["n"]
        following = self.at('{"v":1', lines, index)
        del lines[index]
        self.refused(lines, f"run.rec:{following}: ",
                     f"record {number + 1} stands where record {number} belongs")

    def test_records_that_were_swapped(self):
        lines = list(recording())
        index = self.at('{"v":1', lines, 40)
        while not lines[index + 1].startswith('{"v":1'):
            index += 1
        lines[index], lines[index + 1] = lines[index + 1], lines[index]
        place = index + 1 if lines[index].startswith('{"v":1') else index + 2
        self.refused(lines, f"run.rec:{place}: ", "stands where record")

    def test_a_record_of_another_run_in_its_place(self):
        lines = list(recording())
        index = self.at('{"v":1', lines, 40)
        number = json.loads(lines[index])["n"]
        lines[index] = next(line for line in recording(seed=2) if f',"n":{number},' in line)
        self.refused(lines, f"run.rec:{index + 1}: ", "one of them was changed")

    def test_a_file_that_was_cut(self):
        lines = recording()
        self.refused(lines[:-1], f"run.rec:{len(lines)}: ", "the recording's last line is missing")
        index = self.at('{"v":1', lines, 40)
        cut = [*lines[:index], lines[index][:200]]
        self.refused(cut, f"run.rec:{index + 1}: record ", "", end="")
        index = self.at('{"seq":', lines, 40)
        self.refused([*lines[:index], lines[index][:30]], f"run.rec:{index + 1}: ",
                     "not an event of a recording", end="")
        self.refused([*lines[:-1], lines[-1][:30]], f"run.rec:{len(lines)}: ",
                     "not the end of a recording", end="")
        self.refused(lines[:1], "run.rec:2: ", "last line is missing after 0 records")

    def test_more_behind_the_end_and_an_end_that_does_not_fit(self):
        lines = recording()
        self.refused([*lines, lines[2]], f"run.rec:{len(lines) + 1}: ", "something follows")
        end = json.loads(lines[-1])
        for key, value, said in (("records", 3, "counts 3 records"), ("hash", "0" * 64, "with hash"),
                                 ("run", "0" * 64, "tells of run"), ("hash", "x", "is not 64")):
            wrong = json.dumps({"end": end["end"] | {key: value}}, separators=(",", ":"))
            self.refused([*lines[:-1], wrong], f"run.rec:{len(lines)}: ", said)

    def test_what_is_no_recording_or_a_newer_one(self):
        lines = recording()
        for header, said in (("", "not a recording"), ("hello", "not a recording"),
                             ('{"format":"x"}', "field 'format'"),
                             (lines[0].replace('"v":1', '"v":2'), "a recording of format 2")):
            self.refused([header, *lines[1:]], "run.rec:1: ", said)
        self.refused([], "run.rec: it is empty", "", end="")

    def test_a_journal_of_another_stream_or_a_newer_format(self):
        lines = recording()
        first = self.at('{"v":1', lines)
        header = lines[0].replace('"sim"', '"other"')
        self.refused([header, *lines[1:]], f"run.rec:{first + 1}: ", 'a record of stream "sim"')
        newer = lines[first].replace('{"v":1,', '{"v":12,')
        self.refused([*lines[:first], '{"v":' + newer[5:], *lines[first + 1:]],
                     f"run.rec:{first + 1}: ", "a journal of format 12")

    def test_an_event_that_is_missing_or_changed(self):
        lines = list(recording())
        index = self.at('{"seq":', lines, 40)
        seq = json.loads(lines[index])["seq"]
        record = self.at('{"v":1', lines, index)
        gone = lines[:index] + lines[index + 1:]
        self.refused(gone, f"run.rec:{record}: ", f"event {seq} does not stand before it")
        broken = [*lines[:index], lines[index][:-3] + "}", *lines[index + 1:]]
        self.refused(broken, f"run.rec:{record + 1}: ", f"event {seq} of the stream is not the one")

    def test_another_decision_shows_both_sides(self):
        lines = list(recording())
        index = next(i for i, line in enumerate(lines) if '"ready":["' in line)
        number = json.loads(lines[index])["n"]
        lines[index] = lines[index].replace('"ready":["', '"ready":["x', 1)
        self.refused(seal_again(lines), f"run.rec:{index + 1}: record {number} is not what",
                     "recorded `", code=1)
        self.refused(seal_again(lines), "", "replayed `", code=1)

    def test_a_line_without_end_does_not_fill_the_memory(self):
        done = self.live_crew("replay", "--verify", "/dev/zero")
        self.assertEqual(done.returncode, 65)
        self.assertIn("/dev/zero:1: the line is longer than", done.stderr)


if __name__ == "__main__":
    BINARY, SIM_RECORDING = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    unittest.main(verbosity=2)
