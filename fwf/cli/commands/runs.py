"""`fwf runs`: what was run, how it stands, what is to be done next."""

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from fwf.cli.journals import find_run, journal_argument, journal_options, open_journal, refusals
from fwf.cli.output import complain, tell, tell_json
from fwf.cli.program import options
from fwf.cli.refused_commands import Misuse
from fwf.faults import counted

PRUNE: Final = "prune"
GIVE_UP: Final = "give-up"
_UNITS: Final = {"d": 1, "w": 7}
_STATES: Final = ("ok", "failed", "interrupted", "died", "held", "running", "given up")


def _days(ctx: click.Context, option: click.Parameter, text: str | None) -> timedelta | None:
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6})([dw])", text.strip())
    if match is None:
        raise click.BadParameter(f"{text!r} is no number of days; write 90d, or 12w", ctx, option)
    return timedelta(days=int(match[1]) * _UNITS[match[2]])


@click.command("runs")
@click.argument("run", required=False, metavar="[RUN|prune|give-up RUN]")
@click.argument("given_up", required=False, metavar="")
@click.option(
    "--newest", type=click.IntRange(min=1), default=20, show_default=True, metavar="N",
    help="List so many, the newest first.",
)  # fmt: skip
@click.option("--workflow", metavar="TEXT", help="List those whose workflow's name has it in it.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(_STATES),
    help="List those that stand so; repeatable.",
)  # fmt: skip
@click.option(
    "--older-than", "age", metavar="DAYS", callback=_days,
    help="With prune: drop what complete runs did that ended so long ago, as in 90d.",
)  # fmt: skip
@journal_options
@options
def command(
    run: str | None,
    given_up: str | None,
    newest: int,
    workflow: str | None,
    states: tuple[str, ...],
    age: timedelta | None,
    journal: str | None,
    as_json: bool,
) -> int:
    """List runs, tell of one, give one up, or drop what old ones did.

    \b
    fwf runs
    fwf runs --state failed --state died
    fwf runs 8a1b44c0
    fwf runs daily+day=2026-06-01
    fwf runs give-up 8a1b44c0
    fwf runs prune --older-than 90d

    RUN is any part of a run's id; or its workflow's name, and what tells it from others after a +,
    a parameter or a part of the id. Of the generations of a name it is the last.

    Nobody goes on with a run that is given up: the next start of its name begins another
    generation, with new keys, and reads the marks of its states anew. It never counts as complete.

    A run that is at work, but that no process goes on with, has died: it is told where. Pruning
    keeps each run's own row, and all of runs that aren't complete.

    JSON: runs (a list of id, state, workflow, parameters, generation, tries, started, changed,
    ended, seconds, inside, failed); of one run these, target, attempts (number, started, ended,
    outcome, by, again, why, fault), steps (path, state, from_try, caught, attempts), next (command,
    why). Of prune: pruned, freed (bytes), kept. Of give-up: id, state.

    Exit status: of one run 0 if it is ok or running, else 1.
    """
    if run == PRUNE:
        return _prune(age, journal, as_json)
    if age is not None:
        raise Misuse("--older-than is for pruning: fwf runs prune --older-than 90d")
    if run == GIVE_UP:
        return _give_up(given_up, journal, as_json)
    if given_up is not None:
        raise Misuse(f"fwf runs {run} {given_up}: takes one RUN; fwf runs give-up RUN gives one up")
    if run is not None:
        return _one(run, journal, as_json)
    _list(newest, workflow, states, journal, as_json)
    return 0


def _list(
    newest: int, workflow: str | None, states: tuple[str, ...], journal: str | None, as_json: bool
) -> None:
    from fwf.cli import told_runs

    store = open_journal(journal)
    selects = bool(workflow or states)
    with refusals():
        runs = told_runs.list_runs(store, workflow, states, newest)
    store.close()
    if as_json:
        from fwf.cli.runs_data import as_data

        tell_json({"runs": [as_data(each) for each in runs]})
    elif not runs:
        complain(f"no run{' like that' if selects else ''} in {store.where}")
    elif sys.stdout.isatty():
        told_runs.on_screen(told_runs.table(runs))
    else:
        tell("\n".join(told_runs.lines(told_runs.table(runs))))


def _one(text: str, journal: str | None, as_json: bool) -> int:
    from fwf.cli import told_runs

    store = open_journal(journal)
    row = find_run(store, text)
    with refusals():
        run = told_runs.whole_run(store, row)
    again = journal_argument(journal, store)
    store.close()
    if as_json:
        from fwf.cli.runs_data import as_story

        tell_json(as_story(run, again))
    else:
        tell("\n".join(told_runs.story_lines(run, again)))
    return 0 if run.state in ("ok", "running") else 1


def _give_up(text: str | None, journal: str | None, as_json: bool) -> int:
    from fwf.interpreters.run import give_up
    from fwf.journal.story import short

    if text is None:
        raise Misuse("fwf runs give-up: say which RUN; fwf runs lists them")
    store = open_journal(journal)
    try:
        row = find_run(store, text)
        with refusals():
            give_up(store, row)
    finally:
        store.close()
    if as_json:
        tell_json({"id": row.id, "state": "given up"})
    else:
        tell(f"given up: run {short(row.id)}; the next start of its name begins anew")
    return 0


def _prune(age: timedelta | None, journal: str | None, as_json: bool) -> int:
    if age is None:
        raise Misuse("fwf runs prune: say how old a run must be: --older-than 90d")
    store = open_journal(journal)
    before = datetime.now(UTC) - age
    with refusals():
        pruned, freed = store.prune(round(before.timestamp() * 1_000_000))
        incomplete = [row for row in store.runs() if row.state != "ok"]
    store.close()
    counts: dict[str, Any] = {"pruned": pruned, "freed": freed, "kept": len(incomplete)}
    if as_json:
        tell_json(counts)
    else:
        tell(
            f"pruned {counted(pruned, 'complete run')} that ended before "
            f"{before.astimezone():%Y-%m-%d %H:%M}: {_size(freed)} freed\n"
            f"kept: each run's own row, and all of {len(incomplete):,} that aren't complete"
        )
    return 0


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
