"""How a plan and its runs are told: a table with a line for each partition, or JSON."""

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from time import time
from typing import TYPE_CHECKING, Any, Final, final

from fwf.cli.output import tell, tell_json
from fwf.cli.targets import Target
from fwf.cli.timetables.launch import Went
from fwf.cli.timetables.partition_states import Partitions
from fwf.cli.timetables.pauses import Pause
from fwf.cli.told_runs import MICROS, Seen, lines, on_screen
from fwf.durations import measured_in_words
from fwf.faults import counted
from fwf.printing import one_line
from fwf.records import record
from fwf.schedules.dates import EVERY_DATE
from fwf.schedules.partition_ends import Ticks, WholeDays
from fwf.schedules.planning import DONE, Blocker, Partition, Plan
from fwf.telling.reasons import on_one_line

if TYPE_CHECKING:
    from fwf.schedules import Run, Timetable

HEAD: Final = ("partition", "state", "took", "what failed first")


@final
@record()
class Over:
    """A plan, and how it went with those of it that were started.

    never: those whose turn never came.
    """

    target: Target
    plan: Plan
    partitions: Partitions
    went: Mapping[str, Went]
    never: Sequence[Partition] = ()
    stopped_by: str | None = None
    pause: Pause | None = None

    @property
    def blocked(self) -> list[Partition]:
        """Those that waited in vain from the start."""
        return [each for each in self.plan.partitions if each.standing == "blocked"]

    @property
    def is_idle(self) -> bool:
        """Whether nothing was to be done."""
        return not self.plan.starts and not self.blocked


# Words


def headline(timetable: "Timetable[Any]", runs: "Sequence[Run[Any]]") -> str:
    """`30 days, 2026-06-01 … 2026-06-30, both`."""
    said = counted(len(runs), _noun(timetable))
    if not runs:
        return said
    if len(runs) == 1:
        return f"{said}, {runs[0].label}"
    return f"{said}, {runs[0].label} … {runs[-1].label}, both"


def _noun(timetable: "Timetable[Any]") -> str:
    match timetable.rule:
        case WholeDays(_, dates) if dates == EVERY_DATE:
            return "day"
        case Ticks(minutes=(_,), hours=None, dates=dates) if dates == EVERY_DATE:
            return "hour"
        case _:
            return "partition"


def at(micros: int, of: "Timetable[Any]") -> str:
    """An instant ⟶ the time on the timetable's clock, with the date if that isn't today's."""
    today = of.zone.clock(int(time())).date()
    return of.zone.text(micros / MICROS, today)


def blocked_by(blocker: Blocker, of: "Timetable[Any]") -> str:
    """`blocked by 2026-06-03 (failed 02:14+02:00)`."""
    since = "" if blocker.at is None else f" {at(blocker.at, of)}"
    return f"blocked by {blocker.label} ({blocker.standing}{since})"


def not_over(run: "Run[Any]") -> str:
    """`not over until 2026-06-16 00:00+02:00`, by the timetable's clock."""
    return f"not over until {run.timetable.zone.text(run.over)}"


def holder(partitions: Partitions, run: "Run[Any]") -> str:
    """`running since 02:00+02:00, by etl on nightly-1, process 4711`."""
    found = partitions.holder(run)
    if found is None:
        return "running: another process goes on with it"
    who = f"{found.user} on {found.host}, process {found.pid}"
    return one_line(f"running since {at(found.since, run.timetable)}, by {who}")


def left_out(plan: Plan) -> str:
    """What isn't told singly: `, 12 complete already, 2 not over until 2026-06-16 00:00+02:00`."""
    done = sum(each.standing in DONE and not each.starts for each in plan.partitions)
    early = [each.run for each in plan.partitions if each.standing == "not over"]
    said = f", {done:,} complete already" if done else ""
    if early:
        said += f", {len(early):,} {not_over(early[0])}"
    return said


def idle(target: Target, plan: Plan) -> str:
    """What is told where nothing was to be done."""
    return f"{target.name}: nothing is to be done{left_out(plan)}"


# Afterwards


def tell_over(over: Over, *, as_json: bool, status: int) -> None:
    """Write how all went."""
    assert over.target.timetable is not None
    shown = _shown(over)
    seen = over.partitions.seen([each.run for each in shown])
    if as_json:
        tell_json(_data(over, shown, seen, status))
        return
    tell(headline(over.target.timetable, [each.run for each in over.plan.partitions]))
    cells = [list(HEAD), *(_row(over, *pair) for pair in zip(shown, seen, strict=True))]
    used = [at for at in range(len(HEAD)) if any(row[at] for row in cells[1:])]
    cells = [[on_one_line(row[at]) for at in used] for row in cells]
    if len(cells) > 1 and sys.stdout.isatty():
        on_screen(cells)
    elif len(cells) > 1:
        tell("\n".join(lines(cells)))
    tell(_summary(over, shown))


def _shown(over: Over) -> list[Partition]:
    """Those that are told singly, as they stand now."""
    never = {each.run.label for each in over.never}
    found: list[Partition] = []
    for each in over.plan.partitions:
        went = over.went.get(each.run.label)
        if went is not None:
            found.append(went.partition)
        elif each.standing == "blocked" or each.run.label in never:
            found.append(each)
    return found


def _row(over: Over, each: Partition, seen: Seen | None) -> list[str]:
    label = each.run.label
    went = over.went.get(label)
    if each.blocker is not None:
        return [label, blocked_by(each.blocker, each.run.timetable), "", ""]
    if each.standing == "running":
        return [label, holder(over.partitions, each.run), "", ""]
    if went is None:
        return [label, "not begun" if seen is None else f"{_stands(each, seen)}, not begun", "", ""]
    if seen is None:
        return [label, _ended_by(went), "", ""]
    took = "" if seen.took is None else measured_in_words(seen.took)
    if each.standing == "early":
        return [label, f"{_stands(each, seen)}, but before it was over", took, ""]
    return [label, _stands(each, seen), took, seen.first_failure]


def _stands(each: Partition, seen: Seen) -> str:
    return seen.stands(at(seen.row.changed, each.run.timetable))


def _ended_by(went: Went) -> str:
    """What is known of a run that left nothing in the journal."""
    status = went.status or 0
    if 128 < status < 128 + signal.NSIG:
        status = 128 - status
    how = f"ended by signal {-status}" if status < 0 else f"ended with status {status}"
    return f"not begun: {how}"


def _summary(over: Over, shown: Sequence[Partition]) -> str:
    """`3 complete now, 1 failed, 26 complete already, 1 not over until …`."""
    now: dict[str, int] = {}
    never = {each.run.label for each in over.never}
    for each in shown:
        word = "not begun" if each.run.label in never else _word(each)
        now[word] = now.get(word, 0) + 1
    fine = now.pop("complete", 0)
    parts = [f"{fine:,} complete now"] if fine or not now else []
    parts += [f"{n:,} {word}" for word, n in now.items()]
    said = ", ".join(parts) + left_out(over.plan)
    return said if over.stopped_by is None else f"stopped by {over.stopped_by}: {said}"


def _word(each: Partition) -> str:
    return "not begun" if each.standing == "missing" else each.standing


# JSON


def extent(runs: "Sequence[Run[Any]]") -> dict[str, object]:
    """How many there are, and which is the first and the last."""
    ends = (runs[0].label, runs[-1].label) if runs else (None, None)
    return {"partitions": len(runs), "first": ends[0], "last": ends[1]}


def _data(
    over: Over, shown: Sequence[Partition], seen: Sequence[Seen | None], status: int
) -> dict[str, object]:
    planned = over.plan.partitions
    left = {
        "complete": sum(each.standing in DONE and not each.starts for each in planned),
        "not over": sum(each.standing == "not over" for each in planned),
    }
    return {
        "target": over.target.text,
        "workflow": over.target.name,
        **extent([each.run for each in planned]),
        "status": status,
        "stopped_by": over.stopped_by,
        "paused": None if over.pause is None else over.pause.data(),
        "left_out": left,
        "runs": list(_runs_data(over, shown, seen)),
    }


def _runs_data(
    over: Over, shown: Sequence[Partition], seen: Sequence[Seen | None]
) -> Iterator[dict[str, object]]:
    for each, run in zip(shown, seen, strict=True):
        went = over.went.get(each.run.label)
        yield {
            "label": each.run.label,
            "state": each.standing,
            "blocked_by": None if each.blocker is None else each.blocker.label,
            "status": None if went is None else went.status,
            "id": None if run is None else run.row.id,
            "generation": None if run is None else run.row.generation,
            "tries": None if run is None else run.row.tries,
            "seconds": None if run is None or run.took is None else run.took / MICROS,
            "failed": None if run is None else run.first_failure or None,
        }
