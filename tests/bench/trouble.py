"""Crews that misbehave, each in its own way, whenever an event `trouble` comes."""

import glob
import json
import os
import threading

from parts import event
from supervisor_process import ECHO

PIDS_MAX = 64
FEED_S = 0.5  # between two events `trouble`
TRIGGER = "triggers: [trouble]\nmax_errors: 1000000\n"

# Answers with the number of processes that it could start: at most a few more than the limit.
COUNTER = r"""
import json, os, signal, sys
for line in sys.stdin:
    pids = []
    try:
        for _ in range(100):
            pid = os.fork()
            if pid == 0:
                signal.pause()
            pids.append(pid)
    except OSError:
        pass
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    print(json.dumps({"actions": [{"kind": "counted", "payload": len(pids)}]}), flush=True)
"""

HANG = r"""
import signal, sys
for line in sys.stdin:
    while True:
        signal.pause()
"""

# Ends by itself at a gibibyte, where memory is not limited.
LEAK = r"""
import sys
for line in sys.stdin:
    kept = [bytearray(1 << 20) for _ in range(1024)]
    sys.exit(1)
"""

CRASH = r"""
import os, sys
for line in sys.stdin:
    os.abort()
"""

# Chains of processes that fork and leave: a hundred at most, and not for long, also where their
# number is not limited.
BOMB = r"""
import os, sys, time
def chain(end):
    while time.monotonic() < end:
        os.setsid()
        try:
            if os.fork() != 0:
                os._exit(0)
        except OSError:
            pass
    os._exit(0)
for line in sys.stdin:
    end = time.monotonic() + 20
    chains = 0
    while chains < 100 and time.monotonic() < end:
        try:
            if os.fork() == 0:
                chain(end)
            chains += 1
        except OSError:
            pass
"""

# Name: settings and program.
CREWS = {
    "hung": ("timeout_ms: 2000\n", HANG),
    "leaking": ("timeout_ms: 4000\nlimits: {memory_mb: 256}\n", LEAK),
    "crashing": ("timeout_ms: 4000\n", CRASH),
    "bombing": (f"timeout_ms: 3000\nlimits: {{pids: {PIDS_MAX}}}\n", BOMB),
}


class Feed:
    """Publishes an event `trouble` twice a second while it is open."""

    def __init__(self, client):
        self._client = client
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._closed.set()
        self._thread.join()

    def _run(self):
        while not self._closed.wait(FEED_S):
            self._client.publish("live.m1.events", event("trouble", 0))


def add_crews(world):
    for name, (settings, program) in CREWS.items():
        world.crew(name, TRIGGER + settings, program)


def pids_are_limited(world):
    """Whether this host really holds a crew to its `pids`: tried with a bounded number."""
    world.crew("counter", TRIGGER + f"limits: {{pids: {PIDS_MAX}}}\n", COUNTER)
    supervisor = world.start(LOG_LEVEL="INFO")
    world.client.subscribe("live.m1.actions")
    world.emit(event("trouble", 0))
    counted = world.next("live.m1.actions", lambda action: action["kind"] == "counted")["payload"]
    said = [limit["limit"] for limit in world.status()["limits_unenforced"]]
    supervisor.end()
    return counted < PIDS_MAX and "pids" not in said


def must_have_misbehaved(world):
    """A figure counts only if every one of them was caught at it, again and again."""
    for name in CREWS:
        crew = world.crew_status(name)
        assert crew["strikes"] >= 2, crew
    reports = glob.glob(os.path.join(world.folder, "run", "**", "bombing.*.json"), recursive=True)
    refused = []
    for path in reports:
        with open(path, encoding="utf-8") as file:
            refused.append(json.load(file)["forks_refused"])
    assert any(refused), reports
