"""`fwf show`: a workflow as a tree, or as a picture."""

from typing import Final

import click

from fwf.algebra.workflow import AnyWorkflow
from fwf.cli.output import stdout_kept_for, tell, tell_json, write_file
from fwf.cli.program import common, output_option
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import load

FORMS: Final = ("text", "mermaid", "dot", "svg", "html")
_SUFFIXES: Final = {
    ".txt": "text", ".mmd": "mermaid", ".mermaid": "mermaid", ".dot": "dot", ".gv": "dot",
    ".svg": "svg", ".html": "html", ".htm": "html",
}  # fmt: skip
FILE_WIDTH: Final = 100
"""The columns of a tree that goes to a file, which has no width of its own."""


@click.command("show")
@click.option("--width", type=click.IntRange(min=1), help="So many columns, not the terminal's.")
@click.option(
    "--as", "form", type=click.Choice(FORMS), help="What to make; text, or what FILE ends in."
)
@click.option(
    "--desugar", is_flag=True, help="Show what words such as poll and paginate are made of."
)
@click.option(
    "--cut",
    "engine",
    metavar="ENGINE",
    help="Show which parts an engine runs as its tasks: step-functions, dask, airflow or argo.",
)
@output_option("Write it to")
@common
def command(
    target: str,
    width: int | None,
    form: str | None,
    desugar: bool,
    engine: str | None,
    output: str | None,
    as_json: bool,
) -> None:
    """Print a workflow as a tree, or draw it.

    \b
    fwf show examples/daily/workflow.py
    fwf show examples.daily.workflow:rates --width 60
    fwf show examples.daily.workflow -o daily.svg
    fwf show examples.daily.workflow --as mermaid
    fwf show examples.daily.workflow --cut step-functions

    Pictures need no layout program: svg is self-contained, html adds details and search and works
    without a network. mermaid and dot are for programs that lay out themselves. The file's name
    says which (.svg, .html, .mmd, .dot, .gv, .txt) unless --as does.

    JSON: target, workflow (its name), definition_id, text (the tree), source.
    """
    from fwf.algebra.traverse import desugared
    from fwf.analysis.identity import definition_id

    wanted = _form(form, output, as_json)
    with stdout_kept_for(as_json):
        found = load(target)
        w = desugared(found.workflow) if desugar else found.workflow
        shown = w if engine is None else _cut(w, engine)
        columns = FILE_WIDTH if output is not None and width is None else width
        text = _made(shown, wanted, columns)
    if as_json:
        source = {"definition_id": definition_id(w), "source": repr(w)}
        tell_json({"target": target, "workflow": found.name, **source, "text": text})
    elif output is not None:
        write_file(output, text)
    else:
        tell(text.removesuffix("\n"))


def _cut(w: AnyWorkflow, name: str) -> AnyWorkflow:
    """A workflow in which each task of an engine is one; raises `Misuse` for no engine."""
    from fwf.interpreters import engines

    try:
        return engines.mark_cut(engines.engine_of(name).cut(w))
    except ValueError as error:
        raise Misuse(f"--cut {name}: {error}") from error


def _form(form: str | None, output: str | None, as_json: bool) -> str:
    """What to make; raises `Misuse` where the options don't fit together."""
    if as_json and (form not in (None, "text") or output is not None):
        other = "-o" if output is not None else f"--as {form}"
        raise Misuse(f"{other} and --json: JSON goes to stdout, with the tree in it; leave out one")
    if form is not None or output is None:
        return form or "text"
    suffix = next((each for each in _SUFFIXES if output.lower().endswith(each)), None)
    if suffix is None:
        raise Misuse(
            f"-o {output}: its ending doesn't say what to make; end it in "
            f"{', '.join(_SUFFIXES)}, or add --as {'|'.join(FORMS)}"
        )
    return _SUFFIXES[suffix]


def _made(w: AnyWorkflow, form: str, width: int | None) -> str:
    if form == "text":
        from fwf.interpreters.pretty import pretty

        return pretty(w, width=width)
    from fwf.interpreters import diagram

    draw = {"mermaid": diagram.mermaid, "dot": diagram.dot, "svg": diagram.svg}
    return diagram.html(w) if form == "html" else draw[form](w)
