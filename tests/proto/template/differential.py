#!/usr/bin/python3
"""Renders templates with ours and with the real Jinja2 and compares the bytes.

usage: differential.py RENDER_LINES [SEED [COUNT]]
Exit codes: 0 equal, 1 different, 77 no jinja2 here.
"""
import json
import random
import subprocess
import sys
import warnings

try:
    import jinja2
except ImportError as error:
    print(f"skipped: {error}; install python3-jinja2")
    sys.exit(77)

import corpus
import generate


def with_jinja(environment, template, variables):
    try:
        return {"ok": environment.from_string(template).render(variables)}
    except Exception as error:  # any refusal counts as one
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    executable = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20240501
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 2000
    print(f"seed {seed}")
    jobs = [("same", text, variables) for text, variables in corpus.cases()]
    jobs += [(f"outside: {what}", text, corpus.VARIABLES) for what, text in corpus.OUTSIDE]
    randomness = random.Random(seed)
    jobs += [("generated", generate.template(randomness), corpus.VARIABLES) for _ in range(count)]
    lines = "".join(
        json.dumps({"template": text, "variables": variables}) + "\n" for _, text, variables in jobs)
    output = subprocess.run([executable], input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in output.stdout.split("\n") if line]
    assert len(answers) == len(jobs), f"{len(answers)} answers to {len(jobs)} templates"

    warnings.simplefilter("ignore")  # Python warns about the odd code that odd templates become
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    failures, rendered = 0, 0
    for (group, text, variables), ours in zip(jobs, answers):
        theirs = with_jinja(environment, text, variables)
        if group.startswith("outside"):
            good = "error" in ours and "ok" in theirs
        elif "ok" in ours:
            good = ours == theirs or (group == "generated" and generate.is_jinja_only(theirs))
        elif group == "generated":
            good = "ok" not in theirs or generate.may_refuse(ours["error"])
        else:
            good = "ok" not in theirs
        rendered += "ok" in ours and "ok" in theirs
        if not good:
            failures += 1
            print(f"{group}: {text!r}\n  ours:   {ours}\n  jinja2: {theirs}")
    print(f"{len(jobs)} templates, {rendered} rendered by both, {failures} different")
    sys.exit(1 if failures or rendered < 250 else 0)


main()
