"""`fwf report`: a run as one page, to be looked at in the morning."""

import sys

import click

from fwf.algebra.workflow import AnyWorkflow
from fwf.cli.journals import find_run, journal_argument, journal_options, open_journal, refusals
from fwf.cli.output import stdout_kept_for, tell, tell_json, write_file
from fwf.cli.program import options, output_option
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import load
from fwf.journal.run_records import RunRow
from fwf.journal.story import short
from fwf.printing import one_line

LEAVE_OUT = "leave out one"


@click.command("report")
@click.argument("run")
@click.option(
    "--target", metavar="TARGET", help="Draw this workflow; the one that was run if not given."
)
@output_option("Write it to")
@journal_options
@options
def command(
    run: str, target: str | None, output: str | None, journal: str | None, as_json: bool
) -> None:
    """Write a page that tells a run: the workflow coloured by what happened, when, why it failed.

    \b
    fwf report 8a1b44c0 -o night.html
    fwf report daily+day=2026-06-01 -o - | mail -s "the night" -A - team@example.org

    The page is one file, which needs no network and no script; it can be printed. RUN is as in
    fwf runs. The workflow is loaded to be drawn, and not run; where it can't be, the rest is told.
    On a terminal it is written to run-….html if -o isn't given. A file that is there is replaced.

    JSON: as that of fwf runs RUN.
    """
    from fwf.cli import told_runs
    from fwf.telling.advice import advice
    from fwf.telling.report import report

    if as_json and output is not None:
        raise Misuse(f"-o and --json: JSON goes to stdout; {LEAVE_OUT}")
    store = open_journal(journal)
    row = find_run(store, run)
    with refusals():
        whole = told_runs.whole_run(store, row)
    again, where = journal_argument(journal, store), store.where
    store.close()
    if as_json:
        from fwf.cli.runs_data import as_story

        tell_json(as_story(whole, again))
        return
    with stdout_kept_for(True):
        workflow, caption = _workflow(row, target)
    text = report(
        row,
        whole.story,
        workflow=workflow,
        caption=caption,
        todo=advice(row, whole.story, overtaken=whole.overtaken, journal=again),
        where=where,
        now=told_runs.now(),
    )
    _deliver(text, row, output)


def _deliver(text: str, row: RunRow, output: str | None) -> None:
    source = click.get_current_context().get_parameter_source("output")
    if output is None and source is click.core.ParameterSource.DEFAULT and sys.stdout.isatty():
        output = f"run-{short(row.id)}.html"
    if output is None:
        tell(text.removesuffix("\n"))
    else:
        write_file(output, text)


def _workflow(row: RunRow, target: str | None) -> tuple[AnyWorkflow | None, str]:
    """The workflow of a run, if it can be loaded ⟶ it, and what there is to say of it."""
    from fwf.analysis.identity import definition_id

    if target is not None:
        return load(target).workflow, f"drawn from {target}"
    origin: str | None = row.facts.get("target")
    if not origin:
        return None, "it isn't known where the workflow is defined: --target draws one"
    try:
        workflow = load(origin).workflow
        same = definition_id(workflow) == row.facts.get("definition", "")
    except Misuse as error:
        return None, one_line(f"it isn't drawn: {error}; --target draws another one")
    changed = f"{origin} has changed since the run began; this is how it is now"
    return workflow, "" if same else changed
