"""Hosts on a network of their own: one network namespace each, joined to a hub by a link that can be
cut. Everything ends with the process that made it; nothing of the machine's own network is touched.

The hub is where the test itself runs (`in_hub`), with the server; hosts reach it at `Host.hub`."""

import os
import shutil
import subprocess
import sys

IN_HUB = "LC_TEST_IN_HUB"
if not os.environ.get(IN_HUB):
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # where `ip` is


def why_not():
    """Why there can be no such network here; empty: there can be."""
    for tool in ("unshare", "nsenter", "ip"):
        if not shutil.which(tool):
            return f"no `{tool}` here"
    tried = subprocess.run(
        ["unshare", "--net", "sh", "-ec",
         "ip link set lo up; unshare --net sleep 60 & pid=$!; "
         "ip link add lc0 type veth peer name lc1; ip link del lc0; kill $pid"],
        capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else tried.stderr.strip() or "unshare failed"


def in_hub():
    """Runs this test again in a network namespace of its own, unless it is in one."""
    if os.environ.get(IN_HUB):
        return
    os.environ[IN_HUB] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"


class Host:
    """A host with a link to the hub."""

    def __init__(self, number):
        self.hub = f"10.77.{number}.1"
        self._link = f"lc{number}"
        # Says so when it is in its namespace, and keeps that until its input ends.
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up; echo; read end"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._holder.stdout.readline()
        pid = str(self._holder.pid)
        run("ip", "link", "add", self._link, "type", "veth", "peer", "name", "up0", "netns", pid)
        run("ip", "address", "add", f"{self.hub}/24", "dev", self._link)
        run(*self.words("ip", "address", "add", f"10.77.{number}.2/24", "dev", "up0"))
        run(*self.words("ip", "link", "set", "up0", "up"))
        self.heal()

    def words(self, *command):
        """The command as it is run on this host."""
        return ("nsenter", "--net", "-t", str(self._holder.pid), *command)

    def cut(self):
        run("ip", "link", "set", self._link, "down")

    def heal(self):
        run("ip", "link", "set", self._link, "up")

    def close(self):
        run("ip", "link", "delete", self._link)  # the namespace may go later
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()
