"""What is a state called? By its path as far as it can be read, and by a digest.

A state keeps its name when others come and go, and no two of a machine have one name.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, final

MOST: Final = 80
"""The characters of a state's name."""
_STEM: Final = 50
_DIGITS: Final = 12
_OTHERS: Final = re.compile(r"[^A-Za-z0-9_]+")


@final
class StateNames:
    """Gives the states of one machine their names."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: set[str] = set()

    def name(self, ends: tuple[str, str], role: str) -> str:
        """The `ends_of` a part, what a state does for it ⟶ a name that no other one has."""
        stem, digest = ends
        name = f"{stem}{role}-{digest}" if not stem or not role else f"{stem}-{role}-{digest}"
        unique, n = name, 1
        while unique in self._names:  # what a word is made of may have the same part twice
            n += 1
            unique = f"{name}-{n}"
        self._names.add(unique)
        return unique


def ends_of(path: str, part: str) -> tuple[str, str]:
    """A part's path and id ⟶ the end of the path, as far as it is letters and digits; a digest."""
    content = f"{path}\0{part}".encode("utf-8", "surrogatepass")
    plain = _OTHERS.sub("-", path[-4 * _STEM :]).strip("-_")
    return plain[-_STEM:].lstrip("-_"), hashlib.sha256(content).hexdigest()[:_DIGITS]
