"""How runs are told on the command line: many as a table, one with its tries and failures."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, NamedTuple

from fwf.cli.journals import parameters
from fwf.cli.output import in_colour
from fwf.display.readable import columns
from fwf.durations import SECOND, measured_in_words
from fwf.faults import counted
from fwf.journal.errors import JournalCorrupt
from fwf.journal.run_records import RunRow, degraded_of
from fwf.journal.store import Store
from fwf.journal.story import Outcome, Step, StepAttempt, Story, Try, leaves, short, story
from fwf.printing import one_line
from fwf.telling.advice import advice
from fwf.telling.reasons import fault_text, on_one_line, path_text, place, places, reason

STATES: Final = ("ok", "failed", "interrupted", "died", "held", "running", "given up")
MOST_READ: Final = 50_000
"""So many records of a list of runs are read, to say where they died and what failed."""
MOST_NAMED: Final = 20
FURTHER: Final = 8
"""By how much further back is looked for runs that are asked for."""
_COLOURS: Final = {"ok": "green", "running": "cyan", "interrupted": "yellow", "held": "yellow"}


class RunSummary(NamedTuple):
    """A run, how it stands now, and what happened in it, as far as that was read."""

    row: RunRow
    state: Outcome
    story: Story | None
    damage: str = ""
    """Why its records can't be read."""
    degraded: tuple[str, ...] = ()
    """Of one that is fine, the paths where what it gave isn't what was meant."""
    overtaken: str = ""
    """How a mark of it was moved since, so that it can't go on."""

    @property
    def took(self) -> int | None:
        """How long its tries took together, in µs."""
        if self.story is not None and self.story.tries and not self.story.pruned:
            until = now()
            return sum((each.ended or until) - each.started for each in self.story.tries)
        return None if self.row.ended is None else self.row.ended - self.row.started

    @property
    def standing(self) -> str:
        """`died 02:10 in load[7]`, `running in load[7]`, or the state alone."""
        return self.stands(f"{local(self.row.changed):%H:%M}")

    def stands(self, at: str) -> str:
        """The same; `at` is when it gave its last sign, as that is told there."""
        if self.degraded:
            return f"{self.state}, degraded"
        at = f" {at}" if self.state == "died" else ""
        return f"{self.state}{at}{inside(self.story and self.story.inside)}"

    @property
    def first_failure(self) -> str:
        """What failed first, and why; or why it can't go on."""
        if self.overtaken:
            return one_line(self.overtaken)
        if self.degraded:
            return one_line(f"at {places(self.degraded, 1)}")
        if self.story is None:
            return one_line(self.damage)
        first = next(leaves(self.story.fault), None)
        if first is not None:
            return one_line(
                f"{path_text(first.get('path', ''))}: {fault_text(first)}".removeprefix(": ")
            )
        failed = sorted(self.story.failed_steps, key=_ended)
        more = f" (and {len(failed) - 1:,} more)" if len(failed) > 1 else ""
        return f"{path_text(failed[0].path)}: {reason(failed[0].fault)}{more}" if failed else ""


def _ended(step: Step) -> int:
    return (step.last and step.last.end) or 0


def inside(places: Sequence[StepAttempt] | None) -> str:
    """The attempts that it died in, or is at work on: ` in load[7], attempt 2, and 3 more`."""
    if not places:
        return ""
    more = f" and {len(places) - 1:,} more" if len(places) > 1 else ""
    return f" in {_attempt(places[0])}{more}"


def _attempt(at: StepAttempt) -> str:
    return path_text(at.path) + (f", attempt {at.attempt}" if at.attempt > 1 else "")


def now() -> int:
    """µs since 1970, UTC."""
    return round(datetime.now().timestamp() * SECOND)


def local(at: int) -> datetime:
    """µs since 1970, UTC ⟶ when that is here, with the zone."""
    return datetime.fromtimestamp(at / SECOND).astimezone()


class Whole(NamedTuple):
    """A run with all that its records tell."""

    row: RunRow
    state: Outcome
    story: Story
    overtaken: str = ""
    """How a mark of it was moved since, so that it can't go on."""


def whole_run(store: Store, row: RunRow) -> Whole:
    """A run with all that its records tell; raises a `JournalError` where they can't be read."""
    alive = row.state == "running" and store.holder(row.key) is not None
    happened = story(store.records(row), alive=alive)
    return Whole(row, outcome_of(row, alive), happened, "" if alive else _overtaken(store, row))


def _overtaken(store: Store, row: RunRow) -> str:
    """How a mark of a run was moved since, as far as that can be read."""
    if not row.facts.get("marks"):
        return ""
    from fwf.journal.kept_marks import move_since_start

    with suppress(JournalCorrupt):
        return move_since_start(store, row)
    return ""


def degraded_in(store: Store, row: RunRow) -> tuple[str, ...]:
    """Of a run that is fine, the paths where what it gave isn't what was meant."""
    end = store.last(row) if row.state == "ok" else None
    return () if end is None else degraded_of(end)


def list_runs(
    store: Store, workflow: str | None, states: Sequence[str], most: int
) -> list[RunSummary]:
    """The newest runs of a workflow that stand so, with what their records tell."""
    return with_stories(store, _newest(store, workflow, states, most))


def with_stories(store: Store, runs: Iterable[tuple[RunRow, Outcome]]) -> list[RunSummary]:
    """Runs and how they stand ⟶ the same with what their records tell, as far as that is much."""
    runs_told: list[RunSummary] = []
    budget = MOST_READ
    for row, state in runs:
        plain = state == "ok" and row.tries == 1
        try:
            degraded = degraded_in(store, row)
            if plain or row.count > budget:
                runs_told.append(RunSummary(row, state, None, degraded=degraded))
                continue
            budget -= row.count
            happened = story(store.records(row), alive=state == "running")
            over = "" if state == "running" else _overtaken(store, row)
            runs_told.append(RunSummary(row, state, happened, degraded=degraded, overtaken=over))
        except JournalCorrupt as error:  # the others can be told
            runs_told.append(RunSummary(row, state, None, str(error)))
    return runs_told


def _newest(
    store: Store, workflow: str | None, states: Sequence[str], most: int
) -> list[tuple[RunRow, Outcome]]:
    """The newest runs that are asked for; further back is looked only as long as they are few."""
    newest = most
    while True:
        rows = store.runs(newest=newest, like=workflow)
        runs: list[tuple[RunRow, Outcome]] = []
        for row in rows:
            alive = row.state == "running" and store.holder(row.key) is not None
            state = outcome_of(row, alive)
            if (not workflow or workflow in row.workflow) and (not states or state in states):
                runs.append((row, state))
        if len(runs) >= most or len(rows) < newest:
            return runs[:most]
        newest *= FURTHER


def outcome_of(row: RunRow, alive: bool) -> Outcome:
    """How a run stands, of which some process may go on with it now."""
    return "died" if row.state == "running" and not alive else row.state


# Many


def table(runs: Sequence[RunSummary]) -> list[list[str]]:
    """Runs ⟶ the cells of a table, its head first; columns that say nothing are left out."""
    zone = f"{local(runs[0].row.started):%Z}" if runs else ""
    head = ["id", "state", "workflow", "parameters", "generation", "tries", f"started ({zone})",
            "took", "what failed first"]  # fmt: skip
    rows = [
        [
            short(each.row.id),
            each.standing,
            each.row.workflow or "–",
            " ".join(parameters(each.row)),
            str(each.row.generation) if each.row.generation > 1 else "",
            str(each.row.tries) if each.row.tries > 1 else "",
            f"{local(each.row.started):%Y-%m-%d %H:%M}",
            "" if each.took is None else measured_in_words(each.took),
            each.first_failure,
        ]
        for each in runs
    ]
    places = [at for at in range(len(head)) if any(row[at] for row in rows)]
    return [[on_one_line(row[at]) for at in places] for row in (head, *rows)]


def lines(cells: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table ⟶ its lines, the columns below one another."""
    wide = [max(map(columns, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = [each + " " * (w - columns(each)) for each, w in zip(row, wide, strict=True)]
        yield "  ".join(padded).rstrip()


def on_screen(cells: Sequence[Sequence[str]]) -> None:
    """A table on a terminal, as wide as that; the state in colour."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    screen = Table(box=None, pad_edge=False, header_style="bold")
    for name in cells[0]:
        screen.add_column(name, overflow="fold")
    for _, state, *others in cells[1:]:
        colour = "yellow" if "degraded" in state else _COLOURS.get(state.partition(" ")[0], "red")
        screen.add_row(_, Text(state, style=colour), *map(Text, others))
    Console(file=sys.stdout, no_color=not in_colour(), highlight=False).print(screen)


# One


def story_lines(run: Whole, journal: str | None) -> Iterator[str]:
    """A run ⟶ the lines that tell it: its tries, its steps, what failed and why, what to do."""
    row, story = run.row, run.story
    name = " ".join([row.workflow or "workflow", *parameters(row)])
    at = f" {_time(row.changed)}" if run.state == "died" else ""
    degraded = ", degraded" if story.degraded else ""
    yield one_line(f"{name}: {run.state}{degraded}{at}{inside(story.inside)}")
    again = f", generation {row.generation}" if row.generation > 1 else ""
    yield f"run {short(row.id)} ({row.id}{again})"
    if story.pruned:
        yield "its records were pruned: what its steps did isn't known any more"
    yield from ("", "tries", *(f"  {line}" for line in lines(_tries(story))))
    if story.steps:
        yield from ("", f"steps: {counts(story)}")
    if story.degraded:
        yield from ("", "degraded")
        yield from (f"  {on_one_line(path_text(path))}" for path in story.degraded[:MOST_NAMED])
        if len(story.degraded) > MOST_NAMED:
            yield f"  … and {len(story.degraded) - MOST_NAMED:,} more; --json gives all"
    yield from _failures(story)
    for step in story.held_steps:
        yield from ("", f"{step.state}: {path_text(step.path)}", f"  {reason(step.holding, 600)}")
    if story.resolved_steps:
        yield from ("", "resolved")
    yield from (f"  {_decision(step)}" for step in story.resolved_steps[:MOST_NAMED])
    todo = advice(row, story, overtaken=run.overtaken, journal=journal)
    if todo:
        yield from ("", "next")
    for each in todo:
        yield f"  {each.command}" if each.command else f"  {each.why}"
        if each.command:
            yield f"      {each.why}"


def _time(at: int) -> str:
    return f"{local(at):%Y-%m-%d %H:%M:%S %Z}"


def _tries(story: Story) -> list[list[str]]:
    return [list(map(on_one_line, _try(each))) for each in story.tries]


def _try(each: Try) -> tuple[str, ...]:
    """Which try, since when, for how long, how it ended and where, why it began, by whom."""
    took = "" if each.ended is None else measured_in_words(each.ended - each.started)
    where = inside(each.inside) if each.outcome in ("died", "running") else ""
    why = f" ({each.why})" if each.why else ""
    return str(each.number), _time(each.started), took, f"{each.outcome}{where}{why}", each.who


def counts(story: Story) -> str:
    """`118 ok (100 of them from try 1), 2 failed, 1 cut, 3 retries`."""
    states: dict[str, int] = {}
    for step in story.steps.values():
        states[step.state] = states.get(step.state, 0) + 1
    from_tries = ", ".join(
        f"{n:,} of them from try {number}" for number, n in story.kept_counts.items()
    )
    parts = [f"{states.pop('ok', 0):,} ok" + (f" ({from_tries})" if from_tries else "")]
    parts += [f"{n:,} {state}" for state, n in states.items()]
    if story.retries:
        parts.append(counted(len(story.retries), "retry").replace("retrys", "retries"))
    return ", ".join(parts)


def _failures(story: Story) -> Iterator[str]:
    failed = story.failed_steps
    if failed:
        yield from ("", "failed")
    yield from (f"  {on_one_line(_failure(step), 600)}" for step in failed[:MOST_NAMED])
    if len(failed) > MOST_NAMED:
        yield f"  … and {len(failed) - MOST_NAMED:,} more; fwf report tells all"


def _failure(step: Step) -> str:
    """Where, in which attempt and when it failed, why, and where in the user's code."""
    last = step.last
    if last is None:
        return path_text(step.path)
    first = next(leaves(last.fault), None)
    at = "" if first is None else place(first)
    time = f"{local(last.end or last.start):%H:%M:%S}"
    where = f", at {_near(at)}" if at else ""
    ending = "; it was taken up" if step.caught else ""
    attempt = f"{path_text(step.path)}, attempt {last.attempt}, {time}"
    return f"{attempt}: {reason(last.fault)}{where}{ending}"


def _decision(step: Step) -> str:
    """What a person decided about a step, who, and when."""
    assert step.decision is not None
    how, at = step.decision.how, _time(step.decision.at)
    return on_one_line(f"{path_text(step.path)}: {how}, by {step.decision.who}, {at}")


def _near(at: str) -> str:
    try:
        return at.removeprefix(os.path.join(os.getcwd(), ""))
    except OSError:
        return at
