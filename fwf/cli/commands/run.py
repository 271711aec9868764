"""`fwf run`: run a workflow here."""

import click

from fwf.cli.output import stdout_kept_for, tell_json
from fwf.cli.program import common, debugging, run_options
from fwf.cli.targets import load


@click.command("run")
@run_options
@common
def command(
    target: str,
    params: tuple[str, ...],
    workers: int | None,
    pools: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run a workflow.

    Progress and faults go to stderr, the result to stdout.

    \b
    fwf run examples.daily.workflow --param day=1995-09-16 --param min_amount=1000
    fwf run load.py --param tags=a --param tags=b --param pause=1h30m --workers 4

    Values are read by the parameter's type: dates and times as ISO 8601, durations as 90s, 1h30m
    or PT90S, enums by name, null for None, lists as JSON or by repeating the option.

    Ctrl-C, SIGTERM and SIGHUP stop the run in order: finalisers still run, and the exit status is
    128 + the signal's number: 130, 143, 129. A second signal ends it at once.

    \b
    JSON: target, workflow, outcome (ok, failed, interrupted), value, fault (path, tags, message,
    leaves: kind, path, tags, message, at (file, line, function), traceback, cause (the fault of a
    run in it)), started, ended, seconds, and events: every attempt of a task with task, path,
    tries, ending (ok, failed, cut), start and end (seconds from started).
    """
    from fwf.cli import running
    from fwf.cli.params import given

    with stdout_kept_for(as_json):
        found = load(target, to_run=True)
        values, sizes = given(found, params, pools)
        went, started = running.ran(found, values, sizes, workers)
    if as_json:
        tell_json(running.report(found, went, started))
    else:
        running.tell_outcome(went.outcome, debug=debugging())
    return running.status_of(went.outcome)
