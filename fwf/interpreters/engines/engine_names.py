"""What is a place called on an engine, which takes fewer characters than a path has?

A name is the path as far as it can be read, and a digest of it where something was lost. So it
depends on nothing else: a step keeps its name when others come and go.
"""

import hashlib
import re
from typing import Final, final

from fwf.records import record

DIGITS: Final = 12
"""Of a digest in hexadecimal: of a million names, two are the same once in six hundred times."""


@final
@record()
class Alphabet:
    """The names that an engine takes: how long, and of which characters.

    other: what may stand in one besides letters and digits; the first is what stands for all that
        may not.
    lower: whether letters are small ones.
    letter: whether it must begin with a letter.
    """

    most: int
    other: str
    lower: bool = False
    letter: bool = False

    def name(self, path: str, digits: int = DIGITS) -> str:
        """Path ⟶ a name for it: the path itself if it is one, else what is left and a digest.

        >>> steps = Alphabet(32, "-_.")
        >>> steps.name("visits"), steps.name("daily > visits")
        ('visits', 'daily-visits-60197afb4808')
        """
        plain, mark = self._plain(path), self.other[0]
        if 0 < len(path) <= self.most and plain == path and not self._marked(path):
            return path
        digest = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
        stem = plain[: self.most - len(mark) - digits].rstrip(self.other)
        return f"{stem or 'x'}{mark}{digest}"

    def _marked(self, path: str) -> bool:
        """Whether a path looks like a name with a digest, and so might be another's."""
        return re.search(rf"{re.escape(self.other[0])}[0-9a-f]{{{DIGITS},}}$", path) is not None

    def _plain(self, path: str) -> str:
        """What is left of a path: runs of what may not stand in a name are one character."""
        letters = "a-z0-9" if self.lower else "A-Za-z0-9"
        text = path.lower() if self.lower else path
        text = re.sub(rf"[^{letters}{re.escape(self.other)}]+", self.other[0], text)
        text = text.strip(self.other)
        return f"x{self.other[0]}{text}" if self.letter and not text[:1].isalpha() else text


@final
class Names:
    """Gives places their names on one engine, and knows which place has which."""

    __slots__ = ("_alphabet", "_names", "_paths")

    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet
        self._names: dict[str, str] = {}
        self._paths: dict[str, str] = {}

    def name(self, path: str) -> str:
        """Path ⟶ its name, which no other path has."""
        name = self._names.get(path)
        digits = DIGITS
        while name is None:
            candidate = self._alphabet.name(path, digits)
            digits += 4
            if self._paths.setdefault(candidate, path) == path:
                name = self._names[path] = candidate
        return name

    def path(self, name: str) -> str:
        """Name ⟶ the path that it was given for; raises `KeyError` for others."""
        return self._paths[name]

    @property
    def table(self) -> dict[str, str]:
        """Each name, and its path."""
        return dict(self._paths)
