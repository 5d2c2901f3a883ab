"""The model client against a service that misbehaves as services do."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "..", "support"))
from model_server import Step, chat
from once_test import PROMPT, OnceCase, goal, once


def error(message, code=None):
    return {"error": {"message": message, "type": "t", "param": None, "code": code}}


NOW = {"retry-after-ms": "1"}


class HttpModelTest(OnceCase):
    def text(self, *steps):
        """What the crew got as generated text, and how often the service was asked."""
        server, done, code, errors = self.ask(*steps)
        self.assertEqual(code, 0, errors)
        return done["actions"][0]["payload"]["text"], len(server.requests)

    def failure(self, *steps, **options):
        server, done, code, _ = self.ask(*steps, **options)
        self.assertEqual((code, done["status"], done["actions"]), (1, "error", []))
        return done["error"], len(server.requests)

    def test_what_passes_is_asked_again(self):
        for first in (Step(error("busy"), 429, NOW), Step(error("down"), 500, NOW),
                      Step(b"<html>bad gateway", 502, NOW), Step(error("late"), 408, NOW),
                      Step(error("locked"), 409, NOW), Step(how="closed"),
                      Step(chat("x"), how="cut"),
                      Step(error("no"), 400, {"x-should-retry": "true", **NOW})):
            self.assertEqual(self.text(first, Step(chat("second"))), ("second", 2))

    def test_two_retries_and_no_more(self):
        words, asked = self.failure(*[Step(error("overloaded now"), 503, NOW)] * 3)
        self.assertEqual(asked, 3)
        self.assertIn("answered 503: overloaded now", words)

    def test_what_does_not_pass_is_not_asked_again(self):
        for step, advice in (
                (Step(error("bad key"), 401), "check the key in OPENAI_API_KEY"),
                (Step(error("no such model"), 404), "has model 'gpt-4o-mini'"),
                (Step(error("wrong"), 400), "check model and prompts"),
                (Step(error("pay", "insufficient_quota"), 429), "no quota left"),
                (Step(error("wait"), 429, {"retry-after": "121"}), "limits requests"),
                (Step(error("no"), 500, {"x-should-retry": "false"}), "see its log")):
            words, asked = self.failure(step)
            self.assertEqual(asked, 1, words)
            self.assertIn(advice, words)
            self.assertIn("/v1/chat/completions answered", words)

    def test_error_bodies_of_all_shapes(self):
        for body, expected in ((error("in full"), "in full"), ({"error": "a word"}, "a word"),
                               ({"detail": "of FastAPI"}, "of FastAPI"),
                               (b"plain\nwords", "plain words"), (b"", "answered 400")):
            words, _ = self.failure(Step(body, 400))
            self.assertIn(expected, words)

    def test_what_services_leave_out_is_tolerated(self):
        message = {"role": "assistant"}
        for body, expected in (
                ({"choices": [{"message": {"content": "bare"}}]}, "bare"),
                (chat(None), ""),
                (chat([{"type": "text", "text": "in "}, {"type": "text", "text": "parts"}]),
                 "in parts"),
                ({"choices": [{"message": {**message, "tool_calls": []}}], "usage": None}, ""),
                (chat("odd", usage={"prompt_tokens": "3"}, timings={"x": 1}), "odd")):
            self.assertEqual(self.text(Step(body)), (expected, 1))
        self.assertEqual(self.text(Step(chat("in chunks"), how="chunked")), ("in chunks", 1))

    def test_an_answer_that_is_none(self):
        for body, expected in ((b"not json", "no JSON"), ({"choices": []}, "no choices"),
                               (error("inside a 200"), "inside a 200"),
                               ({"choices": [{"message": {"content": None, "refusal": "I won't"}}]},
                                "the model refused: I won't")):
            words, asked = self.failure(Step(body))
            self.assertEqual(asked, 1)
            self.assertIn(expected, words)

    def test_an_answer_over_the_limit_is_cut_off(self):
        words, _ = self.failure(Step(chat("x" * (5 << 20))))
        self.assertIn("over 4194304 bytes", words)

    def test_the_deadline_ends_the_wait(self):
        words, asked = self.failure(Step(how="silent"), ready=goal(deadline_ms=300))
        self.assertEqual(asked, 1)
        self.assertIn("imed out", words)
        words, asked = self.failure(Step(error("later"), 429, {"retry-after": "100"}),
                                    ready=goal(deadline_ms=5000))
        self.assertEqual(asked, 1)
        self.assertIn("later", words)

    def test_a_service_that_is_not_there(self):
        server = self.model()
        server.stop()
        done, code, _ = once(self.crew(PROMPT), goal(deadline_ms=200), "--llm-url", server.url)
        self.assertEqual(code, 1)
        self.assertIn(server.url, done["error"])
        self.assertIn("is it running", done["error"])

    def test_settings_come_from_the_environment_and_the_crew(self):
        server = self.model(Step(chat("x")), Step(chat("x")))
        environment = {"OPENAI_BASE_URL": server.url + "/", "OPENAI_API_KEY": "sk-secret",
                       "OPENAI_MODEL": "from-environment", "OPENAI_ORG_ID": "org"}
        _, code, errors = once(self.crew(PROMPT), goal(), environment=environment)
        self.assertEqual(code, 0, errors)
        _, headers, body = server.requests[0]
        self.assertEqual(headers["Authorization"], "Bearer sk-secret")
        self.assertEqual(headers["OpenAI-Organization"], "org")
        self.assertEqual(body["model"], "from-environment")
        self.assertNotIn("temperature", body)
        own = PROMPT + "model: own-model\ntemperature: 0.25\nmax_tokens: 40\n"
        _, code, errors = once(self.crew(own), goal(), environment=environment)
        self.assertEqual(code, 0, errors)
        body = server.requests[1][2]
        self.assertEqual((body["model"], body["temperature"], body["max_tokens"]),
                         ("own-model", 0.25, 40))

    def test_settings_that_cannot_work_are_refused_at_the_start(self):
        for environment, words in (({}, "set OPENAI_API_KEY"),
                                   ({"OPENAI_BASE_URL": "ftp://x"}, "no http:// or https:// URL"),
                                   ({"OPENAI_API_KEY": "a\nb"}, "line break")):
            _, code, errors = once(self.crew(PROMPT), goal(), environment=environment)
            self.assertEqual(code, 78)
            self.assertIn(words, errors)

    def test_the_key_is_in_no_error(self):
        server = self.model(Step(error("bad key"), 401))
        url = server.url.replace("http://", "http://user:pass@")
        done, _, errors = once(self.crew(PROMPT), goal(),
                               environment={"OPENAI_API_KEY": "sk-secret", "OPENAI_BASE_URL": url})
        for secret in ("sk-secret", "user:pass"):
            self.assertNotIn(secret, done["error"] + errors)


if __name__ == "__main__":
    unittest.main()
