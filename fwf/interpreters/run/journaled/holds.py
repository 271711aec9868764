"""What holds a run up, or gives a step up: why, and what a person can do about it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from fwf.faults import Failed
from fwf.interpreters.run.journaled.earlier_tries import STARTS, PastRecord
from fwf.journal.run_records import moment
from fwf.printing import printable


def in_doubt(run: str, path: str, record: PastRecord) -> Failed:
    """An unrepeatable attempt that isn't known to be done."""
    what = "was started at"
    why = "nothing tells whether it was done"
    if '"doubt":true' in record.body:
        what, why = "was done before", "its input or a parameter has changed since"
    elif has_failed(record):
        what, why = "failed at", "it may have been done all the same"
    when = "" if what == "was done before" else f" {moment(record.at)}"
    return Failed(path, ("InDoubt",), f"{what}{when}, and {why}: {_decide(run, path)}")


def has_failed(record: PastRecord) -> bool:
    """Whether an attempt is known to have ended, with a fault."""
    return '"fault":' in record.body


def killed_step(run: str, path: str, message: str) -> Failed:
    """An unrepeatable attempt whose own process ended without a word."""
    text = f"{message}; nothing tells whether it was done: {_decide(run, path)}"
    return Failed(path, ("InDoubt",), text)


def unknown(run: str, path: str, message: str) -> Failed:
    """An unrepeatable attempt that was begun elsewhere, of which nobody there knows the end."""
    text = f"{message}, and nothing tells whether it was done: {_decide(run, path)}"
    return Failed(path, ("InDoubt",), text)


def done_but_unwritable(run: str, path: str, message: str) -> Failed:
    """An unrepeatable attempt that was done, and whose result can't be kept."""
    text = (
        f"it was done, but what it gave can't be written: {message}; write "
        f"`{_resolve(run, path)} --skip` to go on without it, --again where it may be done twice, "
        "or --value VALUE once it declares what can be written"
    )
    return Failed(path, ("InDoubt", "Unwritable"), text)


def _decide(run: str, path: str) -> str:
    return f"look, then write `{_resolve(run, path)} --value VALUE`, or --again, or --skip"


def _resolve(run: str, path: str) -> str:
    """The command by which a person decides about a step, but for the decision."""
    return f"fwf resolve {run} {shell_word(path)}"


def poisoned_step(run: str, path: str) -> Failed:
    """A step that ends its process."""
    text = (
        f"its process ended without a word each time that it was started, {STARTS} times: mend it, "
        f"then write `{_resolve(run, path)} --again`"
    )
    return Failed(path, ("Poisoned", "Defect"), text)


def changed_step(path: str, name: str, fields: Mapping[str, Any], record: PastRecord) -> Failed:
    """A result that is there, of another task, or on another input."""
    was = str(fields.get("task", name))
    what = (
        f"what was done there at {moment(record.at)} was {printable(was)}, and now it is {name}"
        if was != name
        else f"it was done at {moment(record.at)} on another input or parameter, since what comes "
        "before it has changed"
    )
    more = "`--accept-changes` does it again, with all that follows"
    return Failed(path, ("Changed",), f"{what}; {more}")


def items_gone(path: str, names: str) -> Failed:
    """A map that is about to go through other items than before."""
    text = (
        f"{names}: done before, and not among the items now. Was key= changed, or what comes "
        "before? `--accept-changes` leaves their results out"
    )
    return Failed(path, ("Changed",), text)


def unreadable(
    run: str, path: str, record: PastRecord, error: Exception, *, unrepeatable: bool
) -> Failed:
    """A result that can't be read any more."""
    text = (
        f"what it gave at {moment(record.at)}: {error}; put back what was there then, or else "
        f"{again(run, path)}{', though it is unrepeatable' if unrepeatable else ''}"
    )
    return Failed(path, ("Unreadable",), text)


def missing_file(run: str, path: str, record: PastRecord, file: object) -> Failed:
    """A file that a step left on this machine, and that isn't there any more."""
    text = f"left {file} at {moment(record.at)}, which isn't there any more; {again(run, path)}"
    return Failed(path, ("Gone",), text)


def again(run: str, path: str) -> str:
    """The remedy that does a step again."""
    return f"`fwf rerun {run} --from {shell_word(path)}` does it again"


def some(names: Sequence[str]) -> str:
    """The first few of some names."""
    return ", ".join(map(printable, names[:5])) + (" and more" if len(names) > 5 else "")


def shell_word(path: str) -> str:
    """A path as a shell takes it."""
    return shlex.quote(printable(path))
