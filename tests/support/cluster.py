"""Three nats-servers that are one cluster, each in a network of its own, so that any of them can be
killed, stopped or cut off.

The networks hang on a bridge in the network of whoever runs this; `in_own_network` gives the
program one first, so that no address or port of the machine is touched and nothing is left behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

from nats_client import Client

PATIENCE_S = 60
SIZE = 3
PORT = 4222
ROUTES = 6222
MONITOR = 8222
LAG_MAX = 50  # messages on their way to a replica that is there
HOST = "198.18.0.%d"  # a block for measurements between networks: nobody lives there
TOOLS = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def run(*words):
    subprocess.run(words, check=True, capture_output=True, env={**os.environ, "PATH": TOOLS})


def in_own_network():
    """Runs this program again in a network of its own; why that is impossible, or nothing when it
    is in one."""
    if os.environ.get("LC_OWN_NETWORK"):
        run("ip", "link", "set", "lo", "up")
        return ""
    for tool in ("unshare", "nsenter", "ip"):
        if not shutil.which(tool, path=TOOLS):
            return f"no `{tool}` here"
    tried = subprocess.run(
        ["unshare", "--net", "sh", "-c", "ip link add x type bridge && ip link add y type veth"],
        env={**os.environ, "PATH": TOOLS}, capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return "networks cannot be made here: " + tried.stderr.strip()
    os.execve(shutil.which("unshare", path=TOOLS),
              ["unshare", "--net", sys.executable, *sys.argv],
              {**os.environ, "LC_OWN_NETWORK": "1", "PATH": TOOLS})
    return ""


class Node:
    """One server of the cluster. `number` counts from 0."""

    def __init__(self, binary, folder, number):
        self.name = f"n{number + 1}"
        self.host = HOST % (number + 1)
        self.port = PORT
        self._binary = binary
        self._link = f"lc{number + 1}"
        self._others = [HOST % (i + 1) for i in range(SIZE) if i != number]
        self._config = os.path.join(folder, self.name + ".conf")
        self.log = os.path.join(folder, self.name + ".log")
        with open(self._config, "w", encoding="utf-8") as file:
            file.write(f"""
server_name: {self.name}
listen: "0.0.0.0:{PORT}"
client_advertise: "{self.host}:{PORT}"
http: "0.0.0.0:{MONITOR}"
jetstream: {{ store_dir: "{os.path.join(folder, self.name)}" }}
cluster: {{
  name: c
  listen: "0.0.0.0:{ROUTES}"
  advertise: "{self.host}:{ROUTES}"
  routes: [{", ".join(f'"nats://{other}:{ROUTES}"' for other in self._others)}]
}}
ping_interval: "2s"
ping_max: 2
""")
        self._process = None
        self.runs = False  # and can be reached
        self.is_apart = False  # from the other servers

    def start(self):
        log = open(self.log, "ab")
        self._process = subprocess.Popen(["unshare", "--net", self._binary, "-c", self._config],
                                         stdout=log, stderr=log)
        log.close()
        pid = str(self._process.pid)
        ours = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{pid}/ns/net") == ours:
            if self._process.poll() is not None:
                raise RuntimeError("nats-server ended: " + self.said())
        run("ip", "link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", pid)
        inside = ("nsenter", "-t", pid, "-n", "ip")
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "addr", "add", self.host + "/24", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        run("ip", "link", "set", self._link, "master", "lc")
        run("ip", "link", "set", self._link, "up")
        self.runs = True

    def lives(self, seconds):
        """Waits so long for its end, which would be a failure."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise RuntimeError(f"nats-server {self.name} ended: " + self.said()[-3000:])

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def kill(self):
        self.runs = False
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        # Its network ends with it, but later: the name must be free.
        subprocess.run(["ip", "link", "del", self._link], check=False, capture_output=True)

    def stop(self):
        """It stands still, and keeps its connections."""
        self.runs = False
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)
        self.runs = True

    def cut_off(self):
        """Nothing reaches it and nothing comes from it; nobody is told."""
        self.runs = False
        run("ip", "link", "set", self._link, "down")

    def join(self):
        run("ip", "link", "set", self._link, "up")
        self.runs = True

    def part(self):
        """It and the other servers do not reach each other; clients reach all of them."""
        self._between("add")
        self.is_apart = True

    def make_up(self):
        self._between("del")
        self.is_apart = False

    def _between(self, verb):
        for other in self._others:
            run("nsenter", "-t", str(self._process.pid), "-n", "ip", "route", verb, "blackhole",
                other + "/32")

    def end(self):
        if self._process is not None and self._process.poll() is None:
            self.kill()


class Cluster:
    """Looks like one server to whoever connects: to the first that runs."""

    def __init__(self, binary):
        self.folder = tempfile.mkdtemp(prefix="live-crew-cluster-")
        run("ip", "link", "add", "lc", "type", "bridge")
        run("ip", "addr", "add", HOST % 254 + "/24", "dev", "lc")
        run("ip", "link", "set", "lc", "up")
        self.nodes = [Node(binary, self.folder, number) for number in range(SIZE)]
        for node in self.nodes:
            node.start()
        self.wait_until_whole()

    @property
    def url(self):
        return ",".join(f"nats://{node.host}:{node.port}" for node in self.nodes)

    @property
    def _any(self):
        return next(node for node in self.nodes if node.runs and not node.is_apart)

    @property
    def host(self):
        return self._any.host

    @property
    def port(self):
        return self._any.port

    def node(self, name):
        return next(node for node in self.nodes if node.name == name)

    def stop(self):
        for node in self.nodes:
            node.end()
        subprocess.run(["ip", "link", "del", "lc"], check=False, capture_output=True)
        shutil.rmtree(self.folder)

    def ask(self, subject, what=None):
        """One answer of JetStream, as JSON; nothing when nobody answers."""
        try:
            client = Client(self)
        except OSError:
            return None
        try:
            return json.loads(client.request(subject, json.dumps(what) if what else "", 2))
        except (TimeoutError, ConnectionError, ValueError):
            return None
        finally:
            client.close()

    def wait_for(self, found, what, patience_s=PATIENCE_S):
        """The first answer of `found` that is true, asked again until the patience ends."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            answer = found()
            if answer:
                return answer
            self._any.lives(0.1)
        raise AssertionError(f"{what}: not within {patience_s} s; " +
                             "".join(node.said()[-1500:] for node in self.nodes))

    def wait_until_whole(self):
        """Until the servers have chosen who decides about streams, and all of them are there."""
        for node in self.nodes:
            self.wait_for(lambda n=node: "Server is ready" in n.said(), node.name + " ready")
        self.wait_for(self.meta_leader, "a leader of the cluster")

    @staticmethod
    def _monitor(node, page):
        """What a server says of itself; nothing when it does not."""
        try:
            with urllib.request.urlopen(f"http://{node.host}:{MONITOR}/{page}", timeout=2) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return {}

    def meta_leader(self):
        """Who decides about streams, as the servers themselves see it; None: nobody."""
        for node in self.nodes:
            if node.runs and not node.is_apart:
                leader = self._monitor(node, "jsz").get("meta_cluster", {}).get("leader")
                if leader:
                    return leader
        return None

    def node_of(self, client):
        """The server that a client is connected to, by the client's name; None: to none."""
        for node in self.nodes:
            names = [each.get("name") for each in
                     self._monitor(node, "connz").get("connections", [])] if node.runs else []
            if client in names:
                return node
        return None

    def group(self, stream):
        """Leader and followers of a stream, with what they say of themselves; None: no leader."""
        answer = self.ask(f"$JS.API.STREAM.INFO.{stream}")
        group = (answer or {}).get("cluster", {})
        return group if group.get("leader") else None

    def leader_of(self, stream):
        return self.wait_for(lambda: self.group(stream), f"a leader of {stream}")["leader"]

    def lagging(self, stream):
        """The servers whose replica of a stream is not there, or has not come up to its leader."""
        return [each["name"] for each in (self.group(stream) or {}).get("replicas", [])
                if each.get("offline") or not (each.get("current") or
                                               0 < each.get("lag", 0) < LAG_MAX)]

    def is_whole(self, stream):
        """Whether the stream has a leader, and every replica of it has come up to it."""
        group = self.group(stream) or {}
        return len(group.get("replicas", [])) == SIZE - 1 and not self.lagging(stream)
