"""What is to be done next with a run: the commands, and what each is for."""

from __future__ import annotations

import shlex
from typing import Final, NamedTuple

from fwf.faults import counted
from fwf.journal.run_records import RunRow
from fwf.journal.story import Step, Story, leaves, short

MOST: Final = 20
"""So many steps that hold a run are told one by one."""


class Advice(NamedTuple):
    """A command, and what it does; none where nothing is to be done but to wait or be glad."""

    command: str
    why: str


def advice(
    row: RunRow, story: Story, *, overtaken: str = "", journal: str | None = None
) -> list[Advice]:
    """A run, what happened in it ⟶ what to do next, in order.

    overtaken: how a mark of it was moved since, so that it can't go on.
    journal: `--journal` as it was given, if it was; the commands need it too.
    """
    if row.state == "given up":
        return []
    more = f" --journal {shlex.quote(journal)}" if journal else ""
    run = short(row.id)
    if overtaken:
        why = f"{overtaken}: it can't go on; the next start of it begins anew, with that mark"
        return [Advice(f"fwf runs give-up {run}{more}", why)]
    started = bool(row.facts.get("target"))  # by fwf run, and else by Python code
    resume = f"fwf run {'' if started else 'TARGET '}--resume {run}"
    accept, go_on = f"{resume} --accept-changes{more}", f"{resume}{more}"
    more = more if started else f" --target TARGET{more}"
    undecided = story.held_steps
    if story.outcome not in ("ok", "running"):
        undecided += [step for step in story.having("failed") if step.may_be_done]
    held = [each for step in undecided[:MOST] for each in _of_held(step, run, accept, more)]
    return [*held, *_then(row, story, go_on, run, more, bool(held))]


def _then(
    row: RunRow, story: Story, go_on: str, run: str, more: str, decided: bool
) -> list[Advice]:
    """What goes on with the run, once it is decided what holds it."""
    unwell = story.having("failed", "cut", "poisoned")
    failed = [step for step in unwell if step.caught or row.state == "ok"]
    match story.outcome:
        case "running":
            return [Advice("", "it is running: nothing is to be done but to wait")]
        case "ok" if failed:
            said = f"does again what failed or was cut ({counted(len(failed), 'step')})"
            return [Advice(f"fwf rerun {run} --failed{more}", f"{said}, and what depends on it")]
        case "ok":
            return []
        case "failed" if not decided:
            said = "tries what failed again, and goes on; what is committed isn't done again"
            return [Advice(go_on, said)]
        case "died" | "interrupted" if not decided:
            return [Advice(go_on, "goes on where it stopped; what is committed isn't done again")]
        case _:
            return [Advice(go_on, "then goes on with the run")]


def _of_held(step: Step, run: str, accept: str, more: str) -> list[Advice]:
    """What a person can decide about a step that holds the run."""
    path = shlex.quote(step.path)
    decide = f"fwf resolve {run} {path}"
    skip = Advice(
        f"{decide} --skip{more}", "goes on without it, where None will do for what follows"
    )
    if step.state == "poisoned":
        why = "once it is mended: starts it anew, and counts its starts from none"
        return [Advice(f"{decide} --again{more}", why), skip]
    if step.state == "in doubt" or step.may_be_done:
        return [
            Advice(f"{decide} --value VALUE{more}", "if its effect is there: with what it gave"),
            Advice(f"{decide} --again{more}", "if its effect isn't there: starts it anew"),
            skip,
        ]
    tags = {tag for leaf in leaves(step.holding) for tag in leaf.get("tags", ())}
    if "Changed" in tags:
        return [Advice(accept, "does it again as it is now, with all that follows")]
    if tags & {"Gone", "Unreadable"}:
        return [Advice(f"fwf rerun {run} --from {path}{more}", "does it again, with what follows")]
    return []
