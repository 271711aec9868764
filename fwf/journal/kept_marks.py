"""The marks of states as a journal has them: what they are, who set them, and who holds them.

Each is a log, `state <name>`, whose versions have the value as it is written (see `values`), and
the run, or the person, who set it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from fwf.journal import versioned_logs
from fwf.journal.errors import Held
from fwf.journal.holders import who
from fwf.journal.run_records import RunRow, moment
from fwf.journal.store import Holder, Store
from fwf.journal.story import short
from fwf.journal.versioned_logs import LogWriter, Version
from fwf.printing import printable

PREFIX: Final = "state "
_LOOKED_THROUGH: Final = 1_000
"""So many runs, the newest, may be the one that holds a state."""


def claim(store: Store, name: str, me: Holder) -> LogWriter:
    """Hold a state; raises `Held`, which names the run that does."""
    try:
        return versioned_logs.claim(store, PREFIX + name, me)
    except Held as error:
        raise _error_naming_run(store, name, error) from None


def of_run(value: Any, run: str, workflow: str) -> dict[str, Any]:
    """What a version says that a run adds."""
    return {"value": value, "run": run, "by": workflow}


def of_person(value: Any, before: Version | None, me: Holder) -> dict[str, Any]:
    """What a version says that a person adds."""
    old = None if before is None else before.body.get("value")
    return {"value": value, "old": old, "by": f"{me.user} on {me.host}"}


def by(body: Mapping[str, Any]) -> str:
    """Who set a mark: a run or a person."""
    run, name = body.get("run"), printable(str(body.get("by") or "somebody"))
    return name if run is None else f"run {short(str(run))} ({name})"


def mark_text(value: Any) -> str:
    """A mark as people read it, from what is written of it."""
    return printable(value if isinstance(value, str) else _text(value))


def _text(form: Any) -> str:
    """What is written of a value ⟶ the value, much as Python writes it."""
    match form:
        case list():
            return f"[{_texts(form)}]"
        case {"dict": pairs}:
            return f"{{{', '.join(f'{_text(key)}: {_text(each)}' for key, each in _pairs(pairs))}}}"
        case {"tuple": items}:
            return f"({_texts(items)})"
        case {"set": items} | {"frozenset": items}:
            return f"{{{_texts(items)}}}"
        case {"enum": name, "member": member}:
            return f"{name}.{member}"
        case {"coded": name, "plain": {"dict": fields}}:
            inside = ", ".join(f"{field}={_text(each)}" for field, each in _pairs(fields))
            return f"{name.rpartition(':')[2]}({inside})"
        case {"coded": name, "plain": plain}:
            return f"{name}({_text(plain)})"
        case dict():  # the name of a scalar's type, and its text; of a moment its zone, too
            parts = cast("dict[str, Any]", form)
            return " ".join(str(parts[name]) for name in parts if name != "fold")
        case _:
            return json.dumps(form, ensure_ascii=False)


def _texts(forms: Any) -> str:
    return ", ".join(map(_text, forms))


def _pairs(form: Any) -> Any:
    return form.items() if isinstance(form, dict) else form  # pyright: ignore[reportUnknownVariableType]


def overlooked_version(
    history: Sequence[Version], start: Mapping[str, Any], run: str
) -> Version | None:
    """The last version of a mark that a run which goes on would overlook; None if there is none.

    A run that has moved the mark itself was the last to do so when it did, and has no use for it.

    start: the version, and the value, that the run started with.
    """
    if any(each.body.get("run") == run for each in history):
        return None
    number = start["version"]
    versions = history[number - 1 : number]
    if number and not (versions and versions[0].body.get("value") == start.get("value")):
        return history[-1] if history else Version(0, 0, {})  # what it started with was salvaged
    return history[-1] if history[number:] else None


def move(name: str, start: Mapping[str, Any], now: Version) -> str:
    """Who has moved a mark since a run started with it, from where to where, and when."""
    was = mark_text(start["value"]) if "value" in start else "nothing"
    mover = by(now.body) if now.number else "a salvage"
    to = mark_text(now.body["value"]) if now.number else "nothing"
    when = f", {moment(now.at)}" if now.at > 0 else ""
    return f"state {name!r}: {mover} moved it from {was} to {to}{when}"


def move_since_start(store: Store, row: RunRow) -> str:
    """How a mark of a run was moved since it started, so that it can't go on; `""` if none was."""
    if row.state in ("ok", "given up"):
        return ""
    for name, start in row.facts.get("marks", {}).items():
        now = overlooked_version(versioned_logs.history(store, PREFIX + name), start, row.id)
        if now is not None:
            return move(name, start, now)
    return ""


def _error_naming_run(store: Store, name: str, error: Held) -> Held:
    holder = error.holder
    for row in store.runs(newest=_LOOKED_THROUGH) if holder is not None else ():
        if holder is not None and row.state == "running" and store.holder(row.key) == holder:
            return Held(
                f"state {name!r}: run {short(row.id)} ({printable(row.workflow)}) goes on with it: "
                f"{who(holder)}, since {moment(holder.since)}; wait for it",
                holder,
            )
    message = str(error)
    return Held(message if PREFIX + name in message else f"state {name!r}: {message}", holder)
