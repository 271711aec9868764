"""The part that a call is about, where it stands: what it is given, and what is known there."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Any, final

from pyrsistent import pmap

from fwf.algebra.contract import Attempt
from fwf.algebra.nodes import Graph, LoopUntil, MapEach, Node, Par, Retry, WithParams
from fwf.algebra.traverse import Visit
from fwf.algebra.workflow import as_workflow
from fwf.analysis.requirements import requirements
from fwf.faults import BadInput, Failed, Fault
from fwf.forms.refusal import Refused
from fwf.forms.scalar_form import Json
from fwf.interpreters.engines.worker.call import Call
from fwf.interpreters.engines.worker.call_forms import (
    fault_from_text,
    fault_to_text,
    values_from_json,
)
from fwf.interpreters.engines.worker.context import (
    END,
    Context,
    Outcome,
    fault_said,
    slot,
)
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.objects import StoreError
from fwf.interpreters.engines.worker.packed_values import (
    Blobs,
    Packed,
    packed,
    read,
    unpacked,
    values_of,
)
from fwf.interpreters.run import Clock
from fwf.journal.errors import JournalError
from fwf.journal.values import Unwritable
from fwf.machine.part import Items, NoPart, Part, parts_at
from fwf.machine.places import Places
from fwf.records import changed


@lru_cache(maxsize=32)
def _digests(there: Loaded) -> dict[Hashable, bytes]:
    """The digests of a workflow's nodes that were asked for so far."""
    return {}


@final
class Unkept(Exception):
    """What was done can't be kept, or what was kept can't be read: nobody but a person helps."""


@final
class Here:
    """One part of a run that has come to it."""

    def __init__(
        self, call: Call, context: Context, there: Loaded, blobs: Blobs | None, clock: Clock
    ) -> None:
        self.call = call
        self.context = context
        self.there = there
        self.clock = clock
        self._blobs = blobs
        self._known = _digests(there)
        self._values = values_of(there.names, blobs)
        self.part = self._current(parts_at(there.workflow, call.path, call.part, self._known))
        self._drop_what_is_behind()
        self.params: Mapping[str, Any] = self._params()

    # Where it is

    def slot(self, visit: Visit | None = None) -> str:
        """By which the scope knows a part around it, or itself."""
        return slot(Part(visit or self.part.visit).id_by(self._known))

    def at(self, visit: Visit) -> Part:
        """A part around it, with the items and rounds that it is in."""
        depth = sum(isinstance(each.node, MapEach | LoopUntil) for each in visit.enclosing())
        return Part(visit, self.part.items[:depth])

    def path(self, visit: Visit | None = None) -> str:
        """The path of a part around it, or its own, with items and rounds."""
        return self.at(visit or self.part.visit).path

    def enclosing_path(self) -> str:
        """The path of what encloses it."""
        return Places(self.part.whole).enclosing(self.part.place)

    def in_words(self, fault: Fault, visit: Visit | None = None) -> Fault:
        """A fault of a part's own doing: of what a word is made of, in its words."""
        part = self.part if visit is None else self.at(visit)
        word = Places(self.part.whole).word(part.place)
        return fault if word is None else word.worded(fault)

    def _current(self, parts: list[Part]) -> Part:
        """The part that the run is at: in the maps and loops that it is in."""
        fits = [part for part in parts if self._items(part) is not None]
        if not fits:
            part = parts[0]
            raise NoPart(
                f"{part.static_path}: the context doesn't say in which item or round it is: pass "
                "on what the call before it answered"
            )
        part = max(fits, key=lambda each: len(self._items(each) or ()))
        return Part(part.visit, self._items(part) or ())

    def _drop_what_is_behind(self) -> None:
        """Of the scope, what parts remember that are behind isn't handed on."""
        inward = self.part.inward
        names = [name for each in inward for name in (self.slot(each), self.slot(each) + END)]
        scope = self.context.scope
        entries = {name: scope[name] for name in names if name in scope}
        self.context = changed(self.context, scope=pmap(entries))
        retries = [each for each in inward[:-1] if isinstance(each.node, Retry)]
        for retry, number in zip(retries, self.call.tries, strict=False):
            self.note(retry, {**self.context.of(self.slot(retry)), "tried": number})

    def _items(self, part: Part) -> Items | None:
        items: list[str | int] = []
        for each in part.inward[:-1]:
            if isinstance(each.node, MapEach | LoopUntil):
                field = "item" if isinstance(each.node, MapEach) else "n"
                name = self.context.of(self.slot(each)).get(field)
                if not isinstance(name, str | int):
                    return None
                items.append(name)
        return tuple(items)

    @property
    def tries(self) -> tuple[int, ...]:
        """The numbers of the attempts of the retries around it, the outermost first."""
        around = self.part.inward[:-1]
        return tuple(self.attempt_of(each) for each in around if isinstance(each.node, Retry))

    def attempt_of(self, retry: Visit) -> int:
        """Which attempt of a retry it is."""
        number = self.context.of(self.slot(retry)).get("tried", 1)
        return number if isinstance(number, int) else 1

    def begin(self) -> int:
        """Note that it begins ⟶ how many times it did, if a task in it is told that."""
        if not self.part.retries or not _counts(self.part):
            return 1
        counts, name = self.context.begun, count_name(self.slot(), self.part.items)
        number = counts.get(name, 0) + 1
        self.context = changed(self.context, begun=counts.set(name, number))
        return number

    def count(self, parts: Iterable[Outcome]) -> None:
        """What parts counted, the context counts too."""
        counts = self.context.begun
        for out in parts:
            for name, number in out.begun.items():
                counts = counts.set(name, max(number, counts.get(name, 0)))
        self.context = changed(self.context, begun=counts)

    # What is known there

    @property
    def bindings(self) -> dict[str, Packed]:
        """The values of the parameters that are computed around it, as they travel."""
        values: dict[str, Packed] = {}
        for name in self.part.computed_names:
            binds = next(each for each in self.part.visit.enclosing() if _computes(each.node, name))
            form = self.context.of(self.slot(binds)).get("bound")
            at = f"/in/scope/{self.slot(binds)}/bound"
            values[name] = values_from_json(form, at)[name]
        return values

    def _params(self) -> Mapping[str, Any]:
        params = {name: self.read(each) for name, each in self.context.run.params.items()}
        bindings = {name: self.read(each) for name, each in self.bindings.items()}
        return self.part.env(params, bindings).params

    @property
    def value(self) -> Any:
        """What it is given."""
        return self.value_of(self.context.out)

    def value_of(self, out: Outcome) -> Any:
        """What a part gave."""
        if out.value is None:
            raise Refused("/in/out", "there is a fault, where a value is expected")
        return self.read(out.value)

    def fault_of(self, out: Outcome) -> Fault:
        """What a part failed with."""
        if out.fault is None:
            raise Refused("/in/out", "there is a value, where a fault is expected")
        return fault_from_text(unpacked(out.fault, self._blobs), self.clock.now())

    # Values

    def read(self, value: Packed) -> Any:
        """What travelled ⟶ the value."""
        return read(self._values, value, self._blobs, "/in")

    def pack(self, value: Any, limit: int | None = None) -> Packed:
        """A value ⟶ as it travels; raises `Unwritable`, or `Unkept` if the store fails."""
        try:
            text, _ = self._values.settle(value)
            return packed(text, self.call.limit if limit is None else limit, self._blobs)
        except (StoreError, JournalError) as error:
            raise Unkept(f"what it gave can't be kept: {error}") from None

    def pack_fault(self, fault: Fault) -> Packed:
        """A fault ⟶ as it travels, by reference if there is a place for that."""
        text = fault_to_text(fault, self.clock.now())
        limit = None if self._blobs is None else self.call.limit
        try:
            return packed(text, limit, self._blobs)
        except (StoreError, JournalError) as error:
            raise Unkept(f"how it failed can't be kept: {error}") from None

    # How it ends

    def ok(self, value: Any) -> Context:
        """It gave a value."""
        try:
            return self.context.giving(self.fine(self.pack(value)))
        except Unwritable as error:
            from fwf.interpreters.engines.worker.unwind import unwind  # outwards from here

            fault = Failed(self.path(), ("Unwritable", "Defect"), str(error))
            return unwind(self, fault)

    def fine(self, value: Packed, degraded: tuple[str, ...] | None = None) -> Outcome:
        """The outcome that a value is."""
        before = self.context.out.degraded if degraded is None else degraded
        return Outcome(value=value, degraded=tuple(dict.fromkeys(before)))

    def hold(self, fault: Fault) -> Context:
        """Nothing goes on before a person has decided."""
        form, text = self.pack_fault(fault), self.message_of(fault)
        return self.context.giving(Outcome("held", value=None, fault=form, said=text))

    def message_of(self, fault: Fault) -> str:
        """What a fault says to people; nothing where others fail beside it, and all travels."""
        around = self.part.visit.enclosing()
        beside = any(isinstance(each.node, Par | MapEach | Graph) for each in around)
        return "" if beside else fault_said(fault)

    def bad_input(self, message: str) -> BadInput:
        """It can't take what it is given."""
        return BadInput(self.path(), message)

    def note(self, visit: Visit, facts: Mapping[str, Json]) -> None:
        """A part around it remembers this."""
        self.context = self.context.noting(self.slot(visit), facts)


def count_name(slot: str, items: Items) -> str:
    """A part's slot, the items and rounds that it is in ⟶ by what its beginnings are counted."""
    return f"{slot}{[*items]}"


def counted_items(name: str) -> Items:
    """By what beginnings are counted ⟶ the items and rounds."""
    return tuple(literal_eval(name[name.index("[") :]))


def _computes(node: Node, name: str) -> bool:
    return isinstance(node, WithParams) and any(each == name for each, _ in node.computed)


def _counts(part: Part) -> bool:
    """Whether a task in a part is told how many times it was begun."""
    return Attempt.__name__ in requirements(as_workflow(part.node, "worker")).facts
