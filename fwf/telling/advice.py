"""What is to be done next with a run: the commands, and what each is for."""

from __future__ import annotations

import shlex
from typing import Final, NamedTuple

from fwf.faults import counted
from fwf.journal.records import RunRow
from fwf.journal.story import Step, Story, short

MOST: Final = 20
"""So many steps that hold a run are told one by one."""


class Advice(NamedTuple):
    """A command, and what it does; none where nothing is to be done but to wait or be glad."""

    command: str
    why: str


def advice(row: RunRow, story: Story, *, journal: str | None = None) -> list[Advice]:
    """A run, what happened in it ⟶ what to do next, in order.

    journal: `--journal` as it was given, if it was; the commands need it too.
    """
    more = f" --journal {shlex.quote(journal)}" if journal else ""
    run = short(row.id)
    go_on = f"fwf run --resume {run}{more}"
    failed = [step for step in story.having("failed", "cut") if step.caught or row.state == "ok"]
    match story.outcome:
        case "running":
            return [Advice("", "it is running: nothing is to be done but to wait")]
        case "held":
            held = story.having("in doubt", "poisoned")
            told = [each for step in held[:MOST] for each in _of_held(step, run, more)]
            return [*told, Advice(go_on, "then goes on with the run")]
        case "died" | "interrupted":
            return [Advice(go_on, "goes on where it stopped; what is committed isn't done again")]
        case "failed":
            said = "tries what failed again, and goes on; what is committed isn't done again"
            return [Advice(go_on, said)]
        case "ok" if failed:
            said = f"does {counted(len(failed), 'step')} again that failed and were taken up"
            return [Advice(f"fwf rerun {run} --failed{more}", f"{said}, and what depends on them")]
        case "ok":
            return []


def _of_held(step: Step, run: str, more: str) -> list[Advice]:
    """What a person can decide about a step that holds the run."""
    decide = f"fwf resolve {run} {shlex.quote(step.path)}"
    again = Advice(f"{decide} --again{more}", "starts it anew")
    if step.state == "poisoned":
        again = again._replace(why="starts it anew, and counts its starts from none")
        return [again, Advice(f"{decide} --skip{more}", "goes on without it")]
    return [
        Advice(f"{decide} --value JSON{more}", "if its effect is there: with what it gave"),
        again._replace(why="if its effect isn't there: starts it anew"),
        Advice(f"{decide} --skip{more}", "goes on without it"),
    ]
