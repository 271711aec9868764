"""`fwf check`: what is wrong with a workflow."""

import click

from fwf.cli.journals import journal_options
from fwf.cli.output import stdout_kept_for
from fwf.cli.program import common
from fwf.cli.targets import load


@click.command("check")
@click.option("--strict", is_flag=True, help="Take undeclared effects for errors.")
@click.option(
    "--silence", multiple=True, metavar="RULE",
    help="Leave a rule out, everywhere; repeatable.",
)  # fmt: skip
@journal_options
@common
def command(
    target: str, strict: bool, silence: tuple[str, ...], journal: str | None, as_json: bool
) -> int:
    """Find what is wrong with a workflow.

    Tells every issue at once, each with its path and with the rule that --silence takes. In the
    workflow a rule is silenced for one part: named("load", part, silence="concurrent-writes"), or
    a list of rules. With --journal postgresql://… files that steps leave for others are errors:
    the run may go on at another machine.

    \b
    fwf check examples/daily/workflow.py
    fwf check examples.daily.workflow --strict --silence untimed-finaliser

    JSON: target, workflow, issues (path, rule, severity, message), errors, warnings, notes.
    """
    from fwf.cli.checking import refuse_unknown, tell_issues
    from fwf.interpreters.check import check as issues_of

    refuse_unknown(silence)
    with stdout_kept_for(as_json):
        found = load(target)
        issues = issues_of(found.workflow, strict=strict, silence=silence, journal=journal)
    return tell_issues(found, issues, as_json=as_json)
