"""What is handed from one engine task to the next: how far a run has come, as JSON and back.

An engine passes it on and looks only at a few words of it, by which it goes one way or another:
the `word`, `to`, `wait` and `items` of what came out last. All else is the workers' own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, final

from pyrsistent import PMap, pmap

from fwf.faults import Failed, Fault
from fwf.forms.refusal import Refused, refused, under
from fwf.forms.scalar_form import (
    Json,
    is_object,
    read_choice,
    read_fields,
    read_flag,
    read_list,
    read_text,
    read_texts,
    read_whole,
    write_text,
)
from fwf.interpreters.engines.worker.call_forms import (
    Deadline,
    deadline_from_json,
    deadline_to_json,
    fault_to_text,
    run_from_json,
    run_to_json,
    values_from_json,
    values_to_json,
)
from fwf.interpreters.engines.worker.packed_values import (
    NONE,
    Inline,
    Packed,
    packed_from_json,
    packed_to_json,
)
from fwf.interpreters.run.single_part import Under
from fwf.machine.part import Part
from fwf.records import changed, record
from fwf.secrets import masked

Word: TypeAlias = Literal[
    "ok", "up", "held", "then", "otherwise", "again", "items", "block", "absent"
]
"""By which an engine goes on: behind the part; where failures go; to the end, with what no handler
takes; into an arm; into another round; to each item; to the part as one block; past a step of a
graph that lacks what another one failed to give."""
WORDS: Final = ("ok", "up", "held", "then", "otherwise", "again", "items", "block", "absent")
LOST: Final = ("word", "to", "wait", "path", "lost")
"""The fields of an outcome that an engine makes where a worker never answered."""
MOST_SAID: Final = 2_000
END: Final = "e"
"""Behind the slot of a part with a finaliser: how the part ended that comes before that."""
DIGITS: Final = 16
"""Of a part's id, by which the scope knows it."""


def slot(part_id: str) -> str:
    """The id of a part ⟶ the name by which the scope knows it, which is an identifier."""
    return f"p{part_id[:DIGITS]}"


def slot_of(part: Part) -> str:
    """The same of a part."""
    return slot(part.id)


@final
@record()
class Item:
    """An item that is to be done: of which map, its number, its key if it has one, its value.

    begun: what the context counts of it, for engines that make the contexts of items themselves.
    """

    map: str
    at: int
    key: str | None
    value: Packed
    begun: PMap[str, int] | None = None

    @property
    def name(self) -> str | int:
        """What it is called in paths."""
        return self.at if self.key is None else self.key


@final
@record()
class Outcome:
    """What came out last.

    word: by which the engine goes on; to: the slot of the handler that takes a failure up, in this
        branch; wait: whole seconds until then.
    value, fault: one of both, the fault as the text of its JSON.
    cut: whether the fault is of what was cut, which only finalisers answer.
    degraded: the paths where the value isn't what was meant.
    items: of a map's list, what is to be done.
    begun: what the context counts, for those who get the outcome alone.
    said: of a fault, what it says to people, cut to `MOST_SAID` characters; nobody reads it back.
    """

    word: Word = "ok"
    to: str = ""
    wait: int = 0
    value: Packed | None = NONE
    fault: Packed | None = None
    cut: bool = False
    degraded: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    begun: PMap[str, int] = pmap()
    said: str = ""


@final
@record()
class RunFacts:
    """What is the same for all of a run: its names, parameters, deadline, and where things go."""

    under: Under
    params: PMap[str, Packed]
    deadline: Deadline | None = None
    store: str = ""
    claims: str = ""


@final
@record()
class Context:
    """How far a run has come.

    scope: what parts that are around remember, each by its slot: a retry, a fallback and a
        finaliser what they were given, a loop its round, a map the item, bindings their values.
    item: the item that has just begun.
    begun: of tasks that are told it, how many times they were begun, by slot and items.
    """

    run: RunFacts
    scope: PMap[str, Json]
    out: Outcome
    item: Item | None = None
    begun: PMap[str, int] = pmap()

    def of(self, name: str) -> dict[str, Json]:
        """What the part of a slot remembers."""
        memory = self.scope.get(name)
        return memory if is_object(memory) else {}

    def noting(self, name: str, facts: Mapping[str, Json]) -> Context:
        """The same, in which a part remembers this."""
        return changed(self, scope=self.scope.set(name, dict(facts)))

    def giving(self, out: Outcome) -> Context:
        """The same, but this came out last."""
        return changed(self, out=changed(out, begun=self.begun))

    def under_way(self) -> Context:
        """The same, in which the item that has just begun is one that is under way."""
        if self.item is None:
            return self
        return changed(self.noting(self.item.map, {"item": self.item.name}), item=None)


# To JSON


def context_to_json(context: Context) -> Json:
    """Context ⟶ JSON."""
    run = context.run
    facts = {
        "under": run_to_json(run.under),
        "params": values_to_json(run.params),
        "deadline": run.deadline and deadline_to_json(run.deadline),
        "store": write_text(run.store),
        "claims": write_text(run.claims),
    }
    item = {} if context.item is None else {"item": _item_to_json(context.item)}
    out = outcome_to_json(context.out)
    return {"run": facts, "scope": dict(context.scope), "out": out, **item}


def outcome_to_json(out: Outcome) -> dict[str, Json]:
    """Outcome ⟶ JSON; what engines look at is always there."""
    form: dict[str, Json] = {"word": out.word, "to": out.to, "wait": out.wait}
    if out.value is not None:
        form["value"] = packed_to_json(out.value)
    if out.fault is not None:
        form["fault"] = packed_to_json(out.fault)
    if out.cut:
        form["cut"] = True
    if out.degraded:
        form["degraded"] = [*map(write_text, out.degraded)]
    if out.word == "items":
        form["items"] = [_item_to_json(each) for each in out.items]
    if out.begun or out.word == "items":
        form["begun"] = dict(out.begun)
    if out.said:
        form["said"] = write_text(out.said[:MOST_SAID])
    return form


def item_to_text(item: Item) -> str:
    """An item ⟶ the text of its JSON."""
    return json.dumps(_item_to_json(item))


def _item_to_json(item: Item) -> Json:
    key = None if item.key is None else write_text(item.key)
    form: dict[str, Json] = {"map": item.map, "at": item.at, "key": key}
    form["value"] = packed_to_json(item.value)
    if item.begun is not None:
        form["begun"] = dict(item.begun)
    return form


# From JSON


def context_from_json(form: Json, at: str) -> Context:
    """JSON ⟶ the context; raises `Refused`, with the place."""
    fields = _some(form, at, ("run", "scope", "out"), ("item",))
    scope = fields["scope"]
    if not is_object(scope):
        raise refused(under(at, "scope"), scope, "an object")
    item = fields.get("item")
    out = outcome_from_json(fields["out"], under(at, "out"))
    return Context(
        _run(fields["run"], under(at, "run")),
        pmap(scope),
        out,
        None if item is None else _item(item, under(at, "item")),
        out.begun,
    )


_RUN: Final = ("under", "params", "deadline", "store", "claims")


def _run(form: Json, at: str) -> RunFacts:
    fields = read_fields(form, at, _RUN)
    deadline = fields["deadline"]
    return RunFacts(
        run_from_json(fields["under"], under(at, "under")),
        values_from_json(fields["params"], under(at, "params")),
        None if deadline is None else deadline_from_json(deadline, under(at, "deadline")),
        read_text(fields["store"], under(at, "store")),
        read_text(fields["claims"], under(at, "claims")),
    )


_OUT: Final = ("value", "fault", "cut", "degraded", "items", "begun", "said", "tried")


def outcome_from_json(form: Json, at: str) -> Outcome:
    """JSON ⟶ the outcome; raises `Refused`, with the place."""
    if is_object(form) and "lost" in form:
        return _lost(form, at)
    fields = _some(form, at, ("word", "to", "wait"), _OUT)
    value, fault = fields.get("value"), fields.get("fault")
    if (value is None) is (fault is None) and fields["word"] != "absent":
        raise Refused(at, "there is either a value or a fault, and not both or none")
    return Outcome(
        read_choice(fields["word"], under(at, "word"), WORDS),
        read_text(fields["to"], under(at, "to")),
        read_whole(fields["wait"], under(at, "wait"), 0),
        None if value is None else packed_from_json(value, under(at, "value")),
        None if fault is None else packed_from_json(fault, under(at, "fault")),
        "cut" in fields and read_flag(fields["cut"], under(at, "cut")),
        read_texts(fields.get("degraded", []), under(at, "degraded")),
        tuple(_items(fields.get("items", []), under(at, "items"))),
        _counts(fields.get("begun", {}), under(at, "begun")),
    )


def held_by(fault: Fault) -> Outcome:
    """The outcome of what nobody but a person can mend."""
    return Outcome(
        "held", value=None, fault=Inline(fault_to_text(fault, 0)), said=fault_said(fault)
    )


def fault_said(fault: Fault) -> str:
    """What a fault says to people, secrets masked."""
    return masked(str(fault))


def _lost(form: Json, at: str) -> Outcome:
    """Of a task that never answered: whatever it did, a person has to look."""
    fields = read_fields(form, at, LOST)
    error = _some(fields["lost"], under(at, "lost"), ("Error",), ("Cause",))
    path = read_text(fields["path"], under(at, "path"))
    kind, cause = (read_text(error.get(name, ""), under(at, name)) for name in ("Error", "Cause"))
    return held_by(Failed(path, ("Lost", kind), f"the worker never answered: {cause or kind}"))


def _counts(form: Json, at: str) -> PMap[str, int]:
    if not is_object(form):
        raise refused(at, form, "an object")
    return pmap({name: read_whole(each, under(at, name), 1) for name, each in form.items()})


def _items(form: Json, at: str) -> list[Item]:
    return [_item(each, under(at, i)) for i, each in enumerate(read_list(form, at))]


def _item(form: Json, at: str) -> Item:
    fields = _some(form, at, ("map", "at", "key", "value"), ("begun",))
    key, counts = fields["key"], fields.get("begun")
    return Item(
        read_text(fields["map"], under(at, "map")),
        read_whole(fields["at"], under(at, "at"), 0),
        None if key is None else read_text(key, under(at, "key")),
        packed_from_json(fields["value"], under(at, "value")),
        None if counts is None else _counts(counts, under(at, "begun")),
    )


def _some(form: Json, at: str, names: tuple[str, ...], others: tuple[str, ...]) -> dict[str, Json]:
    """The fields of an object, of which the others may be missing."""
    there = tuple(each for each in others if is_object(form) and each in form)
    return read_fields(form, at, (*names, *there))
