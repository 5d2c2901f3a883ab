"""Starts lcworker as its supervisor would: own session, configuration on standard input, state on
descriptor 3."""

import json
import os
import select
import signal
import tempfile
import time

LCWORKER = os.environ["LCWORKER"]


def write_crew(folder, name, text, files=None):
    """Writes <name>.runtime.yaml and other files; returns the manifest's path."""
    for file_name, content in (files or {}).items():
        with open(os.path.join(folder, file_name), "w", encoding="utf-8") as file:
            file.write(content)
    path = os.path.join(folder, name + ".runtime.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def wait_for_exit(pid, timeout_s=30):
    """Whether a process, child of ours or not, has ended in time."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([pidfd], [], [], timeout_s)[0])
    finally:
        os.close(pidfd)


class Worker:
    def __init__(self, url, manifest, crew="echo", stream="s", environment=None, sandbox=None,
                 llm_url="http://127.0.0.1:9/v1", by=(), role="active", config=True,
                 then=None, boot_id=None):
        """`sandbox` is what differs from a worker that is not confined; `by` is a command that
        executes another one; without `config` standard input stays silent; `then` is a line
        that comes with the configuration."""
        self.crew = crew
        self.stream = stream
        config_out, self._stdin = os.pipe()
        self._status, status_in = os.pipe()
        self._stderr = tempfile.TemporaryFile()
        variables = {"PATH": os.environ["PATH"]} | (environment or {})
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                variables[name] = os.environ[name]
        command = [*by, LCWORKER, "--stream", stream, "--crew", crew]
        self.pid = os.posix_spawn(
            command[0], command, variables,
            file_actions=[(os.POSIX_SPAWN_DUP2, config_out, 0),
                          (os.POSIX_SPAWN_DUP2, self._stderr.fileno(), 1),
                          (os.POSIX_SPAWN_DUP2, self._stderr.fileno(), 2),
                          (os.POSIX_SPAWN_DUP2, status_in, 3)],
            setsid=True)
        os.close(config_out)
        os.close(status_in)
        self._code = None
        self._said_state = b""
        self._states = []
        self.orders = []  # what it took and answered, as far as was read
        llm = {"base_url": llm_url, "model": "m", "api_key_env": "OPENAI_API_KEY",
               "timeout_ms": 60000}
        message = {"v": 1, "stream": stream, "crew": crew, "nats_url": url, "manifest": manifest,
                   "llm": llm, "role": role,
                   "sandbox": {"level": "off", "read": [], "write": [], "connect": [],
                               "open_files": 1024} | (sandbox or {})}
        if boot_id:
            message["boot_id"] = boot_id
        if config:
            self.tell(json.dumps(message) + ("" if then is None else "\n" + then))

    def tell(self, line, end="\n"):
        """Writes a line to its standard input."""
        data = (line + end).encode()
        while data:
            data = data[os.write(self._stdin, data):]

    def state(self, timeout_s=60):
        """The next line that the worker wrote on descriptor 3, beside what it took and answered."""
        while not self._states:
            if not select.select([self._status], [], [], timeout_s)[0]:
                raise TimeoutError("no state from lcworker; it said: " + self.said())
            if not self._read_status():
                raise EOFError("lcworker ended without a state; it said: " + self.said())
        return self._states.pop(0)

    def has_said_state(self, timeout_s=0):
        """Whether such a line, or a part of one, waits to be read."""
        while select.select([self._status], [], [], 0 if self._states else timeout_s)[0]:
            if not self._read_status():
                return True  # its end
        return bool(self._states or self._said_state)

    def _read_status(self):
        chunk = os.read(self._status, 4096)
        *lines, self._said_state = (self._said_state + chunk).split(b"\n")
        for line in map(json.loads, lines):
            of_reaction = line["state"] in ("taken", "answered")
            (self.orders if of_reaction else self._states).append(line)
        return chunk

    def said(self):
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace")

    def wait_until_said(self, words, timeout_s=30):
        """Returns when `words` stand in its standard error."""
        end = time.monotonic() + timeout_s
        while words not in self.said():
            if time.monotonic() > end:
                raise TimeoutError("lcworker did not say it; it said: " + self.said())

    def close_stdin(self):
        os.close(self._stdin)
        self._stdin = -1

    def wait(self, timeout_s=30):
        """The exit code, or -signal."""
        if self._code is None:
            if not wait_for_exit(self.pid, timeout_s):
                raise TimeoutError("lcworker goes on; it said: " + self.said())
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code

    def stop(self):
        if self._code is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.wait()
        for fd in (self._stdin, self._status):
            if fd >= 0:
                os.close(fd)
        self._stdin = self._status = -1
        self._stderr.close()
