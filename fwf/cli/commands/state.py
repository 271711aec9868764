"""`fwf state`: what one run hands to the next, and who set it."""

import click

from fwf.cli.journals import journal_options
from fwf.cli.program import helped, options


@click.group("state", no_args_is_help=False)
@helped
def command() -> None:
    """Show and set what one run hands to the next: the marks of states.

    \b
    fwf state show
    fwf state history orders_watermark
    fwf state set orders_watermark 2026-06-01T00:00:00+00:00 --of daily.py
    """


@command.command("show")
@click.argument("name", required=False)
@journal_options
@options
def show(name: str | None, journal: str | None, as_json: bool) -> int:
    """List the marks of states, or tell one: since when, who set it, who holds it now.

    JSON: states (a list of name, version, value, since, by, run, held_by), value as the journal
    writes it.
    """
    from fwf.cli import told_states

    return told_states.show(name, journal, as_json)


@command.command("history")
@click.argument("name")
@journal_options
@options
def history(name: str, journal: str | None, as_json: bool) -> int:
    """List all that a mark ever was, the newest last.

    JSON: name, versions (a list of version, value, at, by, run; of what a person set also old).
    """
    from fwf.cli import told_states

    return told_states.history(name, journal, as_json)


@command.command("set")
@click.argument("name")
@click.argument("value")
@click.option("--of", "target", metavar="TARGET", help="The workflow that says what type it has.")
@journal_options
@options
def set_(name: str, value: str, target: str | None, journal: str | None, as_json: bool) -> int:
    """Set a mark for the runs to come; who did, and what it was, is written down.

    \b
    fwf state set orders_watermark 2026-06-01T00:00:00+00:00
    fwf state set seen 17 --of jobs:nightly

    With --of, VALUE is read as --param reads it, by the type that the workflow declares; a mark
    that was never set needs that. Without, it is of the kind that the mark is now: a time, a date,
    a number or a text; all else is JSON, as fwf state show --json writes it.

    A run that has begun keeps the mark that it started with. It is refused when it goes on, since
    it would load another stretch; and so is this while a run that needs the mark is at work.

    JSON: name, version, value, old. Exit status: 75 while a run holds the mark.
    """
    from fwf.cli import told_states

    return told_states.set_to(name, value, target, journal, as_json)
