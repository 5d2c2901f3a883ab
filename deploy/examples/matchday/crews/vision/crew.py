"""Names the scene of a frame: the known scene whose vector is nearest to the frame's."""

from math import sqrt

from live_crew import Action

# What a real crew would have learned: one direction for each scene.
SCENES = {
    "open_play": (1.0, 0.0, 0.0, 0.0),
    "goal": (0.0, 1.0, 0.0, 0.0),
    "celebration": (0.0, 0.6, 0.8, 0.0),
    "stoppage": (0.0, 0.0, 0.0, 1.0),
}


def cosine(a, b):
    length = sqrt(sum(x * x for x in a)) * sqrt(sum(x * x for x in b))
    return sum(x * y for x, y in zip(a, b)) / length if length else 0.0


def classify(embedding):
    """(label, likeness): ties go to the first name."""
    likeness = {label: cosine(embedding, vector) for label, vector in SCENES.items()}
    label = max(sorted(likeness), key=likeness.get)
    return label, round(likeness[label], 3)


def react(ctx, events, slice):
    frame = events[-1].payload  # the latest frame of the batch
    label, likeness = classify(frame["embedding"])
    ctx["vision"] = {"label": label, "likeness": likeness, "slice": int(slice)}
    return Action("scene_tag", {"label": label, "likeness": likeness, "camera": frame["camera"],
                                "frames": len(events)})
