"""Does a definition keep to what AWS says of one? Neither of the local interpreters looks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from fwf.interpreters.engines.step_functions.asl import MOST_SECONDS
from fwf.interpreters.engines.step_functions.naming import MOST

MOST_BYTES: Final = 1_000_000
"""Of a definition, what stands for the function's name replaced by some name."""
_NAME: Final = 170
"""The characters of a function's name, with its version."""
_SECONDS: Final = ("Seconds", "TimeoutSeconds", "IntervalSeconds", "MaxDelaySeconds")
_LENGTHS: Final = {"Error": 256, "Cause": 32_768}


def beyond(definition: str) -> Iterator[str]:
    """A definition ⟶ what of it AWS would refuse, in words."""
    size = len(definition.encode()) + _NAME * definition.count('"Resource"')
    if size > MOST_BYTES:
        yield (
            f"the definition takes {size:,} bytes, of at most {MOST_BYTES:,}: make several "
            "workflows of it, or let one task do several steps"
        )
    machine = json.loads(definition)
    names: Counter[str] = Counter()
    todo = [machine]
    while todo:
        here: dict[str, Any] = todo.pop()
        yield from _seconds("the machine", here)
        for name, state in here["States"].items():
            names[name] += 1
            yield from _of_state(name, state)
            todo += state.get("Branches", [])
            if "ItemProcessor" in state:
                todo.append(state["ItemProcessor"])
    for name, count in names.items():
        if count > 1:
            yield f"{count} states have the name {name!r}"


def _of_state(name: str, state: dict[str, Any]) -> Iterator[str]:
    if not 0 < len(name) <= MOST:
        yield f"the name {name!r} has {len(name)} characters, of 1 to {MOST}"
    if not (name.isascii() and name.isprintable()):
        yield f"the name {name!r} isn't plain ASCII"
    for each in (state, *state.get("Retry", ())):
        yield from _seconds(f"the state {name!r}", each)
    for field, most in _LENGTHS.items():
        if len(state.get(field, "")) > most:
            yield f"the state {name!r}: its {field} has more than {most:,} characters"


def _seconds(where: str, fields: dict[str, Any]) -> Iterator[str]:
    for field in _SECONDS:
        seconds = fields.get(field, 1)
        if type(seconds) is not int or not 0 <= seconds <= MOST_SECONDS:
            yield f"{where}: {field} is {seconds!r}, and has to be a number up to {MOST_SECONDS:,}"
