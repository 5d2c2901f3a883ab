"""What goes into a reaction and what comes out of it."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

TTL_MS_DEFAULT = 5_000
TTL_MS_MAX = 300_000

_KIND = re.compile(r"(?!__)[A-Za-z0-9_]{1,50}")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)")


def parse_time(text):
    """An RFC 3339 time as an aware datetime in UTC; digits past the microsecond are cut."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time: {text!r}")
    day, clock, fraction, offset = match.groups()
    offset = "+00:00" if offset in "Zz" else offset
    whole = datetime.fromisoformat(f"{day}T{clock}{offset}").astimezone(timezone.utc)
    return whole + timedelta(microseconds=int((fraction or "0").ljust(6, "0")[:6]))


@dataclass(frozen=True)
class Event:
    """Something that happened. `late` events come in a later slice than that of their `ts`."""

    ts: datetime
    kind: str
    stream_id: str
    payload: Any
    late: bool = False
    slice: int = 0  # the slice that it was binned in
    orig_slice: Optional[int] = None  # the slice of its ts, when it is late
    seq: int = 0  # its place in the stream

    @classmethod
    def from_wire(cls, item):
        event = item["event"]
        return cls(ts=parse_time(event["ts"]), kind=event["kind"], stream_id=event["stream_id"],
                   payload=event["payload"], late="orig_slice" in item, slice=item["slice"],
                   orig_slice=item.get("orig_slice"), seq=item["seq"])


@dataclass(frozen=True)
class Action:
    """What the crew wants done; it expires `ttl_ms` after it was published."""

    kind: str
    payload: Any = field(default_factory=dict)
    ttl_ms: int = TTL_MS_DEFAULT

    def __post_init__(self):
        if not isinstance(self.kind, str) or not _KIND.fullmatch(self.kind):
            raise ValueError(f"action kind {self.kind!r}: 1 to 50 letters, digits or '_', not "
                             "starting with '__'")
        whole = isinstance(self.ttl_ms, int) and not isinstance(self.ttl_ms, bool)
        if not whole or not 1 <= self.ttl_ms <= TTL_MS_MAX:
            raise ValueError(f"action ttl_ms {self.ttl_ms!r}: a whole number of 1..{TTL_MS_MAX}")

    def to_wire(self):
        return {"kind": self.kind, "payload": self.payload, "ttl_ms": self.ttl_ms}


class Slice(int):
    """The number of the slice, with what else is known about it.

    epoch0     when slice 0 started, an aware datetime in UTC
    needs      {crew: {"slice": n, "actions": [{"kind", "payload", "ttl_ms"}]}} of awaited crews
    missing    labels of needs that did not hold, such as "vision@-1"
    """

    def __new__(cls, request):
        self = super().__new__(cls, request["slice"])
        self.epoch0 = parse_time(request["epoch0"])
        self.needs = request.get("needs", {})
        self.missing = request.get("missing", [])
        self.stream = request.get("stream", "")
        self.crew = request.get("crew", "")
        self.attempt = request.get("attempt", 1)
        self.slice_ms = request.get("slice_ms", 500)
        self.deadline_ms = request.get("deadline_ms")
        self.ctx_rev = request.get("ctx_rev", 0)
        return self
