"""References to values that must never be seen, and what hides those that were revealed."""

import os
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from threading import Lock
from typing import Final, cast, final

SHORTEST: Final = 4
"""Characters that a value must have to be hidden: hiding every `a` would leave nothing to read."""
MOST: Final = 100
"""So many values are remembered, those revealed last: a program that goes on for ever and gets a
new token every hour must not grow."""


@final
class Secret:
    """A reference to a value that must never be seen; only `reveal` reads it.

    The value appears in no repr, plan, trace, log or picture. `read` fetches it, `where` says for
    people where from. Pickled for a task in a process of its own, it goes as the reference.
    """

    __slots__ = ("_read", "_where")

    def __init__(self, read: Callable[[], str], *, where: str) -> None:
        if not callable(cast(object, read)):
            kind = type(cast(object, read)).__name__
            raise TypeError(
                f"Secret(read, where={where!r}): read is a function that gives the value, not the "
                f"value, a {kind}; keep that elsewhere, and write Secret.env(VARIABLE)"
            )
        self._read = read
        self._where = where

    @classmethod
    def env(cls, variable: str) -> "Secret":
        """The value of an environment variable, read when it is revealed."""
        return cls(partial(_from_environment, variable), where=f"environment variable {variable}")

    def reveal(self) -> str:
        """The value itself. From now on `masked` hides it, in whatever fwf tells of a run.

        What a task prints or logs by itself is not fwf's; nor is a part that it cuts out of the
        value. Values of fewer than 4 characters are not hidden.
        """
        try:
            value = cast(object, self._read())
        except Exception as error:
            error.add_note(f"{self!r} couldn't be read")
            raise
        if isinstance(value, Coroutine):
            cast("Coroutine[object, object, object]", value).close()
            raise TypeError(f"{self!r}: what it is read by is async def; make it def")
        if not isinstance(value, str):
            raise TypeError(f"{self!r}: what it is read by gave a {type(value).__name__}, no str")
        remember([(value, repr(self))])
        return value

    @property
    def unset_variable(self) -> str | None:
        """The environment variable that it is read from, if that isn't set here."""
        if getattr(self._read, "func", None) is not _from_environment:
            return None
        variable: str = cast("partial[str]", self._read).args[0]
        return None if variable in os.environ else variable

    def __repr__(self) -> str:
        return f"<Secret from {self._where}>"


def _from_environment(variable: str) -> str:
    if variable not in os.environ:
        raise LookupError(f"the environment variable {variable} is not set")
    return os.environ[variable]


# What was revealed. Of the process, not of a run: texts are made where no run is known, such as
# that of an error which ends the command; and what was secret in one run is so in the next.

_revealed: dict[str, str] = {}
"""Values, those revealed last at the end, and what stands in the place of each."""
_lock: Final = Lock()


def remember(values: Iterable[tuple[str, str]]) -> None:
    """Hide values from now on: each with what is to stand in its place."""
    for value, mask in values:
        core = value.strip()
        if len(core) >= SHORTEST:
            with _lock:
                _revealed[core] = _revealed.pop(core, mask)
                while len(_revealed) > MOST:
                    del _revealed[next(iter(_revealed))]


def remembered() -> list[tuple[str, str]]:
    """What is hidden here: for `remember` in a process that is given what this one made."""
    with _lock:
        return list(_revealed.items())


def masked(text: str) -> str:
    """Text ⟶ the same without any secret that was revealed: `<Secret from …>` in its place.

    Also where it is escaped as in JSON, URLs, HTML or source, in Base64 or hexadecimal, and where
    lines break in it. To be called where a text is made, before anything is cut off: half a secret
    is not recognised. What is masked already stays as it is.
    """
    if not _revealed:
        return text
    from fwf.disguises import hidden  # for none but those who have secrets

    return hidden(text, remembered())
