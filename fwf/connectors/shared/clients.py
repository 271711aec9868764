"""When is a client of several users opened and closed? With the first one, and after the last."""

from threading import Lock
from typing import ClassVar, Self


class SharedClient:
    """A client that is open while anybody is in it.

    So runs side by side may be given one, and so may a run within `with`. What opens and closes it
    stands in `_begin` and `_end`.
    """

    per_run: ClassVar[bool] = True

    def __init__(self) -> None:
        self._users = 0
        self._entering = Lock()

    def __enter__(self) -> Self:
        with self._entering:
            if not self._users:
                self._begin()
            self._users += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._entering:
            self._users -= 1
            if not self._users:
                self._end()

    def _begin(self) -> None:
        raise NotImplementedError

    def _end(self) -> None:
        raise NotImplementedError
