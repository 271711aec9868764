"""Workflows of every node and word, drawn by a random source; any of them takes whatever comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, TypeAlias, final

from fwf import (
    Workflow,
    always,
    apply,
    as_result,
    backoff,
    bracket,
    branch,
    const,
    delay,
    delays,
    every,
    fail,
    failed,
    fallback,
    fault_of,
    from_result,
    hours,
    in_pool,
    it,
    join,
    keep_input,
    loop_until,
    map_each,
    named,
    on_failure,
    optional,
    paginate,
    par,
    param,
    poll,
    pure,
    recover,
    recursive,
    retry,
    seconds,
    seq,
    switch,
    text,
    timeout,
    using,
    value_of,
    when,
    with_params,
)
from fwf.algebra.nodes import Graph, Step
from fwf.algebra.schedule import Schedule
from fwf.testing.sample_tasks import Tolerant, Twice
from tests.engines.kit import values
from tests.engines.kit.deck import Deck
from tests.engines.kit.options import Options, Part
from tests.engines.kit.texts import Texts

Flow: TypeAlias = Workflow[Any, Any]
FILTERS: tuple[Any, ...] = (
    (), (), OSError, "ConnectionError", ("KeyError", "Timeout"), ("Exhausted", "OSError"),
)  # fmt: skip
EDGES: tuple[tuple[tuple[tuple[int, ...], tuple[int, ...]], ...], ...] = (
    (((-1,), ()), ((0,), ()), ((0, 1), ())),  # a result used twice
    (((-1,), ()), ((-1,), ()), ((0,), ()), ((0, 1), ()), ((2, 3), ())),  # an N
    (((-1,), ()), ((-1,), (0,)), ((-1, 1), ())),  # an edge that only orders
    (((-1,), ()), ((-1,), ()), ((-1, 0), ())),  # a step that leads nowhere
    (((), ()), ((-1,), ()), ((0, 1), ())),  # one that takes nothing
)
"""Inputs and `after` of each step of a graph; the last one's result is the graph's."""


@final
class Drawing:
    """Draws one workflow. `due` are shapes that have to stand in it, and are taken one by one."""

    def __init__(
        self, chance: Random, deck: Deck, given: Options, texts: Texts, due: list[Flow]
    ) -> None:
        self._chance = chance
        self._texts = texts
        self._deck = deck
        self._given = given
        self._due = due
        self._made: list[Flow] = []
        self._kinds = self._allowed()

    def flow(self, size: int) -> Flow:
        """A workflow of about so many tasks."""
        if size <= 1:
            return self._leaf()
        if self._made and self._chance.random() < 0.05:
            return self._chance.choice(self._made)
        kinds = self._kinds
        made = self._chance.choices([*kinds], [weight for weight, _ in kinds.values()])[0]
        found = kinds[made][1](size)
        self._made.append(found)
        return found

    def _allowed(self) -> dict[Part, tuple[int, Callable[[int], Flow]]]:
        """The kinds of nodes that may stand in it, each with how often it does."""
        kinds: dict[Part, tuple[int, Callable[[int], Flow]]] = {
            "seq": (4, self._seq), "par": (3, self._par), "branch": (4, self._branch),
            "retry": (3, self._retry), "fallback": (2, self._fallback),
            "map_each": (3, self._map), "loop_until": (2, self._loop),
            "always": (2, self._always), "as_result": (2, self._as_result),
            "graph": (2, self._graph), "timeout": (1, self._timeout),
            "param": (1, self._with_params), "in_pool": (1, self._in_pool),
            "named": (1, self._named), "using": (1, self._using), "extension": (3, self._extension),
        }  # fmt: skip
        return {name: each for name, each in kinds.items() if self._given.has(name)}

    def _few(self, size: int, least: int, most: int) -> list[Flow]:
        """Several parts that have the size together."""
        count = self._chance.randint(least, most)
        return [self.flow(max(1, size // count)) for _ in range(count)]

    def _two(self, size: int) -> tuple[Flow, Flow]:
        left = self._chance.randint(1, max(1, size - 1))
        return self.flow(left), self.flow(max(1, size - left))

    # Leaves

    def _leaf(self) -> Flow:
        chance, deck = self._chance, self._deck
        if self._due and chance.random() < 0.7:
            return self._due.pop()
        match chance.randrange(12):
            case 0:
                return self._pure()
            case 1 if self._given.has("delay"):
                return delay(seconds(chance.choice(self._given.waits)))
            case 2 if self._given.has("fail") and chance.random() < 0.5:
                return chance.choice([
                    fail(self._texts.text("VendorDown"), self._texts.text("said so")),
                    fail("PermissionError", text("of {}", apply(values.number))),
                ])  # fmt: skip
            case 3:
                return deck.ping
            case 4 if self._given.has("param"):
                return deck.shifted
            case 5 if self._given.has("rich"):
                return deck.rich
            case 6:
                return deck.none
            case 7 if self._given.has("large") and chance.random() < 0.3:
                return deck.large
            case _:
                return chance.choice(deck.plain)

    def _pure(self) -> Flow:
        chance = self._chance
        if self._given.has("unfit") and chance.random() < 0.15:
            return pure(it.missing)
        said = {self._texts.text("total.$"): [1, self._texts.text("{{ x }}")]}
        made: list[Flow] = [
            pure(values.increased), pure(values.number), pure(it), const(chance.randrange(7)),
            const(said), const(None), pure(values.doubled),
        ]  # fmt: skip
        return chance.choice(made)

    def test(self) -> Any:
        """A predicate on whatever there is."""
        chance = self._chance
        if self._given.has("unfit") and chance.random() < 0.06:
            return it.missing > 1
        plain: list[Any] = [apply(values.is_odd), apply(values.is_large), ~apply(values.is_odd)]
        if self._given.has("param"):
            plain += [param("flag", bool), (param("amount", int) > 1) | apply(values.is_odd)]
        return chance.choice(plain)

    # Nodes

    def _seq(self, size: int) -> Flow:
        return seq(*self._few(size, 2, 4))

    def _par(self, size: int) -> Flow:
        fast = self._given.has("fail_fast") and self._chance.random() < 0.3
        made = par(*self._few(size, 2, 4), fail_fast=fast)
        return made if self._chance.random() < 0.2 else made >> pure(values.number)

    def _branch(self, size: int) -> Flow:
        then, otherwise = self._two(size)
        return branch(self.test(), then=then, otherwise=otherwise)

    def _wait(self) -> Any:
        """A schedule; the sum of its waits is small."""
        chance = self._chance
        each = [seconds(wait) for wait in self._given.waits]
        first = chance.choice(each)
        kinds: list[Schedule] = [
            every(first), delays(first, chance.choice(each)), backoff(first, cap=max(each)),
            every(first).times(1), every(first) & every(chance.choice(each)),
        ]  # fmt: skip
        made = chance.choice(kinds)
        if self._given.has("jitter") and chance.random() < 0.2:
            return made.jitter(chance.randrange(9), 0.5, 1.0)
        return made

    def _retry(self, size: int) -> Flow:
        attempts, on = self._chance.randint(2, 3), self._chance.choice(FILTERS)
        return retry(self.flow(size - 1), attempts=attempts, wait=self._wait(), on=on)

    def _fallback(self, size: int) -> Flow:
        return fallback(*self._two(size), on=self._chance.choice(FILTERS))

    def _items(self) -> tuple[Flow, Any]:
        """What gives a list, and what its items' keys are."""
        chance = self._chance
        if chance.random() < 0.25:
            return pure(values.named_items), it["id"]
        made: Flow = chance.choice([self._deck.listed, self._deck.three, pure(values.several)])
        unkeyed = self._given.has("unkeyed") and chance.random() < 0.6
        return made, None if unkeyed else it

    def _map(self, size: int) -> Flow:
        chance = self._chance
        items, key = self._items()
        if self._given.has("unkeyed") and chance.random() < 0.1:
            items, key = pure(values.nested), None
        errors: Any = ["settle", "settle", "collect"]
        if self._given.has("fail_fast"):
            errors.append("fail_fast")
        mapped = map_each(
            self.flow(max(1, size // 2)), key=key, on_error=chance.choice(errors),
            at_once=chance.choice([None, None, 1, 2]),
        )  # fmt: skip
        whole = items >> mapped
        return whole if chance.random() < 0.3 else whole >> pure(values.number)

    def _loop(self, size: int) -> Flow:
        chance = self._chance
        within = hours(9) if self._given.has("within") and chance.random() < 0.3 else None
        end: Any = chance.choice(["fail", "stop"])
        limit = chance.randint(1, 3)
        body = self.flow(max(1, size // 2))
        return loop_until(body, self.test(), limit=limit, within=within, on_limit=end)

    def _always(self, size: int) -> Flow:
        body, last = self._two(size)
        return always(body, then=last)

    def _as_result(self, size: int) -> Flow:
        opened: list[Flow] = [pure(values.number)]
        if self._given.has("branch"):
            opened.append(branch(failed(it), then=const(1), otherwise=pure(value_of(it))))
        if self._given.has("from_result"):
            opened.append(from_result)
        if self._given.has("fail") and self._given.has("branch"):
            told = fail("KeyError", fault_of(it).tags[0])
            opened.append(branch(failed(it, on=OSError), then=told, otherwise=pure(values.number)))
        return as_result(self.flow(size - 1)) >> self._chance.choice(opened)

    def _graph(self, size: int) -> Flow:
        edges = self._chance.choice(EDGES)
        steps: list[Step] = []
        for inputs, after in edges:
            body: Any = self.flow(max(1, size // len(edges)))
            if len(inputs) > 1:
                body = (
                    pure(values.number) >> body if self._chance.random() < 0.5 else self._deck.add
                )
            steps.append(Step(self._deck.ping if not inputs else body, inputs, after))
        return Graph(tuple(steps), len(steps) - 1, 1)

    def _timeout(self, size: int) -> Flow:
        return timeout(self.flow(size - 1), hours(self._chance.randint(1, 9)))

    def _with_params(self, size: int) -> Flow:
        amount: Any = self._chance.choice([1, 2, apply(values.number), param("amount", int) + 1])
        return with_params(seq(self.flow(size - 1), self._deck.shifted), amount=amount)

    def _in_pool(self, size: int) -> Flow:
        pool = self._texts.text(self._chance.choice(["vendor", "warehouse"]))
        return in_pool(self.flow(size - 1), pool)

    def _using(self, size: int) -> Flow:
        return using(seq(self.flow(size - 1), self._deck.lent), desk="größe_2")

    def _named(self, size: int) -> Flow:
        names = ["part", "load: it", "$.a", "ünï ${x} {{ y }}", "part"]
        return named(self._texts.name(self._chance.choice(names)), self.flow(size - 1))

    # Words

    def _extension(self, size: int) -> Flow:
        """A word, whose meaning has only what may be there."""
        one, needed = self.flow(size - 1), self._words
        allowed = [word for word, needs in needed.items() if all(map(self._given.has, needs))]
        return self._word(self._chance.choice(allowed), one)

    _words: Mapping[str, tuple[Part, ...]] = {
        "keep_input": ("par",),
        "join": ("par",),
        "twice": (),
        "tolerant": ("fallback",),
        "recover": ("fallback",),
        "optional": ("fallback",),
        "when": ("branch",),
        "switch": ("branch",),
        "bracket": ("always", "par"),
        "on_failure": ("as_result", "branch", "par"),
        "poll": ("loop_until", "delay", "branch", "par"),
        "branch": ("branch", "par"),
        "loop_until": ("loop_until", "par"),
        "paginate": ("loop_until", "fallback", "branch", "par"),
        "recursive": ("branch",),
    }
    """What each word has in it."""

    def _word(self, word: str, one: Flow) -> Flow:
        chance, small = self._chance, self.flow
        on, wait = chance.choice(FILTERS), seconds(chance.choice(self._given.waits))
        words: dict[str, Callable[[], Flow]] = {
            "keep_input": lambda: keep_input(one),
            "join": lambda: join(self._deck.add, left=one, right=small(1)),
            "twice": lambda: Twice(one),  # type: ignore[arg-type]
            "tolerant": lambda: Tolerant(one),  # type: ignore[arg-type]
            "recover": lambda: recover(one, 0, on=on),
            "optional": lambda: optional(one, on=on),
            "when": lambda: when(self.test(), one),
            "switch": lambda: switch(apply(values.number), {1: one, 2: small(1)}, otherwise=one),
            "bracket": lambda: bracket(small(1), one, small(1)),
            "on_failure": lambda: on_failure(one, then=small(1)),
            "poll": lambda: poll(one, self.test(), every=wait, limit=2),
            "branch": lambda: branch(one >> pure(values.is_odd), then=small(1), otherwise=small(1)),
            "loop_until": lambda: loop_until(one, small(1) >> pure(values.is_odd), limit=2),
            "paginate": lambda: paginate(one >> pure(values.page), limit=2, on_limit="stop"),
            "recursive": lambda: recursive(
                lambda again: branch(self.test(), then=one, otherwise=small(1) >> again), limit=2
            ),
        }
        return words[word]()
