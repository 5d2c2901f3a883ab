"""Tests of documents.py: examples are found, run and compared."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import documents


def block(body, kind="console", mark="<!-- test: one -->"):
    return f"text\n\n{mark}\n```{kind}\n{body}```\n"


class FindTest(unittest.TestCase):
    def test_only_marked_blocks_are_examples(self):
        other = block("x\n", "sh", "<!-- test: b (nats, model) -->")
        text = "```sh\nfalse\n```\n" + block("$ true\n") + other
        found = documents.examples("a.md", text)
        self.assertEqual([(e.name, e.kind, e.needs) for e in found],
                         [("one", "console", ()), ("b", "sh", ("nats", "model"))])
        self.assertEqual(found[0].line, 8)

    def test_a_mark_without_a_block_is_an_error(self):
        with self.assertRaises(ValueError):
            documents.examples("a.md", "<!-- test: lost -->\n\nwords\n")

    def test_a_documents_files_go_with_its_examples(self):
        text = "<!-- file: a/b.yaml -->\n```yaml\nx: 1\n```\n" + block("$ cat a/b.yaml\nx: 1\n")
        (example,) = documents.examples("a.md", text)
        self.assertEqual(example.files, (("a/b.yaml", "x: 1\n"),))
        with tempfile.TemporaryDirectory() as build:
            self.assertEqual(documents.run(example, build), "")

    def test_a_file_of_the_repository_is_not_written(self):
        text = "<!-- file: tests/new -->\n```\nx\n```\n" + block("$ true\n")
        (example,) = documents.examples("a.md", text)
        with tempfile.TemporaryDirectory() as build:
            self.assertIn("into the repository", documents.run(example, build))

    def test_commands_and_what_they_print(self):
        body = "$ a \\\n> b\nout\n$ c\n"
        self.assertEqual(documents.commands(body), [("a \\\nb", ["out"]), ("c", [])])


class CompareTest(unittest.TestCase):
    def test_dots_stand_for_any_text(self):
        self.assertTrue(documents.matches(["a ... z", "...", "end"], "a b z\nx\ny\nend\n"))
        self.assertTrue(documents.matches([], ""))
        self.assertFalse(documents.matches([], "x\n"))
        self.assertFalse(documents.matches(["a ... z"], "a b\n"))
        self.assertFalse(documents.matches(["a"], "a\nb\n"))
        self.assertFalse(documents.matches(["a.c"], "abc\n"))


class RunTest(unittest.TestCase):
    def verdict(self, body, kind="console", mark="<!-- test: one -->"):
        (example,) = documents.examples("a.md", block(body, kind, mark))
        with tempfile.TemporaryDirectory() as build:
            return documents.run(example, build)

    def test_a_true_example(self):
        self.assertEqual(self.verdict('$ x=1\n$ echo "got $x"; echo err >&2\ngot 1\nerr\n'), "")
        self.assertEqual(self.verdict("test -f README.md\ntouch new\n", "sh"), "")

    def test_a_false_example_says_what_was_printed(self):
        self.assertIn("but printed:\nb", self.verdict("$ echo b\na\n"))
        self.assertIn("exit status 1", self.verdict("false\ntrue\n", "sh"))
        self.assertIn("stopped early", self.verdict("$ exit 3\n$ true\n"))
        self.assertIn("cannot be run", self.verdict("{}\n", "json"))
        self.assertIn("is unknown", self.verdict("$ true\n", mark="<!-- test: a (moon) -->"))

    def test_an_example_with_servers(self):
        body = "$ echo $LIVE_CREW_NATS\nnats://127.0.0.1:...\n"
        body += "$ echo $OPENAI_BASE_URL\nhttp://127.0.0.1:.../v1\n"
        self.assertEqual(self.verdict(body, mark="<!-- test: a (nats, model) -->"), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
