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


@final
class StateNames:
    """Gives the states of one machine their names."""

    __slots__ = ("_given",)

    def __init__(self) -> None:
        self._given: set[str] = set()

    def name(self, path: str, part: str, role: str) -> str:
        """A part's path and id, and what the state does for it, ⟶ a name that no other one has."""
        said = f"{path}\0{part}\0{role}".encode("utf-8", "surrogatepass")
        digest = hashlib.sha256(said).hexdigest()[:_DIGITS]
        name = "-".join([each for each in (stem_of(path), role, digest) if each])
        found, n = name, 1
        while found in self._given:  # what a word is made of may have the same part twice
            n += 1
            found = f"{name}-{n}"
        self._given.add(found)
        return found


def stem_of(path: str) -> str:
    """Path ⟶ its end, as far as it is of letters and digits."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", path[-4 * _STEM :]).strip("-_")
    return plain[-_STEM:].lstrip("-_")
