"""How a timetable's partitions stand by its journal, as far as people are to be told."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from fwf.algebra.paths import untagged
from fwf.cli.timetables.partition_states import Partitions
from fwf.cli.timetables.pauses import Pause, pause_of
from fwf.cli.told_runs import RunSummary, inside
from fwf.durations import SECOND
from fwf.journal.story import Form, leaves, short
from fwf.records import changed, record
from fwf.schedules.alerts import Notify, late_at
from fwf.schedules.news import SEPARATOR, PartitionState
from fwf.schedules.planning import DONE, Generation, Standing, standing, standing_for_people
from fwf.telling.reasons import fault_text, places

if TYPE_CHECKING:
    from fwf.cli.targets import Target
    from fwf.journal.run_records import RunRow
    from fwf.schedules import Run, Timetable

WEEK: Final = 7 * 86_400
"""So many seconds after its end it is told that a run is degraded, if it wasn't at once."""


@final
@record()
class Subject:
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
        timetable = self.target.timetable
        assert timetable is not None
        return timetable

    @property
    def who(self) -> Notify | None:
        """Who is told."""
        return self.timetable.notify


class Look(NamedTuple):
    """How partitions stand at one moment, and the pause of their timetable."""

    facts: list[PartitionState]
    pause: Pause | None


def look(subject: Subject, at: datetime, runs: "Sequence[Run[Any]]" = ()) -> Look:
    """How partitions stand now: those that are over, and these, whether or not they are."""
    partition_states = Partitions(subject.target, subject.params, subject.journal)
    partition_states.look()
    pause = pause_of(subject.target.workflow, subject.journal)
    over = _over(subject.timetable, at)
    late = _late(subject, over, partition_states, at, pause)
    return Look(list(_facts(_with(over, runs), partition_states, at, late)), pause)


def _over(timetable: "Timetable[Any]", at: datetime) -> "list[Run[Any]]":
    """The partitions that are over; without a first day, the last two that are due."""
    if timetable.start is not None:
        return list(timetable.over(at))
    last = timetable.last_due(at)
    before = None if last is None else timetable.before(last)
    return [each for each in (before, last) if each is not None]


def _with(over: "list[Run[Any]]", more: "Sequence[Run[Any]]") -> "list[Run[Any]]":
    there = {run.label for run in over}
    return [*over, *(run for run in more if run.label not in there)]


def _facts(
    runs: "list[Run[Any]]", partition_states: Partitions, at: datetime, late: Collection[str]
) -> Iterator[PartitionState]:
    """How each stands. What is complete for longer than a week isn't read."""
    least = (at.timestamp() - WEEK) * SECOND
    stands: dict[str, tuple[Standing, Generation | None]] = {
        run.label: standing_for_people(run, partition_states.generations(run)) for run in runs
    }

    def is_read(run: "Run[Any]") -> bool:
        stood, last = stands[run.label]
        return last is not None and (stood not in DONE or last.changed >= least)

    read = [run for run in runs if is_read(run)]
    summaries = dict(
        zip((run.label for run in read), partition_states.summaries(read), strict=True)
    )
    for run in runs:
        stood = stands[run.label][0]
        is_done = stood in DONE or standing(run, partition_states.generations(run))[0] in DONE
        is_late = run.label in late and not is_done
        fact = _fact(run, stood, summaries.get(run.label), partition_states, is_late)
        yield _beside_complete(fact, partition_states.rows(run)) if is_done else fact


def _late(
    subject: Subject,
    over: "list[Run[Any]]",
    partition_states: Partitions,
    at: datetime,
    pause: Pause | None,
) -> Collection[str]:
    """The labels of those whose time is over: not while the timetable is paused.

    Where some may be missed it is the newest of them alone, and none once a later one was begun,
    which is done in its stead.
    """
    who, timetable = subject.who, subject.timetable
    late_by = None if who is None else who.late_by

    def is_late(run: "Run[Any]") -> bool:
        by = late_at(run, late_by)
        waits = pause is not None and run.due_at * SECOND >= pause.at
        return by is not None and by <= at.timestamp() and not waits

    if timetable.missed == "all" and timetable.start is not None:
        return {run.label for run in over if is_late(run)}
    for run in reversed(over):
        if is_late(run):
            return {run.label}
        if partition_states.rows(run):
            break
    return ()


def _beside_complete(fact: PartitionState, rows: "Sequence[RunRow]") -> PartitionState:
    """What is told of a partition of which one generation is complete, and of a later one."""
    if fact.standing in ("failed", "held", "died"):
        leave = f"fwf runs give-up {short(fact.run)} leaves it at that"
        return changed(fact, reason=f"{fact.reason}; it was complete before, and {leave}")
    if fact.standing in DONE and rows[-1].state == "given up":
        return changed(fact, reason=f"{fact.reason}; what was begun once more was given up")
    return fact


def _fact(
    run: "Run[Any]",
    stands: Standing,
    summary: RunSummary | None,
    partition_states: Partitions,
    late: bool,
) -> PartitionState:
    if stands in DONE:
        return _complete(run, stands, summary)
    if summary is not None and stands == "died":
        return _died(run, summary, late)
    if summary is not None and stands in ("failed", "held"):
        return _failed(run, stands, summary, late)
    since, due = run.due_at * SECOND, f"{stands}, due {run.timetable.zone.text(run.due_at)}"
    if summary is None:
        return PartitionState(run.label, stands, late, reason=due, since=since)
    reason = _running(run, summary, partition_states) if stands == "running" else due
    return PartitionState(
        run.label, stands, late, summary.row.id, "", reason, since, last_sign=summary.row.changed
    )


def _complete(run: "Run[Any]", stands: Standing, summary: RunSummary | None) -> PartitionState:
    if summary is None:
        return PartitionState(run.label, stands, reason="complete", since=run.due_at * SECOND)
    row, paths = summary.row, summary.degraded
    reason = f"at {places(paths)}" if paths else "complete"
    ended = row.ended or row.changed
    arguments = run.label, stands, False, row.id, "", reason, ended, paths
    return PartitionState(*arguments, degraded=bool(paths), last_sign=ended)


def _died(run: "Run[Any]", summary: RunSummary, late: bool) -> PartitionState:
    row, at = summary.row, () if summary.story is None else summary.story.inside
    paths = tuple(each.path for each in at)
    cause = SEPARATOR.join(sorted(map(untagged, paths)))
    last = run.timetable.zone.text(row.changed / SECOND)
    reason = f"without a word after {last}{inside(at)}"
    if summary.overtaken:
        reason += f"; {summary.overtaken}"
    return PartitionState(
        run.label, "died", late, row.id, cause, reason, row.changed, paths, last_sign=row.changed
    )


def _failed(run: "Run[Any]", stands: Standing, summary: RunSummary, late: bool) -> PartitionState:
    row, fault = summary.row, None if summary.story is None else summary.story.fault
    paths = tuple(str(leaf.get("path", "")) for leaf in leaves(fault))
    why = f"held: {summary.first_failure}" if stands == "held" else summary.first_failure
    arguments = run.label, stands, late, row.id, cause_of(fault), why, row.changed, paths
    return PartitionState(*arguments, last_sign=row.changed)


def _running(run: "Run[Any]", summary: RunSummary, partition_states: Partitions) -> str:
    """Who goes on with it since when, and its last sign."""
    who, zone = partition_states.holder(run), run.timetable.zone
    began, last = (zone.text(each / SECOND) for each in (summary.row.started, summary.row.changed))
    by = "" if who is None else f" by {who.user} on {who.host}, process {who.pid}"
    at = inside(None if summary.story is None else summary.story.inside)
    return f"running since {began}{by}, last sign {last}{at}"


def cause_of(fault: Form | None) -> str:
    """What failures are told apart by: where, and the kind of error; its words may have a time."""
    causes = {f"{untagged(leaf.get('path', ''))} {fault_text(leaf).partition(':')[0]}"
             for leaf in leaves(fault)}  # fmt: skip
    return SEPARATOR.join(sorted(causes))
