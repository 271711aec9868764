"""How a plan and its runs are told: a table with a line for each partition, or JSON."""

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from time import time
from typing import TYPE_CHECKING, Any, Final, final

from fwf.cli.output import tell, tell_json
from fwf.cli.targets import Target
from fwf.cli.timetables.launch import Ending
from fwf.cli.timetables.partition_states import Partitions
from fwf.cli.timetables.pauses import Pause
from fwf.cli.told_runs import RunSummary, lines, on_screen
from fwf.durations import SECOND, measured_in_words
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
    endings: Mapping[str, Ending]
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
    count = counted(len(runs), _noun(timetable))
    if not runs:
        return count
    if len(runs) == 1:
        return f"{count}, {runs[0].label}"
    return f"{count}, {runs[0].label} … {runs[-1].label}, both"


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
    return of.zone.text(micros / SECOND, today)


def blocked_by(blocker: Blocker, of: "Timetable[Any]") -> str:
    """`blocked by 2026-06-03 (failed 02:14+02:00)`."""
    since = "" if blocker.at is None else f" {at(blocker.at, of)}"
    return f"blocked by {blocker.label} ({blocker.standing}{since})"


def not_over(run: "Run[Any]") -> str:
    """`not over until 2026-06-16 00:00+02:00`, by the timetable's clock."""
    return f"not over until {run.timetable.zone.text(run.over)}"


def holder(partitions: Partitions, run: "Run[Any]") -> str:
    """`running since 02:00+02:00, by etl on nightly-1, process 4711`."""
    process = partitions.holder(run)
    if process is None:
        return "running: another process goes on with it"
    who = f"{process.user} on {process.host}, process {process.pid}"
    return one_line(f"running since {at(process.since, run.timetable)}, by {who}")


def left_out(plan: Plan) -> str:
    """What isn't told singly: `, 12 complete already, 2 not over until 2026-06-16 00:00+02:00`."""
    complete = sum(each.standing in DONE and not each.starts for each in plan.partitions)
    early = [each.run for each in plan.partitions if each.standing == "not over"]
    text = f", {complete:,} complete already" if complete else ""
    if early:
        text += f", {len(early):,} {not_over(early[0])}"
    return text


def idle(target: Target, plan: Plan) -> str:
    """What is told where nothing was to be done."""
    return f"{target.name}: nothing is to be done{left_out(plan)}"


# Afterwards


def tell_over(over: Over, *, as_json: bool, status: int) -> None:
    """Write how all went."""
    assert over.target.timetable is not None
    partitions = _partitions_to_tell(over)
    summaries = over.partitions.summaries([each.run for each in partitions])
    if as_json:
        tell_json(_data(over, partitions, summaries, status))
        return
    tell(headline(over.target.timetable, [each.run for each in over.plan.partitions]))
    cells = [list(HEAD), *(_row(over, *pair) for pair in zip(partitions, summaries, strict=True))]
    columns_used = [at for at in range(len(HEAD)) if any(row[at] for row in cells[1:])]
    cells = [[on_one_line(row[at]) for at in columns_used] for row in cells]
    if len(cells) > 1 and sys.stdout.isatty():
        on_screen(cells)
    elif len(cells) > 1:
        tell("\n".join(lines(cells)))
    tell(_summary(over, partitions))


def _partitions_to_tell(over: Over) -> list[Partition]:
    """Those that are told singly, as they stand now."""
    never = {each.run.label for each in over.never}
    partitions: list[Partition] = []
    for each in over.plan.partitions:
        ending = over.endings.get(each.run.label)
        if ending is not None:
            partitions.append(ending.partition)
        elif each.standing == "blocked" or each.run.label in never:
            partitions.append(each)
    return partitions


def _row(over: Over, each: Partition, summary: RunSummary | None) -> list[str]:
    label = each.run.label
    ending = over.endings.get(label)
    if each.blocker is not None:
        return [label, blocked_by(each.blocker, each.run.timetable), "", ""]
    if each.standing == "running":
        return [label, holder(over.partitions, each.run), "", ""]
    if ending is None:
        return [
            label,
            "not begun" if summary is None else f"{_stands(each, summary)}, not begun",
            "",
            "",
        ]
    if summary is None or each.standing == "missing":
        return [label, _ended_by(ending), "", ""]
    took = "" if summary.took is None else measured_in_words(summary.took)
    if each.standing == "early":
        return [label, f"{_stands(each, summary)}, but before it was over", took, ""]
    return [label, _stands(each, summary), took, summary.first_failure]


def _stands(each: Partition, summary: RunSummary) -> str:
    return summary.stands(at(summary.row.changed, each.run.timetable))


def _ended_by(ending: Ending) -> str:
    """What is known of a run of which nothing is in the journal, or only what was before it."""
    status = ending.status or 0
    if 128 < status < 128 + signal.NSIG:
        status = 128 - status
    how = f"ended by signal {-status}" if status < 0 else f"ended with status {status}"
    return f"not begun: {how}"


def _summary(over: Over, partitions: Sequence[Partition]) -> str:
    """`3 complete now, 1 failed, 26 complete already, 1 not over until …`."""
    now: dict[str, int] = {}
    never = {each.run.label for each in over.never}
    for each in partitions:
        word = "not begun" if each.run.label in never else _word(each)
        now[word] = now.get(word, 0) + 1
    fine = now.pop("complete", 0)
    parts = [f"{fine:,} complete now"] if fine or not now else []
    parts += [f"{n:,} {word}" for word, n in now.items()]
    text = ", ".join(parts) + left_out(over.plan)
    return text if over.stopped_by is None else f"stopped by {over.stopped_by}: {text}"


def _word(each: Partition) -> str:
    return "not begun" if each.standing == "missing" else each.standing


# JSON


def extent(runs: "Sequence[Run[Any]]") -> dict[str, object]:
    """How many there are, and which is the first and the last."""
    ends = (runs[0].label, runs[-1].label) if runs else (None, None)
    return {"partitions": len(runs), "first": ends[0], "last": ends[1]}


def _data(
    over: Over, partitions: Sequence[Partition], summaries: Sequence[RunSummary | None], status: int
) -> dict[str, object]:
    of_plan = over.plan.partitions
    counts = {
        "complete": sum(each.standing in DONE and not each.starts for each in of_plan),
        "not over": sum(each.standing == "not over" for each in of_plan),
    }
    return {
        "target": over.target.text,
        "workflow": over.target.name,
        **extent([each.run for each in of_plan]),
        "status": status,
        "stopped_by": over.stopped_by,
        "paused": None if over.pause is None else over.pause.data(),
        "left_out": counts,
        "runs": list(_runs_data(over, partitions, summaries)),
    }


def _runs_data(
    over: Over, partitions: Sequence[Partition], summaries: Sequence[RunSummary | None]
) -> Iterator[dict[str, object]]:
    for each, summary in zip(partitions, summaries, strict=True):
        ending = over.endings.get(each.run.label)
        run = None if each.standing == "missing" else summary
        yield {
            "label": each.run.label,
            "state": each.standing,
            "blocked_by": None if each.blocker is None else each.blocker.label,
            "status": None if ending is None else ending.status,
            "id": None if run is None else run.row.id,
            "generation": None if run is None else run.row.generation,
            "tries": None if run is None else run.row.tries,
            "seconds": None if run is None or run.took is None else run.took / SECOND,
            "failed": None if run is None else run.first_failure or None,
        }
