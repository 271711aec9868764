"""What is told of a command that can't be done: one line a problem, and never a traceback."""

import re
import signal
from collections.abc import Callable
from typing import Final, TypeVar, final

from fwf.printing import one_line, printable
from fwf.secrets import masked

T = TypeVar("T")
MARKED: Final = re.compile(r"(?:\n {4}[ \d]+ │ [^\n]*)+\Z")
"""A line of somebody's text behind a message, with its number; below it what marks the place."""


@final
class Misuse(Exception):
    """The command line asks for something that can't be: a line for each problem.

    Each line says what was given, the rule, and what to write instead. Below it may be shown where
    in a text, as in a query, the problem is.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(map(_one_line_each, lines))


def behind(text: str, more: str) -> str:
    """Message, what is to be added to it ⟶ both, before the place that the message shows."""
    place = MARKED.search(text)
    return text + more if place is None else text[: place.start()] + more + place.group()


def _one_line_each(text: str) -> str:
    place = MARKED.search(masked(text))
    if place is None:
        return one_line(text)
    _, *marks = place.group().split("\n")
    return "\n".join([one_line(place.string[: place.start()]), *map(printable, marks)])


def collected(wrong: list[str], step: Callable[[], T], otherwise: T) -> T:
    """What a step gives; if it is misuse, the other, and its lines are among what is wrong."""
    try:
        return step()
    except Misuse as error:
        wrong.extend(error.lines)
        return otherwise


def either(names: list[str], most: int = 8) -> str:
    """Names ⟶ `a, b, c`, and how many more there are."""
    first = ", ".join(names[:most])
    return f"{first} and {len(names) - most} more" if len(names) > most else first


def status_of_signal(name: str) -> int:
    """The exit status of a command that a signal ended, as shells count it: 128 + its number."""
    return 128 + signal.Signals[name or "SIGINT"]
