"""`fwf pause`: let `fwf run --due` start nothing of a timetable, until `fwf unpause`."""

import click

from fwf.cli.journals import journal_options
from fwf.cli.output import stdout_kept_for, tell, tell_json
from fwf.cli.program import common


@click.command("pause")
@click.option("--why", metavar="TEXT", default="", help="What it waits for, for whoever looks.")
@journal_options
@common
def command(target: str, why: str, journal: str | None, as_json: bool) -> int:
    """Pause a timetable: cron goes on to wake fwf, which then starts nothing.

    \b
    fwf pause jobs.py:nightly --why 'the warehouse moves'
    fwf unpause jobs.py:nightly

    It is kept in the journal, with who did it and when, by the name of the workflow: all timetables
    of that name are paused. What is under way goes on, and fwf backfill and fwf run by hand do what
    they are told. The days that pass meanwhile are due afterwards, as the timetable's `missed`
    says.

    JSON: target, workflow, paused (true), by, why.
    """
    from fwf.cli.timetables.partition_states import timetable_of
    from fwf.cli.timetables.pauses import pause_of, set_pause

    with stdout_kept_for(as_json):
        subject, timetable = timetable_of("fwf pause", target, journal)
    before = set_pause(subject.workflow, journal, why)
    now = pause_of(subject.workflow, journal)
    if as_json:
        data = None if now is None else now.data()
        tell_json({"target": target, "workflow": subject.name, "paused": data})
    else:
        already = " already" if before is not None and before == now else ""
        line = "somebody has ended the pause" if now is None else now.told(timetable)
        tell(f"{subject.name}:{already} {line}")
    return 0
