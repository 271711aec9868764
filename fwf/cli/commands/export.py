"""`fwf export`: a workflow in the language of an engine, and what that does in another way."""

import click

from fwf.cli.output import complain, stdout_kept_for
from fwf.cli.program import common
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import load
from fwf.printing import one_line


def _folder(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value == "":
        raise click.BadParameter("it names no folder", ctx, option)
    return value


@click.command("export")
@click.option("--to", "to", metavar="ENGINE", help="step-functions, dask, airflow or argo.")
@click.option("--gaps", is_flag=True, help="Only tell what isn't the engine's own, and how.")
@click.option("--strict", is_flag=True, help="Refuse what differs there, and not only what fails.")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    callback=_folder,
    help="Write the files to a folder; else to stdout, one only.",
)
@common
def command(
    target: str, to: str | None, gaps: bool, strict: bool, output: str | None, as_json: bool
) -> int:
    """Write a workflow in the language of an engine.

    \b
    fwf export examples.daily.workflow --to step-functions --gaps
    fwf export examples.daily.workflow --to dask --gaps --strict
    fwf show examples.daily.workflow --cut step-functions

    Any part of a workflow can run inside one task of an engine, by our own runner. So each runs on
    each engine, and what isn't the engine's own is told first: emulated (several of its constructs
    mean the same), block (the part is one task there), lossy (it differs as the hint says),
    impossible (nothing there does it). Nothing is written with what is impossible, nor with
    --strict with what is lossy; the exit status is then 1.

    A folder gets all files or none, and .fwf-export.json, which says what was written: only what
    still is as an export wrote it is replaced.

    JSON, with --gaps: target, workflow, engine, tasks and blocks (how many of the engine's tasks
    it is, and how many of these are blocks), gaps (path, feature, support, hint).
    """
    from fwf.cli.exporting import refused, tell_gaps, write
    from fwf.interpreters import engines

    if to is None:
        raise Misuse(f"--to says which engine, and is missing: {', '.join(engines.ENGINES)}")
    if as_json and not gaps:
        raise Misuse("--json: only --gaps has JSON; what is written is in the engine's language")
    if gaps and output is not None:
        raise Misuse("--gaps and -o: with --gaps nothing is written; leave out one")
    try:
        engine = engines.engine_of(to)
        printer = None if gaps else engine.load_printer()
    except ValueError as error:
        raise Misuse(f"--to {to}: {error}") from error
    with stdout_kept_for(as_json):
        subject = load(target, to_run=printer is not None)
        cut = engine.cut(subject.workflow)
        rows = tuple(engines.gaps_of(cut, engine))
    tell_gaps(subject, engine, cut, rows, as_json=as_json, aside=printer is not None)
    wrong = refused(rows, strict=strict)
    if printer is None:
        return 1 if wrong else 0
    if wrong:
        complain(one_line(f"{subject.name} isn't exported: {wrong}"))
        return 1
    try:
        address = subject.address
        export = printer(cut, engines.ExportRequest(address, subject.name, subject.pools))
    except ValueError as error:
        raise Misuse(f"--to {to}: {error}") from error
    write(export, output, address)
    return 0
