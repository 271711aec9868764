"""How a timetable's partitions stand by its journal, as far as people are to be told."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from fwf.algebra.paths import untagged
from fwf.cli.runs import MICROS, Seen, inside, local
from fwf.cli.timetables.partitions import Partitions
from fwf.cli.timetables.pauses import Pause, paused
from fwf.journal.story import Form, leaves
from fwf.records import record
from fwf.schedules.alerts import Notify, late_at
from fwf.schedules.news import SEPARATOR, Fact
from fwf.schedules.planning import DONE, Standing, standing
from fwf.telling.reasons import places, said

if TYPE_CHECKING:
    from fwf.cli.targets import Target
    from fwf.schedules import Run, Timetable

WEEK: Final = 7 * 86_400
"""So many seconds after its end it is told that a run is degraded, if it wasn't at once."""


@final
@record()
class Asked:
    """Whose partitions are meant, and where they are: as for `fwf run`.

    params: the parameters besides the timetable's own.
    """

    target: "Target"
    params: Mapping[str, Any]
    journal: str | None
    profile: str | None = None
    profiles: str | None = None

    @property
    def timetable(self) -> "Timetable[Any]":
        found = self.target.timetable
        assert found is not None
        return found

    @property
    def who(self) -> Notify | None:
        """Who is told."""
        return self.timetable.notify


class Look(NamedTuple):
    """How partitions stand at one moment, and the pause of their timetable."""

    facts: list[Fact]
    pause: Pause | None


def look(asked: Asked, at: datetime, runs: "Sequence[Run[Any]]" = ()) -> Look:
    """How partitions stand now: those that are over, and these, whether or not they are."""
    known = Partitions(asked.target, asked.params, asked.journal)
    known.look()
    pause = paused(asked.target.workflow, asked.journal)
    return Look(
        list(_facts(asked, _with(_over(asked.timetable, at), runs), known, at, pause)), pause
    )


def _over(timetable: "Timetable[Any]", at: datetime) -> "list[Run[Any]]":
    """The partitions that are over; without a first day, the last that is due."""
    if timetable.start is not None:
        return list(timetable.over(at))
    last = timetable.last_due(at)
    return [] if last is None else [last]


def _with(over: "list[Run[Any]]", more: "Sequence[Run[Any]]") -> "list[Run[Any]]":
    there = {run.label for run in over}
    return [*over, *(run for run in more if run.label not in there)]


def _facts(
    asked: Asked, runs: "list[Run[Any]]", known: Partitions, at: datetime, pause: Pause | None
) -> Iterator[Fact]:
    """How each stands. What is complete for longer than a week isn't read."""
    least = (at.timestamp() - WEEK) * MICROS
    stands: dict[str, Standing] = {run.label: standing(run, known.known(run))[0] for run in runs}
    read = [
        run
        for run in runs
        for row in known.rows(run)[-1:]
        if stands[run.label] not in DONE or row.changed >= least
    ]
    seen = dict(zip((run.label for run in read), known.seen(read), strict=True))
    for run in runs:
        late = _is_late(asked, run, at, pause)
        yield _fact(run, stands[run.label], seen.get(run.label), known, late)


def _is_late(asked: Asked, run: "Run[Any]", at: datetime, pause: Pause | None) -> bool:
    """Whether its time is over: not while the timetable is paused, nor where it may be missed."""
    who, timetable = asked.who, asked.timetable
    by = late_at(run, None if who is None else who.late_by)
    if by is None or at.timestamp() < by or (pause is not None and run.owed * MICROS >= pause.at):
        return False
    return timetable.missed == "all" or run == timetable.last_due(at)


def _fact(
    run: "Run[Any]", stands: Standing, seen: Seen | None, known: Partitions, late: bool
) -> Fact:
    if stands in DONE:
        return _complete(run, stands, seen)
    if seen is not None and stands == "died":
        return _died(run, seen, late)
    if seen is not None and stands in ("failed", "held"):
        return _failed(run, stands, seen, late)
    since, due = run.owed * MICROS, f"{stands}, due {run.due:%Y-%m-%d %H:%M}"
    if seen is None:
        return Fact(run.label, stands, late, reason=due, since=since)
    said = _running(run, seen, known) if stands == "running" else due
    return Fact(run.label, stands, late, seen.row.id, "", said, since, seen=seen.row.changed)


def _complete(run: "Run[Any]", stands: Standing, seen: Seen | None) -> Fact:
    if seen is None:
        return Fact(run.label, stands, reason="complete", since=run.owed * MICROS)
    row, paths = seen.row, seen.degraded
    said = f"at {places(paths)}" if paths else "complete"
    ended = row.ended or row.changed
    found = run.label, stands, False, row.id, "", said, ended, paths
    return Fact(*found, degraded=bool(paths), seen=ended)


def _died(run: "Run[Any]", seen: Seen, late: bool) -> Fact:
    row, at = seen.row, () if seen.story is None else seen.story.inside
    paths = tuple(each.path for each in at)
    cause = SEPARATOR.join(sorted(map(untagged, paths)))
    said = f"without a word after {local(row.changed):%Y-%m-%d %H:%M}{inside(at)}"
    return Fact(run.label, "died", late, row.id, cause, said, row.changed, paths, seen=row.changed)


def _failed(run: "Run[Any]", stands: Standing, seen: Seen, late: bool) -> Fact:
    row, fault = seen.row, None if seen.story is None else seen.story.fault
    paths = tuple(str(leaf.get("path", "")) for leaf in leaves(fault))
    why = f"held: {seen.first_failure}" if stands == "held" else seen.first_failure
    found = run.label, stands, late, row.id, cause_of(fault), why, row.changed, paths
    return Fact(*found, seen=row.changed)


def _running(run: "Run[Any]", seen: Seen, known: Partitions) -> str:
    """Who goes on with it since when, and its last sign."""
    who, began = known.holder(run), local(seen.row.started)
    by = "" if who is None else f" by {who.user} on {who.host}, process {who.pid}"
    sign = f"last sign {local(seen.row.changed):%Y-%m-%d %H:%M}"
    at = inside(None if seen.story is None else seen.story.inside)
    return f"running since {began:%Y-%m-%d %H:%M}{by}, {sign}{at}"


def cause_of(fault: Form | None) -> str:
    """What failures are told apart by: where, and the kind of error; its words may have a time."""
    found = {f"{untagged(leaf.get('path', ''))} {said(leaf).partition(':')[0]}"
             for leaf in leaves(fault)}  # fmt: skip
    return SEPARATOR.join(sorted(found))
