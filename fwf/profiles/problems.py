"""What is wrong with a file of profiles, and where in it?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeGuard, final

from fwf.printing import printable
from fwf.records import record
from fwf.secrets import masked


@final
@record()
class Problem:
    """Something that is wrong at a place such as `profile.prod.resources.shop_db.url`.

    The message says what, and the remedy; texts of the file are in it only where they are names.
    `place` is empty for the file as a whole.
    """

    place: str
    message: str

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        return printable(masked(" ".join(text.split())))


@final
class ProfileError(ValueError):
    """A profile can't be had as it is written: all problems, a line for each."""

    def __init__(self, file: Path | None, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__("\n".join(self.lines))

    @property
    def lines(self) -> list[str]:
        """A line for each problem, the file first."""
        return [f"{self.file}: {each}" if self.file else str(each) for each in self.problems]


def is_table(data: object) -> TypeGuard[dict[str, Any]]:
    """Whether what TOML gave is a table."""
    return isinstance(data, dict)


def is_list(data: object) -> TypeGuard[list[Any]]:
    """Whether what TOML gave is a list."""
    return isinstance(data, list)
