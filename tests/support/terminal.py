"""A program on a terminal of its own: what it shows is read, and lines are typed."""

import os
import pty
import select
import signal
import time

PATIENCE_S = 60


class Terminal:
    def __init__(self, command, environment, folder=None):
        self.shown = ""
        self._at = 0
        self._code = None
        self._pid, self._fd = pty.fork()  # the terminal is the child's controlling one
        if self._pid == 0:
            try:
                if folder:
                    os.chdir(folder)
                os.execve(command[0], command, {**environment, "TERM": "dumb"})
            finally:
                os._exit(127)

    def expect(self, words):
        """Reads until `words` are shown, behind what was expected before; the text up to them."""
        end = time.monotonic() + PATIENCE_S
        while words not in self.shown[self._at:]:
            if not self._read(end):
                raise AssertionError(f"no '{words}' behind {self.shown[:self._at]!r}: "
                                     f"{self.shown[self._at:]!r}")
        start, self._at = self._at, self.shown.index(words, self._at) + len(words)
        return self.shown[start:self._at]

    def type(self, line):
        os.write(self._fd, line.encode() + b"\n")

    def answer(self, prompt, line):
        """Types a line behind the next prompt."""
        self.expect(prompt)
        self.type(line)

    def end(self):
        """Reads to the program's end; its exit code, or -signal."""
        deadline = time.monotonic() + PATIENCE_S
        while self._read(deadline):
            pass
        self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._code

    def close(self):
        if self._code is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._fd)

    # Whether something came; not at the end.
    def _read(self, deadline):
        if not select.select([self._fd], [], [], max(0, deadline - time.monotonic()))[0]:
            raise AssertionError(f"nothing more behind {self.shown!r}")
        try:
            chunk = os.read(self._fd, 65536)
        except OSError:  # the other side is closed
            return False
        self.shown += chunk.decode(errors="replace").replace("\r", "")
        return bool(chunk)
