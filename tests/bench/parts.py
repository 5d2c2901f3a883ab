"""What the sections share: crews without a program, the measuring programs, beats, processes."""

import datetime
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))

from supervisor_process import World, event

SLICE_MS = 500
LATENESS_MS = 20
WORKERS_PATIENCE_S = 60
TEMPLATE = "dispatch: {}\ntimeout_ms: 20000\noutputs:\n  - kind: seen\n    n: \"{{{{ slice }}}}\"\n"


def template_crew(world, name, dispatch="slice", kind="goal"):
    """A crew without a program and without a model."""
    os.mkdir(os.path.join(world.crews, name))
    path = os.path.join(world.crews, name, name + ".runtime.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"crew: {name}\ntriggers: [{kind}]\n" + TEMPLATE.format(dispatch))
    return path


class Programs:
    """The measuring programs and the floors of a build folder."""

    def __init__(self, build):
        self._folder = os.path.join(build, "tests", "bench")

    def path(self, name):
        return os.path.join(self._folder, name)

    def run_program(self, name, *words):
        """What a program prints, read as JSON."""
        done = subprocess.run([self.path(name), *map(str, words)], check=True, text=True,
                              stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def measure(self, *words):
        done = subprocess.run([self.path("bench_measure"), *map(str, words)], check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return json.loads(done.stdout)

    def start_floor(self, *words):
        child = subprocess.Popen([self.path("bench_floor"), *map(str, words)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline() == "ready\n"
        return child

    @staticmethod
    def end(child):
        child.stdin.close()
        child.wait()
        child.stdout.close()

    def measure_beats(self, world, supervisor, count):
        """How late each `__context` comes; stream time starts here at the latest."""
        world.emit(event("goal", 0))
        started = supervisor.wait_for("stream time starts")
        first_due_us = microseconds(started["epoch0"]) + started["skew_us"] + LATENESS_MS * 1000
        return self.measure("beats", world.server.url, "live.m1.ctx", count, first_due_us, SLICE_MS)


def await_workers(world):
    """Until all are up: a hundred workers that start are another figure."""
    deadline = time.monotonic() + WORKERS_PATIENCE_S
    while any(crew["worker"]["state"] != "idle" for crew in world.status()["crews"]):
        assert time.monotonic() < deadline, world.status()["crews"]


def microseconds(text):
    """RFC 3339 in UTC as microseconds since 1970."""
    moment = datetime.datetime.fromisoformat(re.sub("Z$", "+00:00", text))
    return round(moment.timestamp() * 1e6)


def pss_mb(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        return int(re.search(r"^Pss:\s+(\d+) kB", file.read(), re.M)[1]) / 1024
