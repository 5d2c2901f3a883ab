"""The shared context as a crew sees it: a mapping that remembers which top-level keys changed.

What the crew reads are dicts and lists that report a change to the top-level key they hang under,
so that `ctx["score"]["home"] = 1` writes the whole of `score`, which is what the context's merge
works on.
"""

import json
from collections.abc import MutableMapping

_DICT_CHANGES = ("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault",
                 "update")
_LIST_CHANGES = ("__setitem__", "__delitem__", "__iadd__", "__imul__", "append", "clear", "extend",
                 "insert", "pop", "remove", "reverse", "sort")


def _recording(base, changes, plain):
    """A subclass of `base` whose methods named in `changes` call `_touch` first."""

    def recorded(name):
        original = getattr(base, name)

        def method(self, *args, **kwargs):
            self._touch()
            return original(self, *args, **kwargs)

        method.__name__ = name
        return method

    def copied(self, *_):
        return plain(self)

    # Copies and pickles are plain: they are no part of the context.
    members = {name: recorded(name) for name in changes if hasattr(base, name)}
    members.update(__copy__=copied, copy=copied, __deepcopy__=copied,
                   __reduce_ex__=lambda self, _: (base, (plain(self),)))
    return type("Recorded" + base.__name__.title(), (base,), members)


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


_RecordedDict = _recording(dict, _DICT_CHANGES, _plain)
_RecordedList = _recording(list, _LIST_CHANGES, _plain)


def _wrap(value, touch):
    if isinstance(value, dict):
        wrapped = _RecordedDict((key, _wrap(item, touch)) for key, item in value.items())
    elif isinstance(value, list):
        wrapped = _RecordedList(_wrap(item, touch) for item in value)
    else:
        return value
    wrapped._touch = touch
    return wrapped


class Context(MutableMapping):
    """Reads the snapshot of this slice; what is written is recorded as a diff."""

    def __init__(self, snapshot):
        self._changed = set()
        self._given = set(snapshot)
        self._values = {}
        for key, value in snapshot.items():
            self._values[key] = _wrap(value, lambda key=key: self._changed.add(key))

    def __getitem__(self, key):
        return self._values[key]

    def __setitem__(self, key, value):
        if not isinstance(key, str):
            raise TypeError(f"a context key is a string, not {type(key).__name__}: {key!r}")
        self._changed.add(key)
        self._values[key] = value

    def __delitem__(self, key):
        del self._values[key]
        self._changed.add(key)

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def __repr__(self):
        return f"Context({self._values!r})"

    def diff(self):
        """`{"set": {...}, "delete": [...]}`: whole top-level keys."""
        changed = {}
        for key in sorted(self._changed & set(self._values)):
            try:
                json.dumps(self._values[key], allow_nan=False)
            except (TypeError, ValueError) as error:
                raise TypeError(f"ctx[{key!r}] is not JSON: {error}") from None
            changed[key] = self._values[key]
        gone = sorted((self._changed & self._given) - set(self._values))
        return {"set": changed, "delete": gone}
