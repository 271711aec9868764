"""What is a worker asked? To run one part of a workflow at its place; as JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar, final

from pyrsistent import PMap, pmap

from fwf.forms.refusal import Refused, refused, under
from fwf.forms.scalar_form import (
    Json,
    is_object,
    read_duration,
    read_fields,
    read_list,
    read_text,
    read_whole,
    written_duration,
    written_text,
)
from fwf.forms.strict import parsed
from fwf.interpreters.engines.worker.packed_values import (
    NONE,
    Packed,
    packed_from_json,
    packed_to_json,
)
from fwf.interpreters.run.single_part import Under
from fwf.machine.part import Items
from fwf.records import record

FORM: Final = 1
"""The version of orders and answers."""
MOST: Final = 64 << 20
"""Bytes of the longest order or answer."""
T = TypeVar("T")


@final
class Unclear(ValueError):
    """An order or an answer that can't be read: where, and what was expected."""


@final
@record()
class Deadline:
    """When a part is cut, and the timeout that does it: its path, and how long it gives."""

    at: datetime
    path: str
    within: timedelta


@final
@record()
class Order:
    """One part to be run.

    target: the workflow, as `module:attribute`.
    path, items, part: the part's path without items and rounds, those, and its `id`.
    value: what it is given; params: the run's parameters; bindings: the values of those that are
        computed around it.
    under: the run that it is done for.
    tries: the numbers of the attempts of the retries around it, the outermost first; attempt: how
        many times it was begun, with this one.
    deadline: of the timeouts around it that which strikes first.
    gone: when the worker is surely gone, such as the end of the time that the engine gives it.
    limit: so many bytes a value may take in the answer; larger ones are put into the store.
    store: where large values are kept, and claims, unless those are in the database `claims`.
    """

    target: str
    part: str
    path: str
    under: Under
    items: Items = ()
    value: Packed = NONE
    params: PMap[str, Packed] = pmap()
    bindings: PMap[str, Packed] = pmap()
    tries: tuple[int, ...] = ()
    attempt: int = 1
    deadline: Deadline | None = None
    gone: datetime | None = None
    limit: int | None = None
    store: str = ""
    claims: str = ""


def order_to_json(order: Order) -> Json:
    """Order ⟶ JSON."""
    return {
        "fwf": FORM,
        "target": written_text(order.target),
        "part": written_text(order.part),
        "path": written_text(order.path),
        "items": [each if type(each) is int else written_text(str(each)) for each in order.items],
        "value": packed_to_json(order.value),
        "params": values_to_json(order.params),
        "bindings": values_to_json(order.bindings),
        "run": run_to_json(order.under),
        "tries": list(order.tries),
        "attempt": order.attempt,
        "deadline": order.deadline and deadline_to_json(order.deadline),
        "gone": order.gone and moment_to_json(order.gone),
        "limit": order.limit,
        "store": written_text(order.store),
        "claims": written_text(order.claims),
    }


_FIELDS: Final = (
    "fwf", "target", "part", "path", "items", "value", "params", "bindings", "run", "tries",
    "attempt", "deadline", "gone", "limit", "store", "claims",
)  # fmt: skip


def order_from_json(given: Json) -> Order:
    """JSON ⟶ the order; raises `Unclear`, with the place, for anything else."""
    return clear("order", lambda: _order(given))


def order_from_text(text: str | bytes) -> Order:
    """The text of an order ⟶ the order; raises `Unclear`."""
    return clear("order", lambda: _order(parsed(text, MOST)))


def order_to_text(order: Order) -> str:
    """Order ⟶ its text."""
    return json.dumps(order_to_json(order))


def clear(what: str, read: Callable[[], T]) -> T:
    """What is read of an order or an answer; a refusal is an `Unclear`."""
    try:
        return read()
    except Refused as error:
        where = f"{what} {error.pointer}" if error.pointer else what
        said = f"the {where}: {error.message}"
    raise Unclear(said)


def read_form(given: Json, names: tuple[str, ...]) -> dict[str, Json]:
    """The fields of an order or an answer, if they are of this version."""
    version = given.get("fwf") if is_object(given) else None
    if type(version) is int and version != FORM:
        said = f"is of version {version}, and this fwf reads {FORM}: have the same fwf at both ends"
        raise Refused("/fwf", said)
    fields = read_fields(given, "", names)
    read_whole(fields["fwf"], "/fwf", FORM)
    return fields


def _order(given: Json) -> Order:
    fields = read_form(given, _FIELDS)

    def maybe(name: str, read: Callable[[Json, str], T]) -> T | None:
        return None if fields[name] is None else read(fields[name], f"/{name}")

    return Order(
        target=read_text(fields["target"], "/target"),
        part=read_text(fields["part"], "/part"),
        path=read_text(fields["path"], "/path"),
        under=run_from_json(fields["run"], "/run"),
        items=tuple(_each(fields["items"], "/items", _item)),
        value=packed_from_json(fields["value"], "/value"),
        params=values_from_json(fields["params"], "/params"),
        bindings=values_from_json(fields["bindings"], "/bindings"),
        tries=tuple(_each(fields["tries"], "/tries", _number)),
        attempt=_number(fields["attempt"], "/attempt"),
        deadline=maybe("deadline", deadline_from_json),
        gone=maybe("gone", moment_from_json),
        limit=maybe("limit", _number),
        store=read_text(fields["store"], "/store"),
        claims=read_text(fields["claims"], "/claims"),
    )


def run_to_json(run: Under) -> Json:
    """The run that something is done for ⟶ JSON."""
    return {
        "key": None if run.key is None else written_text(run.key),
        "spread": run.spread.hex(),
        "id": written_text(run.id),
        "started": moment_to_json(run.started),
    }


def run_from_json(given: Json, at: str) -> Under:
    """JSON ⟶ the run that something is done for; raises `Refused`."""
    fields = read_fields(given, at, ("key", "spread", "id", "started"))
    key = fields["key"]
    try:
        spread = bytes.fromhex(read_text(fields["spread"], f"{at}/spread"))
    except ValueError:
        raise refused(f"{at}/spread", fields["spread"], "hexadecimal digits") from None
    return Under(
        key=None if key is None else read_text(key, f"{at}/key"),
        spread=spread,
        id=read_text(fields["id"], f"{at}/id"),
        started=moment_from_json(fields["started"], f"{at}/started"),
    )


def deadline_to_json(deadline: Deadline) -> Json:
    """Deadline ⟶ JSON."""
    return {
        "at": moment_to_json(deadline.at),
        "path": written_text(deadline.path),
        "within": written_duration(deadline.within),
    }


def deadline_from_json(given: Json, at: str) -> Deadline:
    """JSON ⟶ the deadline; raises `Refused`."""
    fields = read_fields(given, at, ("at", "path", "within"))
    return Deadline(
        moment_from_json(fields["at"], f"{at}/at"),
        read_text(fields["path"], f"{at}/path"),
        read_duration(fields["within"], f"{at}/within"),
    )


def _each(given: Json, at: str, read: Callable[[Json, str], T]) -> list[T]:
    return [read(each, under(at, i)) for i, each in enumerate(read_list(given, at))]


def _item(given: Json, at: str) -> str | int:
    return read_whole(given, at, 0) if type(given) is int else read_text(given, at)


def _number(given: Json, at: str) -> int:
    return read_whole(given, at, 1)


def values_from_json(given: Json, at: str) -> PMap[str, Packed]:
    """JSON ⟶ values as they travel, by name; raises `Refused`."""
    if not is_object(given):
        raise refused(at, given, "an object")
    return pmap({name: packed_from_json(each, under(at, name)) for name, each in given.items()})


def values_to_json(values: Mapping[str, Packed]) -> dict[str, Json]:
    """Values as they travel, by name ⟶ JSON."""
    return {name: packed_to_json(each) for name, each in values.items()}


def moment_to_json(moment: datetime) -> str:
    """A time ⟶ its text, in UTC."""
    return moment.astimezone(UTC).isoformat()


def moment_from_json(given: Json, at: str) -> datetime:
    """JSON ⟶ a time; raises `Refused` unless it has an offset."""
    text = read_text(given, at)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise refused(at, given, "a time with its offset, such as 2026-06-01T02:00:00+00:00,")
    return found.astimezone(UTC)
