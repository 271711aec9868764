"""`fwf backfill`: do what isn't complete of a timetable, from one day to another."""

from datetime import date

import click

from fwf.cli.journals import journal_options
from fwf.cli.profile_option import profile_options
from fwf.cli.program import common, run_options, strict_option
from fwf.cli.run_observers import Telling, telling_options


def _day(ctx: click.Context, option: click.Parameter, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise click.BadParameter(f"{text!r} is no day; write 2026-06-01", ctx, option) from None


@click.command("backfill")
@click.option(
    "--from", "start", metavar="DAY", callback=_day,
    help="The first day; the timetable's own if not given.",
)  # fmt: skip
@click.option(
    "--to", "end", metavar="DAY", callback=_day,
    help="The last day, which is included; the last that is over if not given.",
)  # fmt: skip
@click.option(
    "--at-once", type=click.IntRange(min=1), default=1, metavar="N",
    help="So many runs side by side, each with pools of its own; 1 if not given.",
)  # fmt: skip
@click.option("--newest-first", is_flag=True, help="Begin with the last day.")
@click.option(
    "--stop-after", type=click.IntRange(min=1), metavar="N",
    help="Start no further run once so many have failed.",
)  # fmt: skip
@strict_option
@click.option("--again", is_flag=True, help="Do complete ones once more, with new keys.")
@click.option("--dry-run", is_flag=True, help="Tell what would be done, and do nothing.")
@click.option(
    "--move-states", is_flag=True,
    help="Let the runs read and move the states that the workflow hands from run to run.",
)  # fmt: skip
@run_options
@profile_options
@journal_options
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Do steps again whose task or input is another than when they were done.",
)
@telling_options
@click.option("--anyway", is_flag=True, help="Run it though `fwf check` finds errors.")
@common
def command(
    target: str,
    start: date | None,
    end: date | None,
    at_once: int,
    newest_first: bool,
    stop_after: int | None,
    strict: bool,
    again: bool,
    dry_run: bool,
    move_states: bool,
    params: tuple[str, ...],
    key: str | None,
    workers: int | None,
    pools: tuple[str, ...],
    profile: str | None,
    profiles: str | None,
    journal: str | None,
    accept_changes: bool,
    telling: Telling,
    anyway: bool,
    as_json: bool,
) -> int:
    """Do the days of a timetable that aren't complete.

    \b
    fwf backfill examples/schedule.py:nightly --from 2025-06-01 --to 2025-06-05
    fwf backfill examples/schedule.py:nightly --from 2025-06-01 --at-once 4 --stop-after 3
    fwf backfill examples/schedule.py:nightly --from 2025-06-01 --dry-run

    What is complete is left out; what was interrupted, failed or died goes on where it stopped.
    Days that aren't over are left out and told. Each day is a run of its own, the same as by hand
    or by fwf run --due, in a process of its own; its options are those that are given here. With
    several at once each line has its day before it. A table tells in the end how all went.

    One that another process goes on with is left to that. Ctrl-C, SIGTERM and SIGHUP are handed on,
    no further run is started, and the table is written all the same. The same command goes on.

    Where a run goes on from the one before it (after_previous, or a state), the days are done one
    by one, the earliest first, and those behind one that isn't complete are blocked. Pools are of
    one process: with --at-once 4 a pool of 2 is up to 8 tasks at once.

    Exit status: 0 all are complete; 1 one isn't; 69 one waits for another that isn't; 75 somebody
    else goes on with one; 3 with --strict, one is degraded; 128 + the signal's number.

    \b
    JSON: target, workflow, partitions, first, last, status, stopped_by, paused (since, by, why),
    left_out (complete, not over), runs (label, state, blocked_by, status (of its process), id,
    generation, tries, seconds, failed). Of a dry run: target, workflow, partitions, first, last,
    counts, runs (label, stands, is_to_be), unit, seconds (null where no durations are known),
    history.
    """
    from fwf.cli.refused_commands import Misuse
    from fwf.cli.starting import Start
    from fwf.cli.timetables.backfill import Request, options_of, run_backfill

    if key is not None:
        raise Misuse("--key names one run, and a backfill has many: each is named by its partition")
    options = Start(
        target=target,
        params=params,
        workers=workers,
        pools=pools,
        profile=profile,
        profiles=profiles,
        anyway=anyway,
        telling=telling,
        as_json=as_json,
        journal=journal,
        accept_changes=accept_changes,
        strict=strict,
    )
    request = Request(
        options,
        start=start,
        end=end,
        again=again,
        newest_first=newest_first,
        at_once=at_once,
        stop_after=stop_after,
        dry_run=dry_run,
        move_states=move_states,
    )
    return run_backfill(request, options_of(click.get_current_context()))
