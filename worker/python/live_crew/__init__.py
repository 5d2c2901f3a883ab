"""Write a live-crew crew in Python: a file with `def react(ctx, events, slice)`.

    from live_crew import Action

    def react(ctx, events, slice):
        ctx["score"]["home"] += 1
        return Action("score_update", dict(ctx["score"]))

`python3 -m live_crew crew.py` serves it. Standard library only, Python 3.9 or later.
"""

from ._context import Context
from ._types import TTL_MS_DEFAULT, TTL_MS_MAX, Action, Event, Slice
from ._wire import log, progress

__all__ = [
    "Action",
    "Context",
    "Event",
    "Slice",
    "TTL_MS_DEFAULT",
    "TTL_MS_MAX",
    "log",
    "progress",
]
