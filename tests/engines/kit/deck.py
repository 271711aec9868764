"""The tasks that stand in a generated workflow, all of which one actor plays."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, final

from fwf import Attempt, IdempotencyKey, Resource, RunInfo, Task, task
from fwf.algebra.contract import Effect
from tests.engines.kit.acting import Actor
from tests.engines.kit.texts import Texts
from tests.engines.kit.values import Sale

Desk = Annotated[str, Resource]


@final
class Deck:
    """The tasks of one workflow.

    What the last ones do goes by which they are, wherever they stand. Tasks of one case aren't
    those of another one. `kinds` says which one a name is.
    """

    def __init__(self, actor: Actor, case: object, texts: Texts) -> None:
        self._act = actor.act
        self._case = case
        self._texts = texts
        self.kinds: dict[str, str] = {}
        self.word = texts.text("word").replace("\ud800", "")
        """A parameter of the run; half a character can be in none."""
        self.plain: tuple[Task[Any, Any], ...] = (
            self._one("a", "pure"),
            self._one("b", "read"),
            self._one("c", "idempotent"),
            self._one("d", "unrepeatable"),
            self._one("e"),
            self._awaited(),
            self._lent(),
        )
        """From anything to anything."""
        self.lent = self.plain[-1]
        self.ping, self.add, self.shifted = self._ping(), self._add(), self._shifted()
        self.listed, self.rich = self._listed("listed"), self._rich()
        self.three, self.empty = self._listed("three"), self._listed("empty")
        self.none, self.large = self._one("none", "read"), self._one("large", "idempotent")
        self.middle, self.down = self._one("middle", "read"), self._one("down", "idempotent")
        self.down_once = self._one("down_once", "idempotent")

    def _said(self, kind: str, effect: Effect | None = None) -> dict[str, Any]:
        """What a task declares."""
        name = self._texts.name(kind)
        self.kinds[name] = kind
        config = {"case": self._case, "note": self._texts.text("a note")}
        more: dict[str, Any] = {} if effect is None else {"effect": effect}
        reads = [self._texts.text("shop/orders")] if effect == "read" else []
        return {"name": name, "config": config, "reads": reads, **more}

    def _one(self, kind: str, effect: Effect | None = None) -> Task[Any, Any]:
        act, declared = self._act, self._said(kind, effect)

        @task(**declared)
        def does(n: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey) -> Any:
            return act(declared["name"], n, run, attempt, key)

        return does

    def _awaited(self) -> Task[Any, Any]:
        act, declared = self._act, self._said("f", "read")

        @task(**declared)
        async def f(n: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey) -> Any:
            return act(declared["name"], n, run, attempt, key)

        return f

    def _lent(self) -> Task[Any, Any]:
        act, declared = self._act, self._said("lent", "idempotent")

        @task(**declared)
        def lent(n: Any, *, desk: Desk, run: RunInfo, attempt: Attempt, key: IdempotencyKey) -> Any:
            assert desk == "open"
            return act(declared["name"], n, run, attempt, key)

        return lent

    def _ping(self) -> Task[Any, Any]:
        act, declared = self._act, self._said("ping", "read")

        @task(**declared)
        def ping(*, run: RunInfo, attempt: Attempt, key: IdempotencyKey) -> Any:
            return act(declared["name"], None, run, attempt, key)

        return ping

    def _add(self) -> Task[Any, Any]:
        act, declared = self._act, self._said("add", "pure")

        @task(**declared)
        def add(
            left: Any, right: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey
        ) -> Any:
            return act(declared["name"], (left, right), run, attempt, key)

        return add

    def _shifted(self) -> Task[Any, Any]:
        act, declared = self._act, self._said("shifted", "read")

        @task(**declared)
        def shifted(
            n: Any, *, amount: int, word: str, run: RunInfo, attempt: Attempt, key: IdempotencyKey
        ) -> Any:
            assert type(amount) is int and word == self.word
            return act(declared["name"], n, run, attempt, key)

        return shifted

    def _listed(self, kind: str) -> Task[Any, Any]:
        act, declared = self._act, self._said(kind, "pure")

        @task(**declared)
        def listed(n: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey) -> list[Any]:
            found: list[Any] = act(declared["name"], n, run, attempt, key)
            return found

        return listed

    def _rich(self) -> Task[Any, Any]:
        act, declared = self._act, self._said("rich", "read")

        @task(**declared)
        def rich(
            n: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey
        ) -> Sale | list[Sale] | date | Any:
            return act(declared["name"], n, run, attempt, key)

        return rich
