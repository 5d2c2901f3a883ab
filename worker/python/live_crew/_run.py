"""Loads the crew's file and answers one request after the other."""

import asyncio
import importlib.util
import inspect
import os
import sys
import traceback

from . import _wire
from ._context import Context
from ._types import Action, Event, Slice

_ACTION_KEYS = {"kind", "payload", "ttl_ms"}


class CrewError(Exception):
    """The crew's file cannot be used."""


class LeftDebugger(Exception):
    """The person quit the debugger before react() had ended."""


def load(path):
    """The function `react` of the file."""
    folder, name = os.path.split(os.path.abspath(path))
    sys.path.insert(0, folder)
    module_name = os.path.splitext(name)[0]
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or not os.path.isfile(path):
        raise CrewError(f"{path}: no such Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    react = getattr(module, "react", None)
    if not callable(react):
        raise CrewError(f"{path}: it has no function react(ctx, events, slice)")
    return react


def describe(error, crew_file):
    """`ValueError: no goals (crew.py:12)`: where the crew's own file was last."""
    words = "".join(traceback.format_exception_only(type(error), error)[-1:]).strip()
    name = os.path.basename(crew_file)
    if isinstance(error, SyntaxError) and error.filename:
        return f"{words} ({os.path.basename(error.filename)}:{error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    crew_path = os.path.abspath(crew_file)
    own = [frame for frame in frames if os.path.abspath(frame.filename) == crew_path]
    return f"{words} ({name}:{own[-1].lineno})" if own else words


def to_action(value):
    if isinstance(value, Action):
        return value
    if isinstance(value, dict):
        unknown = set(value) - _ACTION_KEYS
        if unknown or "kind" not in value:
            raise ValueError(f"an action has kind, payload and ttl_ms, not {sorted(value)}")
        return Action(**value)
    raise TypeError(f"react gave {type(value).__name__}, not an Action or a dict: {value!r}")


async def _drain(generator):
    return [item async for item in generator]


class Runner:
    """Runs the reactions of one crew, coroutines on one event loop."""

    def __init__(self, react, call=lambda function, *args: function(*args)):
        self._react = react
        self._call = call
        self._loop = None

    def _await(self, coroutine):
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop.run_until_complete(coroutine)

    def _actions(self, ctx, events, slice_):
        given = self._react(ctx, events, slice_)
        if inspect.isasyncgen(given):
            given = self._await(_drain(given))
        elif inspect.isawaitable(given):
            given = self._await(_awaited(given))
        if given is None:
            return []
        if isinstance(given, (Action, dict)):
            given = [given]
        elif isinstance(given, (str, bytes)) or not hasattr(given, "__iter__"):
            to_action(given)  # says what is wrong
        return [to_action(item).to_wire() for item in given]

    def answer(self, request):
        ctx = Context(request["ctx"])
        events = [Event.from_wire(item) for item in request["events"]]
        actions = self._call(self._actions, ctx, events, Slice(request))
        return {"diff": ctx.diff(), "actions": actions}


async def _awaited(awaitable):
    return await awaitable


def make_runner(path, debugs):
    react = load(path)
    if not debugs:
        return Runner(react)
    from . import _debug  # pdb is slow to import
    return Runner(react, _debug.Debugger(react).call)


def serve(path, debugs=False):
    runner = make_runner(path, debugs)
    _wire.send({"ready": True})
    for request in _wire.requests():
        try:
            _wire.send(runner.answer(request))
        except LeftDebugger as error:
            _wire.send({"error": str(error)})
        except Exception as error:  # whatever the crew raised is its answer
            traceback.print_exc()
            _wire.send({"error": describe(error, path)[:4096]})
    return 0


def main(argv):
    if len(argv) != 2:
        print("usage: python3 -m live_crew crew.py", file=sys.stderr)
        return 64
    _wire.take_channels()
    debugs = bool(os.environ.pop("LIVE_CREW_PDB", ""))  # what the crew starts is not asked
    try:
        if debugs:
            _wire.take_terminal()
        return serve(argv[1], debugs)
    except CrewError as error:
        _wire.send({"failed": str(error)})
    except BrokenPipeError:
        return 0  # the worker is gone
    except Exception as error:
        traceback.print_exc()
        _wire.send({"failed": describe(error, argv[1])})
    return 78
