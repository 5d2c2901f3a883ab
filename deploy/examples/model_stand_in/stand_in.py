#!/usr/bin/env python3
"""A stand-in for a model service: answers /v1/chat/completions without a model.

It lets the examples run without a key and without a network. The same request always gets the same
answer, made from the words of the last user message: the score, and who scored. It listens on the
loopback interface only and prints one JSON line with its address once it does.
"""

import argparse
import hashlib
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NOTE = "stand-in: no model is asked, answers are made from the words of the question"
BODY_BYTES_MAX = 1 << 20

OPENINGS = ("GOAL!", "It's in!", "What a finish!", "Listen to that roar!", "They have done it!")
CLOSINGS = ("The stadium is on its feet.", "You could feel that one coming.",
            "Nobody saw that coming.", "What a night this is turning into.",
            "They will talk about this one.")


def text_of(content):
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def compose(messages):
    """The answer's text: a pure function of the messages."""
    canonical = json.dumps(messages, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode()).digest()
    users = [text_of(m.get("content")) for m in messages if m.get("role") == "user"]
    question = users[-1] if users else ""
    score = re.search(r"\b(\d{1,2})\s*[-\u2010-\u2013:]\s*(\d{1,2})\b", question)
    scorer = re.search(r"\b(?:scorer|scored by|goal by)\s*:?\s*([^\n,.;()]{2,60})", question, re.I)
    parts = [OPENINGS[digest[0] % len(OPENINGS)]]
    if scorer:
        parts.append(f"{scorer[1].strip()} scores!")
    if score:
        parts.append(f"It is {score[1]}-{score[2]}.")
    if not scorer and not score:
        parts.append(" ".join(question.split()[:12]) or "Nothing was asked.")
    parts.append(CLOSINGS[digest[1] % len(CLOSINGS)])
    return " ".join(parts)


def complete(request):
    messages = request["messages"]
    text = compose(messages)
    asked = sum(len(text_of(m.get("content")).split()) for m in messages)
    answered = len(text.split())
    canonical = json.dumps(request, sort_keys=True).encode()
    return {
        "id": "stand-in-" + hashlib.sha256(canonical).hexdigest()[:16],
        "object": "chat.completion",
        "created": 0,
        "model": f"{request['model']} (stand-in)",
        "choices": [{"index": 0, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": asked, "completion_tokens": answered,
                  "total_tokens": asked + answered},
    }


def problem(request):
    """What is wrong with a request, or None."""
    if not isinstance(request, dict):
        return "the body must be a JSON object"
    if not isinstance(request.get("model"), str) or not request["model"]:
        return "you must provide a model parameter"
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        return "'messages' must be a list that is not empty"
    if not all(isinstance(m, dict) and isinstance(m.get("role"), str) for m in messages):
        return "every message must be an object with a role"
    if request.get("stream"):
        return "this stand-in does not stream"
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format, *args):
        pass

    def _answer(self, status, body):
        data = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Stand-In", "1")
        self.end_headers()
        self.wfile.write(data)

    def _error(self, status, message, code=None):
        self._answer(status, {"error": {"message": message, "type": "invalid_request_error",
                                        "param": None, "code": code}})

    def do_GET(self):
        if self.path == "/v1/models":
            self._answer(200, {"object": "list", "data": [{"id": "stand-in", "object": "model"}]})
        else:
            self._error(404, f"unknown path {self.path}")

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_BYTES_MAX:
            self.close_connection = True
            self._error(413, f"the body is over {BODY_BYTES_MAX} bytes")
            return
        body = self.rfile.read(length)
        if self.path != "/v1/chat/completions":
            self._error(404, f"unknown path {self.path}")
            return
        try:
            request = json.loads(body)
        except ValueError as error:
            self._error(400, f"the body is no JSON: {error}")
            return
        wrong = problem(request)
        if wrong:
            self._error(400, wrong)
        else:
            self._answer(200, complete(request))


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--port", type=int, default=0, help="0: one that is free")
    parser.add_argument("--with-stdin", action="store_true",
                        help="leave when standard input ends, that is, with whoever started it")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    port = server.server_address[1]
    print(json.dumps({"base_url": f"http://127.0.0.1:{port}/v1", "port": port, "note": NOTE}),
          flush=True)
    if options.with_stdin:
        threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
