"""`fwf run`: run a workflow here, or go on with a run."""

import click

from fwf.cli.journals import journal_options
from fwf.cli.profile_option import profile_options
from fwf.cli.program import options, run_options, strict_option
from fwf.cli.refused_commands import Misuse
from fwf.cli.run_observers import Telling, telling_options


@click.command("run")
@click.argument("target", required=False)
@run_options
@profile_options
@journal_options
@click.option(
    "--on",
    metavar="ENGINE",
    help="Where tasks are called: dask, or dask://HOST:PORT; in this process if not given.",
)
@click.option("--due", is_flag=True, help="Do what is due of a timetable, and isn't complete.")
@click.option("--resume", metavar="RUN", help="Go on with this run, as fwf runs lists it.")
@click.option("--again", is_flag=True, help="Do a complete run once more, with new keys.")
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Do steps again whose task or input is another than when they were done.",
)
@click.option("--salvage", is_flag=True, help="Go on with a damaged run from its last good record.")
@strict_option
@click.option("--part-of", metavar="TEXT", hidden=True)
@telling_options
@click.option("--anyway", is_flag=True, help="Run it though `fwf check` finds errors.")
@options
def command(
    target: str | None,
    params: tuple[str, ...],
    key: str | None,
    workers: int | None,
    pools: tuple[str, ...],
    profile: str | None,
    profiles: str | None,
    journal: str | None,
    on: str | None,
    due: bool,
    resume: str | None,
    again: bool,
    accept_changes: bool,
    salvage: bool,
    strict: bool,
    part_of: str | None,
    telling: Telling,
    anyway: bool,
    as_json: bool,
) -> int:
    """Run a workflow.

    Progress and faults go to stderr, the result to stdout. What `fwf check` calls an error isn't
    run: exit status 2, and a line for each.

    \b
    fwf run examples.daily.workflow --param day=1995-09-16 --param min_amount=1000
    fwf run load.py --param tags=a --param tags=b --param pause=1h30m --workers 4
    fwf run examples.daily.workflow --param day=1995-09-16 --profile prod

    Values are read by the parameter's type: dates and times as ISO 8601, durations as 90s, 1h30m
    or PT90S, enums by name, null for None, lists as JSON or by repeating the option.

    A run is named by its workflow and its required parameters, or by --key: of one name, its tasks
    have the same idempotency keys. It is kept in a journal: where it stopped, failed or was killed,
    the same command goes on, and does nothing again that is done; --resume RUN is the same without
    parameters. Of a run that is complete nothing is done; --again does it once more.

    A profile of fwf.toml says what the names of resources stand for, and where their secrets are.
    What it lacks is told before anything runs: `fwf needs` with the same profile tells it too.

    Where another process goes on with the run this one ends at once, with exit status 75, and says
    which; so does one that was replaced while it slept. What was changed in the workflow so that it
    contradicts what is done is refused by its path; --accept-changes does that again, with what
    follows. fwf runs lists runs.

    Of a timetable, as every_day makes it, --due does what is due and isn't complete, in order, each
    a process of its own, and tells it as fwf backfill does; nothing where it is paused. A line of
    cron that wakes it may do so at any hour, and as often as it likes. A run by hand of one that
    waits for the run before it (after_previous) ends with 69 where that isn't complete.

    \b
    fwf run examples/schedule.py:nightly --due

    With --on dask the tasks are called by processes of this machine, and with --on dask://HOST:PORT
    by the workers of that scheduler, which need the same code; all else is as it is without.

    \b
    fwf run examples.daily.workflow --param day=1995-09-16 --param min_amount=1000 --on dask

    Ctrl-C, SIGTERM and SIGHUP stop the run in order: finalisers still run, and the exit status is
    128 + the signal's number: 130, 143, 129. A second signal ends it at once.

    A run that is done, but took a fallback or tolerated failures, is degraded: a line says where,
    and the exit status is 0; with --strict it is 3.

    \b
    JSON: target, workflow, outcome (ok, failed, interrupted), value, degraded (paths of a run that
    is ok), fault (path, tags, message, leaves: kind, path, tags, message, at (file, line,
    function), traceback, not_before, cause (the fault of a run in it, or of a group of exceptions),
    within, rounds, by; joined: which belong together), unit (seconds), started, ended, seconds,
    events: every attempt of a task with task, path, tries, ending (ok, failed, cut), start and end,
    in seconds from started, and fault, as above, of one that failed; and profile (name, file) if
    one was given. Of what isn't run: target, workflow, outcome (refused) and issues, as fwf check
    has them.
    """
    from fwf.cli.resuming import earlier_run
    from fwf.cli.starting import Start, start_run

    if resume is not None and (key is not None or again):
        option = "--again" if again else "--key"
        raise Misuse(f"{option} and --resume contradict each other: a run that is there has a name")
    others = {"--resume": resume is not None, "--key": key is not None, "--again": again}
    for option in (option for option, is_given in others.items() if due and is_given):
        raise Misuse(f"{option} and --due contradict each other: the timetable says which runs")
    start = Start(
        target=target,
        params=params,
        key=key,
        workers=workers,
        pools=pools,
        profile=profile,
        profiles=profiles,
        anyway=anyway,
        telling=telling,
        as_json=as_json,
        journal=journal,
        on=on,
        again=again,
        accept_changes=accept_changes,
        salvage=salvage,
        resumed=None if resume is None else earlier_run(journal, resume, salvage=salvage),
        part_of=part_of,
        strict=strict,
    )
    if due:
        from fwf.cli.timetables.backfill import Request, options_of, run_backfill

        return run_backfill(Request(start, due=True), options_of(click.get_current_context()))
    return start_run(start)
