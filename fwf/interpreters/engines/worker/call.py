"""What does an engine's task ask of a worker? A verb for one part, on how far the run has come."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias, final

from fwf.forms.refusal import Refused, refused, under
from fwf.forms.scalar_form import (
    Json,
    is_object,
    read_choice,
    read_fields,
    read_flag,
    read_list,
    read_text,
    read_whole,
    write_text,
)
from fwf.interpreters.engines.worker.call_forms import FORM, clear
from fwf.interpreters.engines.worker.context import Outcome, outcome_from_json
from fwf.records import record

Verb: TypeAlias = Literal[
    "begin", "run", "choose", "bind", "spread", "gather", "join", "loop", "wrap", "settle", "pick",
    "end",
]  # fmt: skip
VERBS: Final = (
    "begin", "run", "choose", "bind", "spread", "gather", "join", "loop", "wrap", "settle", "pick",
    "end",
)  # fmt: skip
"""begin: a run, from what a person starts it with. run: an engine task. choose: an arm of a branch.
bind: the parameters that a part computes. spread, gather: a map's items, and what they gave. join:
what parts side by side gave. loop: after a round. wrap: a value as a result. settle: after a
finaliser. pick, end: what a step of a graph is given, and what the graph gives."""


@final
@record()
class Call:
    """A verb for one part.

    target: the workflow, as `module:attribute`.
    part, path: the part's `id`, and its path without items and rounds.
    given: the context, as JSON; of `begin` what a person starts the run with.
    parts: how the parts ended that the verb is about.
    limit: so many bytes a value may take in what is answered; larger ones go into the store.
    most, room: of `spread`, how many items may be done each by itself, and how many bytes they may
        take.
    step: of `pick`, the number of the step.
    enter: of `loop`, whether it is before the first round.
    tries: of `run`, the numbers of the attempts of the retries around the part, the outermost
        first, where the engine itself tries again.
    again: of `run`, how many times people have had this engine task done anew.
    timed: of `begin`, whether each part keeps the deadline of the timeout around the whole.
    """

    do: Verb
    target: str
    part: str
    path: str
    given: Json
    parts: tuple[Outcome, ...] = ()
    limit: int | None = None
    most: int | None = None
    room: int | None = None
    step: int = 0
    enter: bool = False
    timed: bool = False
    tries: tuple[int, ...] = ()
    again: int = 0


_NEEDED: Final = ("fwf", "do", "target", "part", "path", "in")
_OTHERS: Final = ("parts", "limit", "most", "room", "step", "enter", "timed", "tries", "again")


def call_to_json(do: Verb, target: str, part: str, path: str, **others: Any) -> dict[str, Json]:
    """A verb, the workflow, the part ⟶ the call without what the engine adds to it."""
    fields = {name: value for name, value in others.items() if value not in (None, False)}
    where = {"target": write_text(target), "part": part, "path": write_text(path)}
    return {"fwf": FORM, "do": do, **where, **fields}


def call_from_json(form: Json) -> Call:
    """JSON ⟶ the call; raises `Unclear`, with the place, for anything else."""
    return clear(lambda: _call(form))


def _call(form: Json) -> Call:
    there = tuple(each for each in _OTHERS if is_object(form) and each in form)
    fields = read_fields(form, "", (*_NEEDED, *there))
    if read_whole(fields["fwf"], "/fwf") != FORM:
        message = f"is another version, and this fwf reads {FORM}: have the same fwf at both ends"
        raise Refused("/fwf", message)

    def number(name: str, least: int) -> int | None:
        value = fields.get(name)
        return None if value is None else read_whole(value, f"/{name}", least)

    def flag(name: str) -> bool:
        return name in fields and read_flag(fields[name], f"/{name}")

    parts = read_list(fields.get("parts", []), "/parts")
    tries = read_list(fields.get("tries", []), "/tries")
    return Call(
        do=read_choice(fields["do"], "/do", VERBS),
        target=read_text(fields["target"], "/target"),
        part=_id(fields["part"]),
        path=read_text(fields["path"], "/path"),
        given=fields["in"],
        parts=tuple(outcome_from_json(each, under("/parts", i)) for i, each in enumerate(parts)),
        limit=number("limit", 1),
        most=number("most", 0),
        room=number("room", 0),
        step=number("step", 0) or 0,
        enter=flag("enter"),
        timed=flag("timed"),
        tries=tuple(read_whole(each, under("/tries", i), 1) for i, each in enumerate(tries)),
        again=number("again", 0) or 0,
    )


def _id(form: Json) -> str:
    part = read_text(form, "/part")
    if not part:
        raise refused("/part", form, "the id of a part")
    return part
