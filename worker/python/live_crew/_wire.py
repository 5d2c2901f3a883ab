"""The two channels to the worker: JSON lines on what were standard input and output.

Both are moved away before crew code runs. What a crew prints goes to standard error, and what it
reads is empty, so that neither can break the protocol.
"""

import json
import os
import sys
import threading

LINE_BYTES_MAX = 1 << 20  # the worker refuses longer ones

_requests = None
_answers = None
_lock = threading.Lock()  # log() and progress() may come from threads of the crew


def take_channels():
    """Moves the protocol off the standard descriptors."""
    global _requests, _answers
    _requests = os.fdopen(os.dup(0), "rb")
    _answers = os.fdopen(os.dup(1), "wb", buffering=0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stderr


def take_terminal():
    """Makes the terminal standard input and output, for pdb; after take_channels()."""
    terminal = os.open("/dev/tty", os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(terminal, descriptor)
    os.close(terminal)
    sys.stdin = open(0, encoding="utf-8", errors="replace", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)


def requests():
    """The requests, until the worker is gone."""
    for line in _requests:
        yield json.loads(line)


def _encode(message):
    return json.dumps(message, allow_nan=False, ensure_ascii=False,
                      separators=(",", ":")).encode("utf-8") + b"\n"


def send(message):
    """Raises ValueError or TypeError, and sends nothing, when `message` is not JSON or too long."""
    line = _encode(message)
    if len(line) > LINE_BYTES_MAX:
        raise ValueError(f"the answer takes {len(line)} bytes, {LINE_BYTES_MAX} are allowed")
    if _answers is None:  # imported by something other than the runner
        return
    with _lock:
        view = memoryview(line)
        while view:
            view = view[_answers.write(view):]


def log(message, level="info"):
    """Writes a line to the worker's log; level is debug, info, warn or error."""
    send({"log": {"level": level, "msg": str(message)}})


def progress(value=True):
    """Tells the worker that the reaction gets on; words or any JSON value, for the log.

    A crew with `idle_timeout_ms` is killed when it has not said so for that long.
    """
    send({"progress": value})
