"""Runs lcsupervisor and live-crew as an operator would, on a private nats-server."""

import datetime
import json
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time

from nats_client import Client, Server

PATIENCE_S = 60
PROGRAMS = {name: os.environ[name.upper().replace("-", "_")]
            for name in ("lcsupervisor", "live-crew", "lcworker")}

# A program crew that says what it saw.
ECHO = r"""
import json, sys
for line in sys.stdin:
    ready = json.loads(line)
    seen = [event["event"]["payload"] for event in ready["events"]]
    print(json.dumps({"diff": {"set": {ready["crew"]: ready["slice"]}},
                      "actions": [{"kind": "saw", "payload": seen}]}), flush=True)
"""


def now(plus_s=0.0):
    time_point = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=plus_s)
    return time_point.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(kind, payload, ts=None, stream="m1", **more):
    return json.dumps({"ts": ts or now(), "kind": kind, "stream_id": stream, "payload": payload,
                       **more})


class Supervisor:
    """A running lcsupervisor, its log lines are read as they come. `prefix`: words before the command,
    that put it somewhere."""

    def __init__(self, world, *words, prefix=(), **environment):
        self.process = subprocess.Popen(
            [*prefix, PROGRAMS["lcsupervisor"], *map(str, words)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=world.environment(environment))
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.process.stderr, selectors.EVENT_READ)
        self._rest = b""
        self.lines = []

    def wait_for(self, phrase):
        """The facts of the next log line whose msg is `phrase`."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            while b"\n" in self._rest:
                line, self._rest = self._rest.split(b"\n", 1)
                self.lines.append(line.decode())
                if line.startswith(b"{") and json.loads(line)["msg"] == phrase:
                    return json.loads(line)
            if not self._selector.select(max(0, deadline - time.monotonic())):
                raise AssertionError(f"no '{phrase}' in {self.lines[-20:]}")
            chunk = os.read(self.process.stderr.fileno(), 65536)
            if not chunk:
                raise AssertionError(f"ended without '{phrase}': {self.lines[-20:]}")
            self._rest += chunk

    def end(self, number=signal.SIGTERM):
        """Sends a signal; the exit status."""
        self.process.send_signal(number)
        self._selector.close()
        _, rest = self.process.communicate(timeout=PATIENCE_S)
        self.lines += rest.decode().splitlines()
        return self.process.returncode


class World:
    """A folder with crews, a server, and the supervisors that run in it."""

    def __init__(self, server_config="", user="", password="", address="127.0.0.1", server=None):
        self.folder = tempfile.mkdtemp(prefix="live-crew-world-")
        self.crews = os.path.join(self.folder, "crews")
        os.mkdir(self.crews)
        store = os.path.join(self.folder, "store")
        self.server = server or Server(
            'jetstream: { store_dir: "%s" }\n%s' % (store, server_config), address)
        login = f"{user}:{password}@" if user else ""
        self.url = self.server.url.replace("nats://", "nats://" + login)
        self._login = (user, password)
        self.client = self.connect()
        self.supervisors = []

    def connect(self):
        """A client; a server that was killed takes its clients' connections with it."""
        return Client(self.server, *self._login)

    def close(self):
        for supervisor in self.supervisors:
            if supervisor.process.poll() is None:
                supervisor.end(signal.SIGKILL)
            supervisor.process.stderr.close()
        self.client.close()
        self.server.stop()
        shutil.rmtree(self.folder)

    def environment(self, more):
        own = {name: value for name, value in os.environ.items()
               if not name.startswith(("LIVE_CREW_", "OPENAI_", "STREAM"))}
        return {**own, "LIVE_CREW_NATS": self.url, "LOG_LEVEL": "DEBUG",
                "LIVE_CREW_RUNTIME_DIR": os.path.join(self.folder, "run"),
                "LIVE_CREW_WORKER": PROGRAMS["lcworker"], **more}

    def crew(self, name, settings, program=ECHO):
        """Writes a program crew; `settings` are lines of its runtime file."""
        folder = os.path.join(self.crews, name)
        os.mkdir(folder)
        with open(os.path.join(folder, "main.py"), "w", encoding="utf-8") as file:
            file.write(program)
        with open(os.path.join(folder, name + ".runtime.yaml"), "w", encoding="utf-8") as file:
            file.write(f"crew: {name}\nrunner: [/usr/bin/python3, main.py]\n{settings}")

    def start(self, *words, stream="m1", **environment):
        """Starts a supervisor and waits until it runs."""
        supervisor = Supervisor(self, "-s", stream, "--crews", self.crews, *words, **environment)
        self.supervisors.append(supervisor)
        supervisor.wait_for("running")
        return supervisor

    def command(self, *words, text=None, **environment):
        """Runs live-crew to its end."""
        return subprocess.run([PROGRAMS["live-crew"], *map(str, words)], input=text, text=True,
                              capture_output=True, timeout=PATIENCE_S, check=False,
                              env=self.environment(environment))

    def emit(self, *events):
        done = self.command("emit", "-s", "m1", "-", text="\n".join(events) + "\n")
        assert done.returncode == 0, done.stderr
        return done

    def native_crew(self, name, settings):
        """Writes a crew without a program; its worker starts in milliseconds."""
        folder = os.path.join(self.crews, name)
        os.mkdir(folder)
        with open(os.path.join(folder, name + ".runtime.yaml"), "w", encoding="utf-8") as file:
            file.write(f"crew: {name}\n{settings}")

    def messages(self, stream):
        """What a JetStream stream holds: (sequence, message id or empty, text) each."""
        return list(self.client.stored(stream))

    def journal(self, stream="m1"):
        """The journal's records, parsed, in order."""
        return [json.loads(text) for _, _, text in self.messages(f"LIVE_{stream}_JOURNAL")]

    def verified(self, stream="m1"):
        """Replays the whole journal; the digest of what was decided."""
        done = self.command("replay", "--verify", "-s", stream, "-o", "json")
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    def status(self):
        done = self.command("status", "-s", "m1", "-o", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def crew_status(self, name):
        return next(crew for crew in self.status()["crews"] if crew["crew"] == name)

    def next(self, subject, wanted=lambda message: True):
        """The next message on a subscribed subject that is wanted, as JSON."""
        deadline = time.monotonic() + PATIENCE_S
        seen = []
        while True:
            message = self.client.next(deadline - time.monotonic())
            assert message is not None, f"nothing wanted on {subject}; seen: {seen[-10:]}"
            seen.append(message)
            if message[0] == subject and wanted(json.loads(message[1])):
                return json.loads(message[1])
