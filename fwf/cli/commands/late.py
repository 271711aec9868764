"""`fwf late`: the second line of cron, which notices what a run that died can't tell."""

import click

from fwf.cli.journals import journal_options
from fwf.cli.profile_option import profile_options
from fwf.cli.program import common, param_option


@click.command("late")
@param_option
@profile_options
@journal_options
@common
def command(
    target: str,
    params: tuple[str, ...],
    profile: str | None,
    profiles: str | None,
    journal: str | None,
    as_json: bool,
) -> int:
    """Compare a timetable with its journal: what is late, died or failed?

    \b
    fwf late examples/late_file.py:nightly
    30 * * * * cd /srv/jobs && fwf late jobs.py:nightly

    Each day that is over since the timetable's first, and isn't complete, is told if its time is
    over (late_by of notify; else when the next one is due), if it failed, died without a word or
    waits for a person, or if it is under way and has given no sign for three hours: who goes on
    with it, since when, in which step. Whoever is to be told (notify) and wasn't, is told now; more
    than three days of one kind are one alert. Nothing is started, and a run that is under way isn't
    waited for: it may be asked on another machine, if the journal is a PostgreSQL database.

    A day that is complete and was begun once more (--again) is told as that stands, until it is
    done, or given up (fwf runs give-up). Of days that may be missed ("last", "none") the last whose
    time is over is late, while no later one was begun; without a first day (start=), too, where
    only the last two are looked at. While a timetable is paused nothing of it is late.

    Exit status: 0 all is well; 1 something isn't.

    \b
    JSON: target, workflow, paused (since, by, why; null), partitions: label, state (late, failed,
    died, held, quiet), reason, since, run, paths; alerts: state, labels, reason, key, wrong (why it
    couldn't be delivered).
    """
    from fwf.cli.timetables.late import late

    return late(target, params, journal, (profile, profiles), as_json=as_json)
