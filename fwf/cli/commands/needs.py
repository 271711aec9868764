"""`fwf needs`: what a workflow takes and touches."""

import click

from fwf.cli.output import stdout_kept_for, tell, tell_json
from fwf.cli.program import common
from fwf.cli.targets import load


@click.command("needs")
@common
def command(target: str, as_json: bool) -> None:
    """List what a workflow takes and touches.

    \b
    fwf needs examples/daily/workflow.py

    JSON: target, workflow, parameters, resources, secrets and undecided (each a list of name,
    type, optional, used_by), facts, reads, writes, pools.
    """
    from fwf.interpreters.needs import needs as needs_of

    with stdout_kept_for(as_json):
        found = load(target)
        needed = needs_of(found.workflow)
    if as_json:
        tell_json({"target": target, "workflow": found.name, **needed.to_json()})
    else:
        tell(str(needed))
