"""Writes cassettes, as worker/llm/README.md describes them, from what workers answered."""

import json
import os

HEADER = {"format": "live-crew-cassette", "v": 1}


def entry(done):
    """The line of a `done`."""
    names = ("crew", "slice", "attempt", "model_calls", "model_calls_dropped")
    return {"model_calls": []} | {name: done[name] for name in names if name in done}


def write_cassette(folder, *dones, name="run.cassette.jsonl"):
    """Returns the file's path."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        for line in (HEADER, *(entry(done) for done in dones)):
            file.write(json.dumps(line) + "\n")
    return path
