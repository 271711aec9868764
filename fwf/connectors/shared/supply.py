"""What went wrong when a driver asked for more? Kept, as drivers make an error of theirs of it."""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Supply(Generic[T]):
    """Items for a driver; `trouble` is what was raised when it asked for one."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = items
        self.trouble: BaseException | None = None

    def __iter__(self) -> Iterator[T]:
        try:
            yield from self._items
        except GeneratorExit:  # the driver has failed by itself, and asks for no more
            raise
        except BaseException as error:
            self.trouble = error
            raise
