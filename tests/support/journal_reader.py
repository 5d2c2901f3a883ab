"""Reads a journal as supervisor/journal/FORMAT.md describes it, with nothing of ours in between."""

import hashlib
import json

ZEROS = "0" * 64


class Journal:
    """A journal's messages, (sequence, message id, text) each: the chain, and what was decided."""

    def __init__(self, messages):
        self.messages = messages
        self.records = [json.loads(text) for _, _, text in messages]

    def faults(self):
        """What is wrong with the chain, in words; nothing when it is whole."""
        found = []
        before = ZEROS
        for place, ((sequence, _, text), record) in enumerate(zip(self.messages, self.records), 1):
            sealed = hashlib.sha256(text[:text.rindex(',"hash":')].encode()).hexdigest()
            if record["n"] != sequence or sequence != place:
                found.append(f"record {record['n']} is message {sequence}, the {place}. one")
            if record["prev"] != before:
                found.append(f"record {record['n']} does not follow the one before it")
            if record["hash"] != sealed:
                found.append(f"record {record['n']} is not what its hash says")
            before = record["hash"]
        return found

    def checkpoints(self):
        """The bodies of the checkpoints that are whole, in order."""
        bodies, pieces = [], []
        for record in self.records:
            if record["kind"] != "checkpoint":
                continue
            if "body" in record:
                bodies.append(record["body"])
                continue
            pieces = pieces if record["part"] > 1 else []
            pieces.append(record["piece"])
            if record["part"] == record["parts"]:
                bodies.append(json.loads("".join(pieces)))
        return bodies

    def did(self, what):
        """All that the records decided under one key of `did`, in order."""
        return [each for record in self.records for each in record.get("did", {}).get(what, [])]

    def actions(self):
        return self.did("actions")

    def dispatched(self):
        """(crew, slice, attempt) of every reaction that was ordered."""
        return [tuple(each) for each in self.did("dispatched")]

    def outcomes(self):
        """How often each reaction ended, by (crew, slice, attempt)."""
        ended = {}
        for record in self.records:
            for entry in record.get("in", []):
                for kind in ("done", "failed"):
                    if kind in entry:
                        key = tuple(entry[kind][name] for name in ("crew", "slice", "attempt"))
                        ended[key] = ended.get(key, 0) + 1
        return ended

    def late(self):
        return self.did("late")

    def closed(self):
        """The numbers of the slices that were closed with something in them, in order."""
        return [each["slice"] for each in self.did("slices")]

    def events(self):
        """The sequences of the events that the engine was given, in order."""
        given = []
        for record in self.records:
            for entry in record.get("in", []):
                if "events" in entry:
                    first, count = entry["events"]
                    given += range(first, first + count)
        return given

    def context(self):
        """Revision and SHA-256 of the last context that a record committed."""
        changes = [record["did"]["ctx"] for record in self.records if "ctx" in record.get("did", {})]
        return changes[-1] if changes else None
