"""`fwf show`: a workflow as a tree."""

import click

from fwf.cli.output import stdout_kept_for, tell, tell_json
from fwf.cli.program import common
from fwf.cli.targets import load


@click.command("show")
@click.option("--width", type=click.IntRange(min=1), help="So many columns, not the terminal's.")
@common
def command(target: str, width: int | None, as_json: bool) -> None:
    """Print a workflow as a tree.

    \b
    fwf show examples/daily/workflow.py
    fwf show examples.daily.workflow:rates --width 60

    JSON: target, workflow (its name), definition_id, text (the tree), source.
    """
    from fwf.algebra.identity import definition_id
    from fwf.interpreters.pretty import pretty

    with stdout_kept_for(as_json):
        found = load(target)
        text = pretty(found.workflow, width=width)
    if as_json:
        source = {"definition_id": definition_id(found.workflow), "source": repr(found.workflow)}
        tell_json({"target": target, "workflow": found.name, **source, "text": text})
    else:
        tell(text)
