"""How much a run does at once, as its row keeps it: its workers, and the sizes of its pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fwf.durations import MICROSECOND
from fwf.journal.errors import Refused
from fwf.journal.run_records import RunRow
from fwf.machine.slots import Pool


def limits_form(workers: int | None, pools: Mapping[str, int | Pool]) -> dict[str, Any]:
    """Workers, sizes of pools ⟶ what a row says of them; what has no limit is left out."""
    sizes = {name: _form(size) for name, size in pools.items()}
    limits = {"workers": workers, "pools": sizes}
    return {each: limit for each, limit in limits.items() if limit}


def pools_of(row: RunRow) -> dict[str, int | Pool]:
    """The sizes of the pools that a run was started with."""
    return {name: _size(form) for name, form in row.facts.get("pools", {}).items()}


def refuse_others(row: RunRow, limits: Mapping[str, Any]) -> None:
    """Raise `Refused` if a pool is given that a run was started with in another size.

    How many workers there are may change: it says what this machine can do, not what others bear.
    """
    sizes: Mapping[str, Any] = row.facts.get("pools", {})
    for name, form in limits.get("pools", {}).items():
        if name in sizes and form != sizes[name]:
            raise Refused(
                f"pool {name!r}: {_size(form)} is given, but run {row.id} was started with "
                f"{_size(sizes[name])}, and goes on with that; leave it out, or --accept-changes"
            )


def _form(size: int | Pool) -> int | dict[str, int]:
    """A size ⟶ plain JSON: a number if it has no rate, else its fields, durations in µs."""
    if isinstance(size, int):
        return size
    if size.starts is None or size.per is None:
        return {} if size.at_once is None else size.at_once
    at_once = {} if size.at_once is None else {"at_once": size.at_once}
    return {**at_once, "starts": size.starts, "per": size.per // MICROSECOND}


def _size(form: Any) -> int | Pool:
    if isinstance(form, int):
        return form
    per = {"per": form["per"] * MICROSECOND} if "per" in form else {}
    return Pool(**{**form, **per})
