"""Stops in pdb where react() begins, when `lcworker debug --pdb` asks for it (LIVE_CREW_PDB).

The protocol has left the standard descriptors by then, and the terminal has taken their place: so
pdb has line editing, and `breakpoint()` in the crew's code works as everywhere.
"""

import bdb
import inspect
import pdb
import sys
import traceback

from ._run import LeftDebugger


def _code_of(function):
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None)
    return code or getattr(getattr(type(function), "__call__", None), "__code__", None)


class Debugger:
    """Calls functions so that pdb stops in `react`, and where an exception was raised."""

    def __init__(self, react):
        self._code = _code_of(react)

    def call(self, function, *args):
        debugger = pdb.Pdb(skip=["live_crew.*", "asyncio.*"])
        debugger.reset()
        if self._code is None:
            print("*** react() is no Python code: there is nothing to stop at", flush=True)
        else:
            code = self._code
            debugger.set_break(code.co_filename, code.co_firstlineno, temporary=True,
                               funcname=code.co_name)
        # On to that breakpoint, from here: generators and coroutines run their code later.
        debugger.botframe = sys._getframe()
        debugger.set_continue()
        sys.settrace(debugger.trace_dispatch)
        try:
            return function(*args)
        except bdb.BdbQuit:
            raise LeftDebugger("left pdb before react() had ended") from None
        except Exception as error:
            sys.settrace(None)
            words = "".join(traceback.format_exception_only(type(error), error)[-1:]).strip()
            print(f"*** {words}\n*** pdb is where it was raised; q goes on", flush=True)
            debugger.reset()
            debugger.interaction(None, error.__traceback__)
            raise
        finally:
            sys.settrace(None)
