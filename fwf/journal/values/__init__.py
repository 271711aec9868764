"""How what tasks gave is written down in a journal, and read back."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final, final

from fwf.algebra.plain_values import MAX_DEPTH
from fwf.forms.mentioned import Known
from fwf.forms.refusal import Refused
from fwf.journal.errors import JournalError
from fwf.journal.values.arrow import ArrowTables, table_class
from fwf.journal.values.journal_names import JournalNames
from fwf.journal.values.unfit import MOST, Unfit, secret, too_deep, too_large
from fwf.journal.values.value_reader import ValueReader, parse
from fwf.journal.values.value_writer import ValueWriter
from fwf.secrets import masked, remembered

DIGEST: Final = 16
_SCALARS: Final = frozenset({int, float, bool, str})
"""Of these there is one text, sorted or not."""
SHORTEST_SECRET: Final = 8
"""Characters of a secret that no value may have in it: shorter ones are in texts by chance."""


@final
class Unwritable(TypeError):
    """A value that a journal can't keep: what, where it is in the value, what to give instead."""


@final
class Unreadable(JournalError):
    """A value that can't be read back, because its class or the machine has changed since."""


@final
class Values:
    """Writes and reads the values of one run.

    names: what the run's workflow makes known (`names_in`).
    keep, load: where large contents go, by name, and where they are found again.
    """

    def __init__(
        self,
        names: Known,
        keep: Callable[[str, memoryview], None],
        load: Callable[[str], bytes | memoryview],
    ) -> None:
        scope = JournalNames(names)
        self._tables = ArrowTables(keep, load)
        name, settle = self._tables.name, self._tables.settle
        text_of = ValueWriter(scope, table_class, name, sorted_keys=True, text_of=None).text
        self._writer = ValueWriter(scope, table_class, settle, sorted_keys=False, text_of=text_of)
        self._sorted_writer = ValueWriter(
            scope, table_class, name, sorted_keys=True, text_of=text_of
        )
        self._reader = ValueReader(scope, text_of, self._tables.read)
        self._latest: tuple[Any, str] = (None, "null")
        """The scalar that was settled or read last, which the next step is given, and its text."""

    def settle(self, value: Any) -> tuple[str, Any]:
        """Value ⟶ its text, and the value that this reads as: that is what goes on.

        They are equal, types and all; raises `Unwritable` where they wouldn't be. Tables that are
        in it are kept when this returns.
        """
        try:
            text, again = self._writer.write(value)
            if len(text) > MOST:
                raise too_large(len(text))
            if masked(text) != text or self._tables.queue:
                self._refuse_secrets(text)
                self._tables.commit()
        except Unfit as unfit:
            raise Unwritable(str(unfit)) from None
        except RecursionError:
            raise Unwritable(str(too_deep(MAX_DEPTH))) from None
        finally:
            self._tables.forget()
        if type(again) in _SCALARS:
            self._latest = again, text
        return text, again

    def read(self, text: str) -> Any:
        """Text ⟶ the value that it was written of; raises `Unreadable`."""
        try:
            value = self._reader.read(parse(text))
        except Refused as refused:
            where = refused.pointer or "the value"
            raise Unreadable(masked(f"{where} can't be read back: {refused.message}")) from None
        except RecursionError:
            raise Unreadable("the value can't be read back: it nests too deep") from None
        if type(value) in _SCALARS:
            self._latest = value, text
        return value

    def digest(self, value: Any) -> str:
        """Value ⟶ 16 bytes in hex that tell it from others; "" if it has no written form.

        Dictionaries of another order are the same; a table is told by its content.
        """
        latest, text = self._latest
        try:
            if latest is not value:
                text = self._sorted_writer.write(value)[0]
            if len(text) > MOST or (masked(text) != text and _secret_in(text)):
                return ""
        except (Unfit, RecursionError):
            return ""
        return blake2b(text.encode(), digest_size=DIGEST).hexdigest()

    def _refuse_secrets(self, text: str) -> None:
        inside = [_secret_inside(content) for _, content, _ in self._tables.queue]
        mask = _secret_in(text) or next(filter(None, inside), "")
        if mask:
            raise secret(mask)


def _long_secrets() -> list[tuple[str, str]]:
    return [(value, mask) for value, mask in remembered() if len(value) >= SHORTEST_SECRET]


def _secret_in(text: str) -> str:
    """What hides the secret that a text has in it; empty if it has none."""
    from fwf.disguises import hidden  # for none but those who have secrets

    for value, mask in _long_secrets():
        if hidden(text, [(value, mask)]) != text:
            return mask
    return ""


def _secret_inside(content: memoryview) -> str:
    """The same, of the bytes of a table."""
    for value, mask in _long_secrets():
        if re.search(re.escape(value.encode("utf-8", "surrogatepass")), content):
            return mask
    return ""
