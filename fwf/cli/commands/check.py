"""`fwf check`: what is wrong with a workflow."""

import click

from fwf.cli.journals import journal_options, place_of
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
    a list of rules. What a task gives and a journal can't keep is an error, but with --journal off.
    With --journal postgresql://… files that steps leave for others are errors, too: the run may go
    on at another machine.

    Of the resources of its module those that it needs are looked at, and none is opened: an opener
    that can't be called without arguments is an error (resource-type), a secret whose environment
    variable isn't set here a warning (unset-variable), and fwf run refuses both.

    \b
    fwf check examples/daily/workflow.py
    fwf check examples.daily.workflow --strict --silence untimed-finaliser

    JSON: target, workflow, issues (path, rule, severity, message), errors, warnings, notes.
    """
    from fwf.cli.checking import refuse_unknown, tell_issues
    from fwf.cli.resources_beside import RULES, resource_issues
    from fwf.interpreters.check import check as issues_of

    refuse_unknown(silence)
    of_workflow = [rule for rule in silence if rule not in RULES]
    with stdout_kept_for(as_json):
        subject = load(target)
        place = place_of(journal)
        issues = [
            *issues_of(subject.workflow, strict=strict, silence=of_workflow, journal=place),
            *resource_issues(subject, silence),
        ]
    return tell_issues(subject, issues, as_json=as_json)
