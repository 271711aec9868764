"""How often a task was tried on an input before, as far as an attempt's causal past knows.

This is the `h` of the page: what happened side by side doesn't count, and at a join of a graph
what two branches share counts once. Kept only for tasks whose script tells attempts apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from fwf.algebra.plain_values import encode, freeze

if TYPE_CHECKING:
    from fwf.machine.fibers import Fiber

Tally = dict[object, int]
"""Numbers of attempts, by task and input."""
_SIMPLE = frozenset({type(None), bool, int, str})


@final
class CausalPast:
    """What had happened before a fiber began: these attempts, and those further up."""

    __slots__ = ("tally", "up")

    def __init__(self, tally: Tally, up: CausalPast | None) -> None:
        self.tally = tally
        self.up = up


def before_parts(fiber: Fiber) -> CausalPast | None:
    """Fiber ⟶ the past of parts that it starts now. It must wait for them before it goes on."""
    return CausalPast(fiber.own, fiber.past) if fiber.own else fiber.past


def count(fiber: Fiber, key: object) -> int:
    """How many attempts there were; one more is added."""
    own = fiber.own
    if own is None:
        own = fiber.own = {}
    here = own.get(key, 0)
    own[key] = here + 1
    past = fiber.past
    while past is not None:
        here += past.tally.get(key, 0)
        past = past.up
    return here


def join_tallies(fiber: Fiber, tallies: list[Tally]) -> None:
    """Add what happened in the parts that a fiber has waited for."""
    if not tallies:
        return
    if fiber.own:
        tallies.append(fiber.own)
    total = max(tallies, key=len)  # nobody else looks at it any more
    for tally in tallies:
        if tally is not total:
            for key, n in tally.items():
                total[key] = total.get(key, 0) + n
    fiber.own = total


def key_of(name: str, value: Any, params: tuple[Any, ...]) -> object:
    """Task, input, injected parameters ⟶ what tells apart the inputs that it was tried on."""
    if not params and type(value) in _SIMPLE:
        return name, value.__class__, value
    try:
        return name, encode(freeze((value, params), exact=False))
    except (TypeError, ValueError):  # somebody's object
        return name, repr((value, params))
