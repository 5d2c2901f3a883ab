"""A stream under load whose supervisor, server and workers are killed and stopped at random moments.

Everything happens in one loop that waits for messages: events leave at their times, and each
misfortune comes after a random number of messages seen, so that it meets work under way."""

import heapq
import json
import os
import random
import signal
import subprocess
import time

from nats_client import Client
from supervisor_process import PATIENCE_S, PROGRAMS, event

POINTS = ["appended", "checkpoint", "decided", "delivered", "dispatched", "kept", "left",
          "snapshot"]
SLICE_MS = 100
CONFIG = """
slice_ms: %d
context_keys: {watched: counter, rushed: counter, counted: counter}
""" % SLICE_MS
# One crew at the beat, one that events wake, one program: each tells every event that it was given,
# and counts them in the context.
WATCH = """
triggers: [frame, goal, last]
max_errors: 100000
patch_template: |
  ctx['watched'] = {{ events | length }}
outputs:
  - kind: watch_saw
    ttl_ms: 300000
    seen: "{{ events | map(attribute='payload') | list }}"
"""
RUSH = """
triggers: [goal, last]
dispatch: event
max_errors: 100000
patch_template: |
  ctx['rushed'] = {{ events | length }}
outputs:
  - kind: rush_saw
    ttl_ms: 300000
    seen: "{{ events | map(attribute='payload') | list }}"
"""
COUNT = r"""
import json, sys
for line in sys.stdin:
    seen = [event["event"]["payload"] for event in json.loads(line)["events"]]
    print(json.dumps({"diff": {"set": {"counted": len(seen)}}, "actions": [
        {"kind": "count_saw", "ttl_ms": 300000, "payload": {"seen": seen}}]}), flush=True)
"""
CREWS = {"watch": ("watched", ("frame", "goal", "last")),
         "rush": ("rushed", ("goal", "last")),
         "count": ("counted", ("frame", "last"))}


def prepare(world):
    """The crews and the configuration of a stream under load."""
    world.native_crew("watch", WATCH)
    world.native_crew("rush", RUSH)
    world.crew("count", "triggers: [frame, last]\nmax_errors: 100000\ntimeout_ms: 20000\n", COUNT)
    with open(os.path.join(world.folder, "live-config.yaml"), "w", encoding="utf-8") as file:
        file.write(CONFIG)


class Chaos:
    """The load and the misfortunes; `seed` decides everything but what the machine's speed does."""

    MISFORTUNES = {"supervisor": 5, "worker": 3, "stop": 2, "server": 2}

    def __init__(self, world, seed, rate=150):
        self.world = world
        self.dice = random.Random(seed)
        self.counts = {}
        self.seen = 0
        self._period = 1 / rate
        self._n = 0
        self._log = open(os.path.join(world.folder, "supervisor.log"), "ab")
        self._later = []  # (time, number, what): a heap
        self._process = None
        self._fault = ""
        self._server_runs = True
        self._client = None
        self._connect()

    def close(self):
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._log.close()
        self._client.close()

    def log_tail(self):
        with open(self._log.name, encoding="utf-8", errors="replace") as file:
            return file.read()[-4000:]

    # -- the supervisor

    def start(self, *words, fault=""):
        self._fault = fault
        more = {"LOG_LEVEL": "INFO", **({"LIVE_CREW_FAULT": fault} if fault else {})}
        self._process = subprocess.Popen(
            [PROGRAMS["lcsupervisor"], "-s", "m1", "--crews", self.world.crews, "--config",
             os.path.join(self.world.folder, "live-config.yaml"), *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._log,
            env=self.world.environment(more))

    def stop(self):
        """Ends it as an operator does; the exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=PATIENCE_S)

    def _start_again(self):
        fault = ""
        if self.dice.random() < 0.4:
            point = self.dice.choice(POINTS)
            fault = f"{point}:{1 if point == 'checkpoint' else self.dice.randint(1, 60)}"
        self.start(fault=fault)

    def _watch_supervisor(self):
        """One that died of its fault is started again; one that ended by itself is a failure."""
        if self._process is None or self._process.poll() is None:
            return
        status = self._process.returncode
        if status != -signal.SIGKILL or not self._fault:
            raise AssertionError(f"the supervisor ended with {status}: {self.log_tail()}")
        self._count("fault " + self._fault.split(":", maxsplit=1)[0])
        self._process = None
        self._in(self._beats(5), self._start_again)

    # -- misfortunes

    def _count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def _beats(self, most):
        return self.dice.random() * most * SLICE_MS / 1000

    def _in(self, seconds, what):
        heapq.heappush(self._later, (time.monotonic() + seconds, len(self._later), what))

    def _strike(self):
        kinds = list(self.MISFORTUNES)
        kind = self.dice.choices(kinds, list(self.MISFORTUNES.values()))[0]
        if (kind != "server" and self._process is None) or (kind == "server" and
                                                            not self._server_runs):
            return
        getattr(self, "_strike_" + kind)()

    def _strike_supervisor(self):
        self._count("supervisor killed")
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = None
        self._in(self._beats(12), self._start_again)

    def _strike_stop(self):
        self._count("supervisor stopped")
        process = self._process
        process.send_signal(signal.SIGSTOP)
        self._in(self._beats(10), lambda: process.poll() is None and
                 process.send_signal(signal.SIGCONT))

    def _strike_worker(self):
        pid = self._process.pid
        try:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                children = [int(word) for word in file.read().split()]
        except FileNotFoundError:
            return
        if children:
            self._count("worker killed")
            try:
                os.kill(self.dice.choice(children), signal.SIGKILL)
            except ProcessLookupError:
                pass  # it was ending anyhow

    def _strike_server(self):
        self._count("server killed")
        self.world.server.kill()
        self._server_runs = False
        self._client.close()
        self._in(self._beats(10), self._start_server)

    def _start_server(self):
        self.world.server.start()
        self._server_runs = True
        self._connect()

    # -- the load

    def _connect(self):
        self._client = Client(self.world.server)
        for name in ("actions", "ctx"):
            self._client.subscribe("live.m1." + name)

    def emit(self, kind=None):
        """The next event; its number."""
        self._n += 1
        kind = kind or ("goal" if self._n % 7 == 0 else "frame")
        self._client.publish("live.m1.events", event(kind, {"n": self._n}))
        return self._n

    def run(self, seconds, every_s):
        """Load and misfortunes for so long; then whatever is down is started again."""
        end = time.monotonic() + seconds
        next_event = next_strike = time.monotonic()
        until = 0
        while time.monotonic() < end:
            now = time.monotonic()
            if now >= next_event and self._server_runs:
                self.emit()
                next_event = max(next_event + self._period, now - 1)
            while self._later and self._later[0][0] <= now:
                heapq.heappop(self._later)[2]()
            self._watch_supervisor()
            if now >= next_strike and (self.seen >= until or now >= next_strike + every_s):
                self._strike()
                next_strike = now + every_s * (0.2 + self.dice.random())
                until = self.seen + self.dice.randint(1, 20)
            self._wait(self._period)
        while self._later:
            self._wait(max(0, self._later[0][0] - time.monotonic()))
            heapq.heappop(self._later)[2]()

    def _wait(self, seconds):
        if self._server_runs:
            try:
                self.seen += self._client.next(seconds) is not None
            except ConnectionError:
                self._connect()
        elif self._process is not None:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                pass

    def settle(self):
        """One last event, until every crew has told of it; then until the context is still."""
        if self._process is None or self._fault:
            if self._process is not None:
                self._process.send_signal(signal.SIGKILL)
                self._process.wait()
            self.start()
        last = self.emit("last")
        missing = set(CREWS)
        deadline = time.monotonic() + PATIENCE_S
        while missing:
            self._process_lives()
            message = self._client.next(max(0, min(1, deadline - time.monotonic())))
            if message is None:
                if time.monotonic() >= deadline:
                    raise AssertionError(f"{missing} never told of event {last}: {self.log_tail()}")
            elif message[0] == "live.m1.actions":
                action = json.loads(message[1])
                if {"n": last} in action["payload"]["seen"]:
                    missing -= {action["kind"].split("_")[0]}
        self.beats(3)

    def beats(self, count):
        """Waits for so many beats."""
        deadline = time.monotonic() + PATIENCE_S
        while count > 0:
            message = self._client.next(max(0, deadline - time.monotonic()))
            if message is None:
                raise AssertionError(f"no beat: {self.log_tail()}")
            count -= message[0] == "live.m1.ctx"

    def _process_lives(self):
        if self._process.poll() is not None:
            raise AssertionError(f"ended with {self._process.returncode}: {self.log_tail()}")
