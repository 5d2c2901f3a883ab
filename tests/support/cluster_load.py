"""A stream under load on a cluster: `live-crew emit` with an event every few milliseconds, a
supervisor with crews, and somebody who listens at every server for the beat."""

import json
import os
import select
import signal
import subprocess
import threading
import time

from chaos import CREWS
from cluster import SIZE
from nats_client import Client
from supervisor_process import PATIENCE_S, PROGRAMS, event

REPLICATED = {"LIVE_CREW_NATS_REPLICAS": str(SIZE)}


class Feed(threading.Thread):
    """Passes events on to `live-crew emit` until it is ended."""

    def __init__(self, world, rate):
        super().__init__(daemon=True)
        self.count = 0
        self._period = 1 / rate
        self._ended = threading.Event()
        self._emit = subprocess.Popen(
            [PROGRAMS["live-crew"], "emit", "-s", "m1", "-"], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=world.environment(REPLICATED))
        self.start()

    def _send(self, kind):
        self.count += 1
        self._emit.stdin.write(event(kind, {"n": self.count}) + "\n")
        self._emit.stdin.flush()

    def run(self):
        while not self._ended.wait(self._period):
            self._send("goal" if self.count % 7 == 6 else "frame")

    def end(self):
        """One last event; what `emit` says when every event was acknowledged, and its status."""
        self._ended.set()
        self.join()
        self._send("last")
        _, said = self._emit.communicate(timeout=PATIENCE_S)
        return self._emit.returncode, said

    def close(self):
        self._ended.set()
        if self._emit.poll() is None:
            self._emit.kill()
            self._emit.communicate()


class Beats(threading.Thread):
    """Hears the snapshot of every beat, at whichever servers can be reached."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self._cluster = cluster
        self._clients = {}
        self._ended = False
        self._last = None
        self._longest = 0.0
        self.count = 0  # of messages: each beat comes from every server
        self._lock = threading.Lock()
        self.start()

    def _reach(self):
        for node in self._cluster.nodes:
            if node.runs and node.name not in self._clients:
                try:
                    client = Client(node)
                    client.subscribe("live.m1.ctx")
                    self._clients[node.name] = client
                except (OSError, RuntimeError):
                    pass  # it is starting, or has just been killed

    def run(self):
        while not self._ended:
            self._reach()
            sockets = {client.socket: name for name, client in self._clients.items()}
            for ready in select.select(list(sockets), [], [], 0.1)[0]:
                try:
                    if self._clients[sockets[ready]].next(0):
                        self._heard()
                except OSError:
                    self._clients.pop(sockets[ready]).close()

    def _heard(self):
        with self._lock:
            now = time.monotonic()
            if self._last is not None:
                self._longest = max(self._longest, now - self._last)
            self._last = now
            self.count += 1

    def longest_gap_s(self):
        """Since it was asked last; the one that lasts counts too."""
        with self._lock:
            since = time.monotonic() - self._last if self._last is not None else 0
            longest, self._longest = max(self._longest, since), 0.0
            return longest

    def beat(self, process):
        """Waits for some beats; `process` is whose they are."""
        until = self.count + 5 * SIZE
        deadline = time.monotonic() + PATIENCE_S
        while self.count < until:
            if time.monotonic() > deadline:
                raise AssertionError(f"no beat within {PATIENCE_S} s")
            try:
                process.wait(0.05)
                return
            except subprocess.TimeoutExpired:
                pass

    def close(self):
        self._ended = True
        self.join()
        for client in self._clients.values():
            client.close()


class Leader:
    """A supervisor that must not end by itself."""

    def __init__(self, world):
        self._log_name = os.path.join(world.folder, "supervisor.log")
        with open(self._log_name, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAMS["lcsupervisor"], "-s", "m1", "--crews", world.crews, "--config",
                 os.path.join(world.folder, "live-config.yaml")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                env=world.environment({"LOG_LEVEL": "INFO", **REPLICATED}))

    def said(self):
        with open(self._log_name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def check(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the supervisor ended with {self.process.returncode}: "
                                 f"{self.said()[-5000:]}")

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_S)

    def close(self):
        if self.process.poll() is None:
            self.end(signal.SIGKILL)


def wait_until_told(world, leader, number):
    """Until every crew has told of an event, by what the stream of actions holds."""
    deadline = time.monotonic() + PATIENCE_S
    missing = set(CREWS)
    after = 0
    while missing:
        leader.check()
        if time.monotonic() > deadline:
            raise AssertionError(f"{missing} never told of event {number}: {leader.said()[-5000:]}")
        for after, _, text in world.client.stored("LIVE_m1_ACTIONS", after + 1):
            action = json.loads(text)
            if {"n": number} in action["payload"]["seen"]:
                missing -= {action["kind"].split("_")[0]}
        try:
            leader.process.wait(0.1)
        except subprocess.TimeoutExpired:
            pass
