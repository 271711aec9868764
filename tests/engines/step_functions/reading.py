"""What stands in a definition: its states, what is read as a path, and all other texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
PATH = re.compile(r"\$\$?(\.[A-Za-z][A-Za-z0-9]*)*(\[\d+\])?")
ARRAY = re.compile(rf"States\.Array\({PATH.pattern}(, {PATH.pattern})*\)")
PATHS = (
    "InputPath", "OutputPath", "ResultPath", "ItemsPath", "SecondsPath", "ErrorPath", "CausePath",
    "Variable",
)  # fmt: skip
NAMES = ("Next", "Default", "StartAt")


class Text(NamedTuple):
    """A text in a definition, and the fields that it stands in."""

    fields: tuple[str, ...]
    said: str

    @property
    def is_path(self) -> bool:
        """Whether somebody reads it as a path, or evaluates it."""
        return self.fields[-1] in PATHS or self.fields[-1].endswith(".$")

    @property
    def is_name(self) -> bool:
        """Whether it names a state."""
        return self.fields[-1] in NAMES


def texts(definition: str) -> Iterator[Text]:
    """Every text of a definition; names of states come as texts in `States`."""
    todo: list[tuple[tuple[str, ...], Any]] = [((), json.loads(definition))]
    while todo:
        fields, here = todo.pop()
        if isinstance(here, str):
            yield Text(fields, here)
        elif isinstance(here, list):
            todo += [(fields, each) for each in here]
        elif isinstance(here, dict):
            if fields and fields[-1] == "States":
                for name in here:
                    yield Text((*fields, "StartAt"), name)
            todo += [((*fields, name), each) for name, each in here.items()]


def states(definition: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state of a definition, those of branches too."""
    todo = [json.loads(definition)]
    while todo:
        here = todo.pop()
        for name, state in here["States"].items():
            yield name, state
            todo += state.get("Branches", [])
            if "ItemProcessor" in state:
                todo.append(state["ItemProcessor"])


def shape(definition: str) -> list[object]:
    """What is left of a definition without its texts: the kinds of states, and their fields."""
    return [(state["Type"], sorted(_fields(state))) for _, state in states(definition)]


def _fields(state: dict[str, Any]) -> Iterator[str]:
    """All fields of a state; a path that isn't Unicode is an object, and counts as a text."""
    todo = [state]
    while todo:
        for name, value in todo.pop().items():
            yield name
            if isinstance(value, dict) and name not in ("path", "States"):
                todo.append(value)
