"""References to values that must never be seen."""

import os
from collections.abc import Callable
from functools import partial
from typing import final


@final
class Secret:
    """A reference to a value that must never be seen; only `reveal` reads it.

    The value appears in no repr, plan, trace, log or picture. `read` fetches it, `where` says for
    people where from. Pickled for a task in a process of its own, it goes as the reference.
    """

    __slots__ = ("_read", "_where")

    def __init__(self, read: Callable[[], str], *, where: str) -> None:
        self._read = read
        self._where = where

    @classmethod
    def env(cls, variable: str) -> "Secret":
        """The value of an environment variable, read when it is revealed."""
        return cls(partial(_from_environment, variable), where=f"environment variable {variable}")

    def reveal(self) -> str:
        """The value itself."""
        return self._read()

    def __repr__(self) -> str:
        return f"<Secret from {self._where}>"


def _from_environment(variable: str) -> str:
    if variable not in os.environ:
        raise LookupError(f"the environment variable {variable} is not set")
    return os.environ[variable]
