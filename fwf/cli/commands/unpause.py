"""`fwf unpause`: let `fwf run --due` start again what is due of a timetable."""

import click

from fwf.cli.journals import journal_options
from fwf.cli.output import stdout_kept_for, tell, tell_json
from fwf.cli.program import common


@click.command("unpause")
@journal_options
@common
def command(target: str, journal: str | None, as_json: bool) -> int:
    """End the pause of a timetable.

    \b
    fwf unpause jobs.py:nightly

    JSON: target, workflow, paused (null).
    """
    from fwf.cli.timetables.partition_states import timetable_of
    from fwf.cli.timetables.pauses import set_pause

    with stdout_kept_for(as_json):
        subject, timetable = timetable_of("fwf unpause", target, journal)
    before = set_pause(subject.workflow, journal, None)
    if as_json:
        tell_json({"target": target, "workflow": subject.name, "paused": None})
    else:
        standing = "not paused" if before is None else before.told(timetable)
        tell(f"{subject.name}: it was {standing}")
    return 0
