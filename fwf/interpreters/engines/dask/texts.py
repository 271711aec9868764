"""How do values go to a worker and back? As a journal would write them, tables beside them."""

from __future__ import annotations

from typing import Any, final

from fwf.forms.mentioned import Known
from fwf.interpreters.engines.dask.orders import Blobs
from fwf.journal.content_names import SUFFIX
from fwf.journal.values import Unwritable, Values


@final
class Texts:
    """Writes and reads values of one workflow. For one thread."""

    __slots__ = ("_blobs", "_names", "_values")

    def __init__(self, names: Known) -> None:
        self._blobs: Blobs = {}
        """Of the values that are being written or read."""
        self._names = names
        self._values = self._new()

    def _new(self) -> Values:
        return Values(self._names, self._keep, self._kept)

    def written(self, *values: Any) -> tuple[list[str], Blobs]:
        """Values ⟶ their texts, and the tables in them; raises `Unwritable`."""
        self._blobs = {}
        try:
            texts = [self._values.settle(each)[0] for each in values]
            if any(SUFFIX in text for text in texts):  # a table that is known isn't kept again
                self._blobs, new = {}, self._new()
                texts = [new.settle(each)[0] for each in values]
            return texts, self._blobs
        except Unwritable as error:
            raise Unwritable(_told(str(error))) from None
        finally:
            self._blobs = {}

    def read(self, text: str, blobs: Blobs) -> Any:
        """Text, the tables in it ⟶ the value; raises `Unreadable`."""
        self._blobs = blobs
        try:
            return self._values.read(text)
        finally:
            self._blobs = {}

    def _keep(self, name: str, content: memoryview) -> None:
        self._blobs[name] = bytes(content)

    def _kept(self, name: str) -> bytes:
        return self._blobs[name]


def _told(said: str) -> str:
    """Why a value can't be sent: as it is said of journals, but for what is theirs alone."""
    return said.replace("a journal can't keep", "can't be sent").removesuffix(
        ", or run with --journal off"
    )
