"""`fwf run`: run a workflow here."""

from typing import Any

import click

from fwf.cli.misuse import collected, one_line
from fwf.cli.output import complain, stdout_kept_for, tell_json
from fwf.cli.profiles import chosen, profile_options, with_profile
from fwf.cli.program import common, debugging, run_options
from fwf.cli.targets import load
from fwf.cli.telling import Telling, telling_options


@click.command("run")
@run_options
@profile_options
@telling_options
@click.option("--anyway", is_flag=True, help="Run it though `fwf check` finds errors.")
@common
def command(
    target: str,
    params: tuple[str, ...],
    key: str | None,
    workers: int | None,
    pools: tuple[str, ...],
    profile: str | None,
    profiles: str | None,
    anyway: bool,
    telling: Telling,
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
    have the same idempotency keys.

    A profile of fwf.toml says what the names of resources stand for, and where their secrets are.
    What it lacks is told before anything runs: `fwf needs` with the same profile tells it too.

    Ctrl-C, SIGTERM and SIGHUP stop the run in order: finalisers still run, and the exit status is
    128 + the signal's number: 130, 143, 129. A second signal ends it at once.

    \b
    JSON: target, workflow, outcome (ok, failed, interrupted), value, fault (path, tags, message,
    leaves: kind, path, tags, message, at (file, line, function), traceback, not_before, cause (the
    fault of a run in it, or of a group of exceptions), within, rounds, by; joined: which belong
    together), unit (seconds), started, ended, seconds, events: every attempt of a task with task,
    path, tries, ending (ok, failed, cut), start and end, in seconds from started, and fault, as
    above, of one that failed; and profile (name, file) if one was given. Of what isn't run: target,
    workflow, outcome (refused) and issues, as fwf check has them.
    """
    from fwf.cli import running
    from fwf.cli.checking import errors_of, refuse_errors
    from fwf.cli.params import given

    wrong: list[str] = []
    nothing: tuple[Any, Any] = ({}, {})
    with stdout_kept_for(as_json):
        found = load(target, to_run=True)
        errors = [] if anyway else errors_of(found)
        names = [pair.partition("=")[0].strip() for pair in params]
        by = chosen(found, profile, profiles, names)
        found = found if by is None else with_profile(found, by)
        wrong += [] if by is None else by.lines
        values, sizes = collected(wrong, lambda: given(found, params, pools), nothing)
        wrong += [] if wrong or errors or by is None else by.refused()
    refuse_errors(found, errors, wrong, as_json=as_json)
    if by is not None:
        complain(one_line(f"fwf: {by.where}"))
    with stdout_kept_for(as_json):
        went, started = running.ran(found, values, sizes, workers, key, telling)
    if as_json:
        more = {} if by is None else {"profile": by.named()}
        tell_json({**running.report(found, went, started), **more})
    else:
        running.tell_result(went.result, debug=debugging())
    return running.status_of(went.result)
