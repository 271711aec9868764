"""What is one pod asked? Calls of the worker one after another, and where it finds their contexts.

No value goes through the controller. A pod leaves its context in the store under its name, and
where in items and rounds it stands; the next ones know that name from the manifest. So a pod whose
work was done already leaves it at that, and no output of a task that was skipped is ever read.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Hashable
from typing import Any, Final, TypeAlias, cast, final

from fwf.algebra.traverse import Visit
from fwf.forms.scalar_form import Json
from fwf.interpreters.engines.worker.call import Verb
from fwf.interpreters.engines.worker.context import slot
from fwf.machine.part import Part
from fwf.records import record

LIMIT: Final = 1_000
"""Bytes of a value that stands in a context itself; larger ones are kept by their digest."""
MOST: Final = 96 << 10
"""Characters of an order: an argument of a process may have 128 KiB."""

Source: TypeAlias = str | dict[str, Any]
"""Where a context is found:
NAME: what the pod of that name left, in the same items and rounds;
{"any": [SOURCE, …]}: the first that there is;
{"item": NAME}: the item, of a map whose list the pod of a name spread out;
{"round": SOURCE, "next": NAME, "slot": SLOT}: of the first round what was before the loop, of
    others what the pod of a name left in the round before; SLOT counts, if it is given;
{"start": true}: nothing; a person starts the run."""
Op: TypeAlias = dict[str, Any]
"""What a pod does with its context: {"note": SLOT}, which keeps what came out for a handler, or a
call without what is the same for all, in which sources stand for the outcomes of parts."""


@final
@record(eq=False)
class Order:
    """What one pod is asked.

    name: under which it leaves its context; source: where it finds the one it goes on from.
    ops: what it does, in this order. retry: the slot of the retry around it, whose input it has
        after the op that notes it. ends: the other name under which it leaves the context of a
        loop's last round. collects: whether a failure is what an item gave. late: whether it is in
        the finaliser of all, for which there may be nothing to do. last: whether its value is the
        run's.
    """

    name: str
    source: Source
    ops: tuple[Op, ...]
    retry: str = ""
    ends: str = ""
    collects: bool = False
    late: bool = False
    last: bool = False

    def text(self) -> str:
        """The order in ASCII letters and digits."""
        fields: dict[str, Any] = {
            "name": self.name, "from": self.source, "ops": list(self.ops), "retry": self.retry,
            "ends": self.ends, "collects": self.collects, "late": self.late, "last": self.last,
        }  # fmt: skip
        form = {name: value for name, value in fields.items() if value not in ("", False)}
        return encoded(form)


def order_of(text: str) -> Order:
    """The text of an order ⟶ the order."""
    form = cast("dict[str, Any]", decoded(text))
    return Order(
        form["name"],
        form["from"],
        tuple(form["ops"]),
        form.get("retry", ""),
        form.get("ends", ""),
        form.get("collects", False),
        form.get("late", False),
        form.get("last", False),
    )


def encoded(form: Json) -> str:
    """JSON ⟶ letters and digits of ASCII, with `+`, `/` and `=`."""
    return b64encode(json.dumps(form, separators=(",", ":")).encode()).decode("ascii")


def decoded(text: str) -> Json:
    """The same back; raises `ValueError`."""
    try:
        return json.loads(b64decode("".join(text.split()), validate=True))
    except (Error, UnicodeError, json.JSONDecodeError) as error:
        raise ValueError(f"is no JSON in base64 ({error})") from None


@final
class Calls:
    """Makes the calls for the parts of one workflow."""

    __slots__ = ("_known",)

    def __init__(self, digests: dict[Hashable, bytes]) -> None:
        """digests: those of nodes that are there already."""
        self._known = digests

    def call(self, do: Verb, visit: Visit, **more: Any) -> Op:
        """A verb for what stands at a place."""
        return {"do": do, "part": self._id(visit), "path": visit.path, **more}

    def slot(self, visit: Visit) -> str:
        """By which the context knows what stands at a place."""
        return slot(self._id(visit))

    def note(self, visit: Visit) -> Op:
        """What stands at a place keeps what it is given."""
        return {"note": self.slot(visit)}

    def _id(self, visit: Visit) -> str:
        return Part(visit).id_by(self._known)
