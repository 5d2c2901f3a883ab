"""Counts the goals into the shared context and tells the score bug."""

from live_crew import Action


def react(ctx, events, slice):
    score = ctx.setdefault("score", {"home": 0, "away": 0})
    for event in events:
        goal = event.payload
        score[goal["side"]] += 1
        yield Action("score_update", {"home": score["home"], "away": score["away"],
                                      "scorer": goal["scorer"], "minute": goal["minute"]})
