"""How do numbers, near names and paths read in messages?"""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from fwf.secrets import masked

MOST_PATH: Final = 200
"""So much of a long path is told in a text; the values have all of it."""


def counted(n: int, noun: str) -> str:
    """3, "round" ⟶ "3 rounds"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def listed(names: Iterable[str], total: int, most: int, between: str = ", ") -> str:
    """Names, how many there are ⟶ the first of them, and how many more: `a, b and 3 more`."""
    first = list(islice(names, most))
    more = total - len(first)
    return between.join(first) + (f" and {more:,} more" if more > 0 else "")


def near(name: str, names: Iterable[object]) -> str:
    """A name, the names there are ⟶ "; did you mean 'x'?" where one is close."""
    from difflib import get_close_matches  # 2 ms that only mistakes need

    candidates = [
        each for each in names if isinstance(each, str) and each[:1] != "_" and each != name
    ]
    close = get_close_matches(name, candidates, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def shortened(path: str) -> str:
    """Path ⟶ the same for people, with … in its middle if it is long."""
    half = MOST_PATH // 2
    return path if len(path) <= MOST_PATH else f"{path[:half]}…{path[-half:]}"


def shown_path(path: str) -> str:
    """A path as people are shown it: without secrets, and without its middle if it is long."""
    if len(path) > 20 * MOST_PATH:  # what is far from both ends isn't shown anyhow
        path = f"{path[: 10 * MOST_PATH]}…{path[-10 * MOST_PATH :]}"
    return shortened(masked(path))


def at_path(path: str, message: str) -> str:
    """A message, with the path that it is about before it if there is one."""
    return f"{shown_path(path)}: {masked(message)}" if path else masked(message)
