"""A model service for tests: does what its script says, one step a request, and keeps what it was
asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def chat(text, **changes):
    """A whole answer of `/chat/completions`."""
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "test-model",
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}}
    body.update(changes)
    return body


class Step:
    """What one request gets.

    how: "plain", "chunked", "stepwise" (chunked, each piece when the server's `step` is released),
    "cut" (in the middle of the body), "silent" (no answer until the client leaves), "closed" (no
    answer at all).
    """

    def __init__(self, body=None, status=200, headers=None, how="plain"):
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status = status
        self.headers = headers or {}
        self.how = how


class ModelServer:
    def __init__(self, *steps):
        self.requests = []  # (path, headers, body as JSON)
        self.step = threading.Semaphore(0)
        self._steps = list(steps)
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format, *args):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer._lock:
                    outer.requests.append((self.path, dict(self.headers), json.loads(body)))
                    step = outer._steps.pop(0)
                self._play(step)

            def _play(self, step):
                if step.how == "closed":
                    self.close_connection = True
                    return
                if step.how == "silent":
                    self.rfile.read(1)  # returns when the client has closed
                    self.close_connection = True
                    return
                self.send_response(step.status)
                for name, value in step.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                if step.how in ("chunked", "stepwise"):
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    for at in range(0, len(step.body), 7):
                        piece = step.body[at:at + 7]
                        if step.how == "stepwise":
                            outer.step.acquire()
                        self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                    self.wfile.write(b"0\r\n\r\n")
                    return
                self.send_header("Content-Length", str(len(step.body)))
                self.end_headers()
                if step.how == "cut":
                    self.wfile.write(step.body[:len(step.body) // 2])
                    self.close_connection = True
                    return
                self.wfile.write(step.body)

        class Service(ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # a client that leaves early is what some tests are about

        self._server = Service(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
