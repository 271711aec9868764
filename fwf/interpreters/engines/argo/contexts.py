"""What do the pods of a run leave to one another? Their contexts, by name, in the store."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol, cast, final

from fwf.forms.scalar_form import Json
from fwf.interpreters.engines.worker.packed_values import Blobs, text_in

_AT_ONCE: Final = 16
"""Contexts that are read side by side: each is one request."""


class Kept(Blobs, Protocol):
    """Where contexts are kept: `Objects`, as far as they need it."""

    def create(self, key: str, content: bytes) -> bool:
        """Write an object where there is none ⟶ whether it was."""
        ...

    def write(self, key: str, content: bytes) -> None:
        """Write an object, in place of any other."""
        ...

    def read(self, key: str) -> bytes | None:
        """An object's bytes; None if there is none."""
        ...


@final
class Contexts:
    """The contexts of one run.

    anew: how often the run has gone on, for what is done each time: its contexts are kept apart.
    """

    __slots__ = ("_anew", "_kept", "_run")

    def __init__(self, objects: Kept, run: str, anew: int = 0) -> None:
        self._kept = objects
        self._run = run
        self._anew = f"!{anew}" if anew else ""

    def leave(self, name: str, context: dict[str, Any]) -> dict[str, Any]:
        """Keep a context ⟶ the one that counts: of two pods that did the same, the first one's."""
        if self._kept.create(self._key(name, self._anew), json.dumps(context).encode()):
            return context
        return self.done(name) or context

    def put(self, name: str, context: dict[str, Any]) -> None:
        """Keep a context in place of any other."""
        self._kept.write(self._key(name, self._anew), json.dumps(context).encode())

    def done(self, name: str) -> dict[str, Any] | None:
        """A context that was left since the run has gone on; None if there is none."""
        content = self._kept.read(self._key(name, self._anew))
        return None if content is None else cast("dict[str, Any]", json.loads(content))

    def find(self, name: str) -> dict[str, Any] | None:
        """A context, the latest; None if nobody has left it."""
        context = self.done(name)
        if context is None and self._anew:
            content = self._kept.read(self._key(name))
            context = None if content is None else json.loads(content)
        return context

    def find_all(self, names: list[str]) -> list[dict[str, Any] | None]:
        """Several contexts, in their order."""
        if len(names) < 2:
            return [self.find(name) for name in names]
        with ThreadPoolExecutor(min(_AT_ONCE, len(names))) as pool:
            return [*pool.map(self.find, names)]

    def text(self, form: Json) -> str:
        """The text of a value or a fault; raises `Refused`, or `StoreError`."""
        return text_in(form, "/out", self._kept)

    def _key(self, name: str, anew: str = "") -> str:
        return f"runs/{self._run}/{name}{anew}.json"
