"""The marks of states on the command line: shown, told of their past, and set."""

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, cast

from fwf.cli.journals import open_journal, refusals
from fwf.cli.output import complain, tell, tell_json
from fwf.cli.refused_commands import Misuse, either
from fwf.cli.told_runs import lines, local
from fwf.faults import near
from fwf.forms.by_type.given_texts import Unreadable, example, read
from fwf.journal import kept_marks, versioned_logs
from fwf.printing import one_line
from fwf.telling.reasons import on_one_line
from fwf.types.hints import name_of

if TYPE_CHECKING:
    from fwf.algebra.workflow import AnyWorkflow
    from fwf.journal.store import Store
    from fwf.journal.values import Values
    from fwf.journal.versioned_logs import Version

_KINDS: Final = {each.__name__.lower(): each for each in (date, datetime, time, timedelta, Decimal)}
"""By what stands before them in a journal."""
_NONE: Final = "no state was ever set there: a run sets the marks of its workflow's states"


def show(name: str | None, journal: str | None, as_json: bool) -> int:
    """`fwf state show`."""
    with closing(open_journal(journal)) as store, refusals():
        names, where = _names(store), store.where
        if name is not None:
            _check(store, name, names)
        states = [_standing(store, each) for each in ([name] if name is not None else names)]
    if as_json:
        tell_json({"states": states})
    elif not states:
        complain(f"fwf: {where}: {_NONE}")
    else:
        head = ["state", "mark", "since", "set by", "held by"]
        rows = [
            [each["name"], kept_marks.mark_text(each["value"]),
             f"{each['since']:%Y-%m-%d %H:%M:%S}",
             each["by"], each["held_by"] or ""]
            for each in states
        ]  # fmt: skip
        _table([head, *rows])
    return 0


def history(name: str, journal: str | None, as_json: bool) -> int:
    """`fwf state history`."""
    with closing(open_journal(journal)) as store, refusals():
        _check(store, name, _names(store))
        versions = versioned_logs.history(store, kept_marks.PREFIX + name)
    if as_json:
        tell_json({"name": name, "versions": [_data(each) for each in versions]})
    else:
        rows = [
            [str(each.number), f"{local(each.at):%Y-%m-%d %H:%M:%S}",
             kept_marks.mark_text(each.body["value"]), kept_marks.by(each.body)]
            for each in versions
        ]  # fmt: skip
        _table([["version", "since", "mark", "set by"], *rows])
    return 0


def set_to(name: str, text: str, target: str | None, journal: str | None, as_json: bool) -> int:
    """`fwf state set`."""
    from fwf.combinators import identity
    from fwf.forms.mentioned import names_in
    from fwf.journal.holders import me
    from fwf.journal.values import Values

    w, kinds = (identity, None) if target is None else _declared(target, name)
    with closing(open_journal(journal, make=target is not None)) as store, refusals():
        if kinds is None:
            _check(store, name, _names(store))
        this = me()
        writer = kept_marks.claim(store, name, this)
        try:
            before = writer.latest
            value = _read(name, text, kinds, before, Values(names_in(w), store.put, store.get))
            version = writer.add(kept_marks.of_person(value, before, this))
        finally:
            writer.release()
    old = None if before is None else before.body["value"]
    if as_json:
        tell_json({"name": name, "version": version.number, "value": value, "old": old})
    else:
        was = "nothing" if before is None else kept_marks.mark_text(old)
        tell(one_line(f"{name}: {was} → {kept_marks.mark_text(value)}"))
    return 0


def _names(store: "Store") -> list[str]:
    return [
        each.removeprefix(kept_marks.PREFIX)
        for each in versioned_logs.names(store, kept_marks.PREFIX)
    ]


def _check(store: "Store", name: str, names: Sequence[str]) -> None:
    """Raise `Misuse` for a state that the journal doesn't have."""
    if name in names:
        return
    there = f"; its states are {either(list(names))}" if names else f"; {_NONE}"
    remedy = f"{there}; one that was never set is set with --of TARGET, which says its type"
    raise Misuse(f"{store.where} has no state {name!r}{near(name, names) or remedy}")


def _standing(store: "Store", name: str) -> dict[str, Any]:
    latest = versioned_logs.latest(store, kept_marks.PREFIX + name)
    assert latest is not None, "a log begins with a version"
    who = versioned_logs.holder(store, kept_marks.PREFIX + name)
    data = _data(latest)
    return {
        "name": name, "version": data["version"], "value": data["value"], "since": data["at"],
        "by": data["by"], "run": data["run"],
        "held_by": None if who is None else f"{who.user} (process {who.pid} on {who.host})",
    }  # fmt: skip


def _data(version: "Version") -> dict[str, Any]:
    body = version.body
    more = {"old": body["old"]} if "old" in body else {}
    return {
        "version": version.number, "value": body["value"], "at": local(version.at),
        "by": kept_marks.by(body), "run": body.get("run"), **more,
    }  # fmt: skip


def _table(cells: Sequence[Sequence[str]]) -> None:
    places = [at for at in range(len(cells[0])) if any(row[at] for row in cells[1:])]
    tell("\n".join(lines([[on_one_line(row[at]) for at in places] for row in cells])))


# What it is set to


def _declared(target: str, name: str) -> "tuple[AnyWorkflow, Sequence[Any]]":
    """A workflow, and the types that it declares for a state; raises `Misuse` if it hasn't that."""
    from fwf.analysis.requirements import requirements
    from fwf.cli.targets import load
    from fwf.states import kinds_of

    w = load(target).workflow
    states = kinds_of(requirements(w))
    if name not in states:
        there = f"; its states are {either(list(states))}" if states else "; it has none"
        raise Misuse(f"{target} has no state {name!r}{near(name, states) or there}")
    return w, states[name]


def _read(
    name: str, text: str, kinds: Sequence[Any] | None, before: "Version | None", values: "Values"
) -> Any:
    """VALUE ⟶ what is written of it; raises `Misuse`."""
    from fwf.journal.errors import JournalError
    from fwf.journal.values import Unwritable

    kind = _kind_of(before) if kinds is None else kinds[0]
    try:
        value = values.read(text) if kind is None else read([text], kind)
        return json.loads(values.settle(value)[0])
    except Unreadable as error:
        message = error.told(name)
        raise Misuse(
            f"{name}: {one_line(text, 60)!r} is no {name_of(kind)}, such as {example(kind)}"
            f"{message and f'; {message}'}"
        ) from None
    except (ValueError, JournalError, Unwritable) as error:
        raise Misuse(
            f"{name}: {one_line(text, 60)!r}: {error}; give --of TARGET, which says its type, or "
            "JSON as fwf state show --json writes it"
        ) from None


def _kind_of(before: "Version | None") -> Any:
    """The type of a mark as it is now, if that has no parts."""
    now = None if before is None else before.body["value"]
    if isinstance(now, dict):
        return _KINDS.get(" ".join(cast("dict[str, Any]", now)))
    return type(now) if isinstance(now, str | bool | int | float) else None
