"""What does an engine do in another way than a local run, or not at all?"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final, NamedTuple, final

from fwf.algebra.nodes import Task
from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.durations import short_duration
from fwf.faults import counted, shown_path
from fwf.forms.textless_types import textless
from fwf.interpreters.engines.cut import Cut, EngineTask, Piece
from fwf.interpreters.engines.engines import Engine, engine_of
from fwf.interpreters.engines.sizes import OVER, over, size_of
from fwf.interpreters.engines.support import Feature, Support, Table, uncut
from fwf.interpreters.engines.time_spans import span_of
from fwf.records import record

MOST_CHARACTERS: Final = 10_000_000
"""The characters of all paths; those of a deep workflow are long, and nobody reads on."""


@final
@record()
class Gap:
    """Something that an engine hasn't itself: where, what, how well it does it, and how."""

    path: str
    feature: Feature
    support: Support
    hint: str

    def __str__(self) -> str:
        text = f"{self.feature} is {self.support}: {self.hint}"
        return f"{shown_path(self.path)}: {text}" if self.path else text


def gaps(w: AnyWorkflow, /, engine: str) -> tuple[Gap, ...]:
    """Workflow, the name of an engine ⟶ all that isn't native there, as its tree is written.

    What stands in a block isn't there for the engine, and so has no gaps of its own. A part that
    is in many places is told of at the first. No path says: the whole.

    >>> from fwf import milliseconds, delay, named, task
    >>> @task(effect="unrepeatable")
    ... def mail(text: str) -> None: ...
    >>> for gap in gaps(named("daily", delay(milliseconds(250)) >> mail), "step-functions")[1:]:
    ...     print(gap)
    daily > delay: delay of a part of a second is lossy: a Wait of the next whole second
    daily > mail: unrepeatable task is emulated: Lambda may start it twice: the worker claims its
    start, and a second one is answered from the first or with InDoubt
    """
    target = engine_of(engine)
    return tuple(gaps_of(target.cut(as_workflow(w, "gaps")), target))


def gaps_of(cut: Cut, of: Engine) -> Iterator[Gap]:
    """A cut for an engine ⟶ all that isn't native in it."""
    yield from _of_the_whole(cut, of)
    room, more = MOST_CHARACTERS, 0
    spans: dict[Any, timedelta] = {}
    for here in cut.pieces():
        rows = [_Row(each, *cut.table[each]) for each in foreign_features(here.piece, cut.table)]
        for row in (*rows, *_too_long(here.piece, of, spans), *_textless(here.piece)):
            if room > 0:
                yield Gap(here.path, *row)
                room -= len(here.path)
            else:
                more += 1
    if more:
        support = cut.table["value"].support
        yield Gap("", "value", support, f"… and {counted(more, 'gap')} more")


class _Row(NamedTuple):
    feature: Feature
    support: Support
    hint: str


def _too_long(piece: Piece, of: Engine, spans: dict[Any, timedelta]) -> Iterator[_Row]:
    """What may take longer in one of the engine's tasks than it lets one."""
    if of.longest is None or not isinstance(piece, EngineTask):
        return
    span = span_of(piece.node, spans)
    if span > of.longest:
        row = of.table["long in one task"]
        yield _Row(
            "long in one task", row.support, f"it may take {short_duration(span)}; {row.hint}"
        )


def _textless(piece: Piece) -> Iterator[_Row]:
    """What a task gives that can't be handed on, to another process."""
    if not isinstance(piece, EngineTask):
        return
    cls = textless(piece.node.edge.output)
    if cls is not None:
        yield _Row(
            "value",
            "impossible",
            f"it gives a {cls.__qualname__}, which can't be written as JSON: give plain data, a "
            "dataclass or a pyarrow table, call fwf.register_codec for the class, or let one task "
            "do what needs it",
        )


def foreign_features(piece: Piece, table: Table) -> Iterator[Feature]:
    """A piece ⟶ its features that aren't native: of a block, those that it is one for."""
    whole = isinstance(piece, EngineTask) and not isinstance(piece.node, Task)
    for feature in piece.features:
        row = table[feature]
        if uncut(row) or (row.support != "native" and not whole):
            yield feature


def _of_the_whole(cut: Cut, of: Engine) -> Iterator[Gap]:
    row = cut.table["value"]
    if row.support != "native" and cut.tasks:
        yield Gap("", "value", *row)
    if of.measure is None:
        return
    size = size_of(cut, of.measure)
    for at in over(size, of.budget):
        count = counted(size[at], of.units[at])
        yield Gap(
            "",
            OVER[at],
            "impossible",
            f"{count} may come of it, and {of.budget[at]:,} are the most: make several workflows "
            "of it, or let one task do several steps",
        )
