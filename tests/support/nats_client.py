"""A NATS server and client for tests in Python: the client speaks the text protocol itself, so that
nothing of ours stands between a test and what a process sends."""

import base64
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time


class Server:
    """A private nats-server on a port that the system chose; ends with `stop`."""

    def __init__(self, config="", address="127.0.0.1"):
        self._address = address
        self.folder = tempfile.mkdtemp(prefix="live-crew-test-")
        self._config = os.path.join(self.folder, "nats.conf")
        with open(self._config, "w", encoding="utf-8") as file:
            file.write(config)
        self.port = -1
        self._process = None
        self.start()

    @property
    def url(self):
        return f"nats://127.0.0.1:{self.port}"

    def start(self):
        """Starts it, on the same port as before if it ran before."""
        binary = shutil.which("nats-server") or "/usr/sbin/nats-server"
        self._process = subprocess.Popen(
            [binary, "-c", self._config, "-a", self._address, "-p", str(self.port)],
            stderr=subprocess.PIPE, text=True)
        said = []
        for line in self._process.stderr:
            said.append(line)
            listening = re.search(r"Listening for client connections on \S+:(\d+)", line)
            if listening:
                self.port = int(listening[1])
            if "Server is ready" in line:
                return
        self._process.wait()
        raise RuntimeError("nats-server ended: " + "".join(said))

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process.stderr.close()

    def stop(self):
        if self._process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder)


class Client:
    """A blocking client: subscribe, publish, take the next message."""

    def __init__(self, server, user="", password=""):
        self.violations = []  # what the server refused us, in its words
        self._socket = socket.create_connection((getattr(server, "host", "127.0.0.1"), server.port),
                                                timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._sids = 0
        self._messages = []
        self._line(30)  # INFO
        self._send(b'CONNECT {"verbose":false,"pedantic":false,"user":"%s","pass":"%s"}\r\n'
                   % (user.encode(), password.encode()))
        self.flush()

    def close(self):
        self._socket.close()

    def subscribe(self, subject):
        self._sids += 1
        self._send(f"SUB {subject} {self._sids}\r\n".encode())
        self.flush()

    def publish(self, subject, data, reply=""):
        data = data.encode() if isinstance(data, str) else data
        self._send(f"PUB {subject} {reply} {len(data)}\r\n".encode() + data + b"\r\n")

    def flush(self):
        self._send(b"PING\r\n")
        while self._step(30) != "PONG":
            pass

    def next(self, timeout_s=30):
        """(subject, text) of the next message, or None when the time is over."""
        end = time.monotonic() + timeout_s
        while not self._messages:
            if self._step(end - time.monotonic()) is None:
                return None
        return self._messages.pop(0)

    def request(self, subject, data, timeout_s=30):
        """The text of the answer."""
        inbox = f"_INBOX.{os.getpid()}.{id(self)}.{self._sids}"
        self.subscribe(inbox)
        sid = self._sids
        self.publish(subject, data, inbox)
        end = time.monotonic() + timeout_s
        while True:
            for i, (where, text) in enumerate(self._messages):
                if where == inbox:
                    del self._messages[i]
                    self._send(f"UNSUB {sid}\r\n".encode())
                    return text
            if self._step(end - time.monotonic()) is None:
                raise TimeoutError(f"no answer on {subject}")

    @property
    def socket(self):
        """To wait for what comes."""
        return self._socket

    def stored(self, stream, first=1):
        """What a JetStream stream holds from `first` on: (sequence, message id or empty, text)
        each."""
        info = json.loads(self.request(f"$JS.API.STREAM.INFO.{stream}", ""))
        state = info["state"]
        sequences = range(max(first, state["first_seq"]), state["last_seq"] + 1)
        for first in range(0, len(sequences), 200):
            for message in self._messages_at(stream, sequences[first:first + 200]):
                headers = base64.b64decode(message.get("hdrs", "")).decode()
                found = re.search(r"^Nats-Msg-Id: *(\S+)", headers, re.M)
                yield (message["seq"], found[1] if found else "",
                       base64.b64decode(message.get("data", "")).decode())

    def _messages_at(self, stream, sequences):
        """The messages that are there, in order. Only the server's word that there is none counts:
        a cluster may refuse or double an answer."""
        subject = f"$JS.API.STREAM.MSG.GET.{stream}"
        found = {}
        for answer in self._requests(subject, [json.dumps({"seq": seq}) for seq in sequences]):
            if "message" in answer:
                found[answer["message"]["seq"]] = answer["message"]
        for seq in sequences:
            for _ in range(0 if seq in found else 20):
                answer = json.loads(self.request(subject, json.dumps({"seq": seq})))
                if "message" in answer:
                    found[seq] = answer["message"]
                if "message" in answer or answer["error"].get("err_code") == 10037:
                    break
        return [found[seq] for seq in sorted(found)]

    def _requests(self, subject, texts, timeout_s=30):
        """The answers to many requests at once, as JSON, in any order."""
        inbox = f"_INBOX.{os.getpid()}.{id(self)}.{self._sids}"
        self.subscribe(inbox)
        sid = self._sids
        for text in texts:
            self.publish(subject, text, inbox)
        end = time.monotonic() + timeout_s
        answers = []
        while len(answers) < len(texts):
            found = [message for message in self._messages if message[0] == inbox]
            if found:
                self._messages = [each for each in self._messages if each[0] != inbox]
                answers += [json.loads(text) for _, text in found]
            elif self._step(end - time.monotonic()) is None:
                raise TimeoutError(f"{len(texts) - len(answers)} answers missing on {subject}")
        self._send(f"UNSUB {sid}\r\n".encode())
        return answers

    def _send(self, data):
        self._socket.sendall(data)

    # Takes one protocol message; its name, or None when the time is over.
    def _step(self, timeout_s):
        line = self._line(timeout_s)
        if line is None:
            return None
        words = line.split()
        if words[0] == "PING":
            self._send(b"PONG\r\n")
        elif words[0] == "MSG":
            data = self._take(int(words[-1]))
            self._take(2)
            self._messages.append((words[1], data.decode()))
        elif words[0] == "-ERR" and "Permissions Violation" in line:
            self.violations.append(line)
        elif words[0] == "-ERR":
            raise RuntimeError(line)
        return words[0]

    def _fill(self, timeout_s):
        if not select.select([self._socket], [], [], max(0, timeout_s))[0]:
            return False
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._buffer += data
        return True

    def _line(self, timeout_s):
        while b"\r\n" not in self._buffer:
            if not self._fill(timeout_s):
                return None
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line.decode()

    def _take(self, count):
        while len(self._buffer) < count:
            self._fill(30)
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data
