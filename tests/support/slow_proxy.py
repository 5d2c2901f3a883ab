"""A way to a server that stands still on request: what is behind a word is held back, and goes on
later, on the same connection."""

import selectors
import socket
import threading


class SlowProxy:
    """Passes bytes between clients and a port. From the first message of a client that holds
    `word`, nothing more of that client gets through before `go_on`."""

    def __init__(self, port, word):
        self._word = word
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._wake, self._woken = socket.socketpair()
        self._peers = {}  # socket: the one that gets what it says
        self._held = {}  # a client's socket: what waits
        self._holds = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"nats://127.0.0.1:{self._listener.getsockname()[1]}"

    def go_on(self):
        self._wake.send(b"g")

    def close(self):
        self._wake.send(b"c")
        self._thread.join()

    def _run(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._listener:
                        self._accept(selector)
                    elif key.fileobj is self._woken:
                        if self._woken.recv(1) == b"c":
                            self._end()
                            return
                        self._release()
                    elif key.fileobj in self._peers:
                        self._pass(selector, key.fileobj)

    def _accept(self, selector):
        client, _ = self._listener.accept()
        server = socket.create_connection(("127.0.0.1", self._port))
        self._peers |= {client: server, server: client}
        self._held[client] = b""
        for each in (client, server):
            selector.register(each, selectors.EVENT_READ)

    def _pass(self, selector, source):
        try:
            data = source.recv(1 << 16)
            if data and self._waits(source, data):
                self._held[source] += data
            elif data:
                self._peers[source].sendall(data)
        except ConnectionError:
            data = b""
        if not data:
            for each in (source, self._peers[source]):
                selector.unregister(each)
                self._held.pop(each, None)
                self._peers.pop(each)
                each.close()

    def _waits(self, source, data):
        return self._holds and source in self._held and (self._held[source] or self._word in data)

    def _release(self):
        self._holds = False
        for client, data in self._held.items():
            self._peers[client].sendall(data)
            self._held[client] = b""

    def _end(self):
        for each in [*self._peers, self._listener, self._wake, self._woken]:
            each.close()
