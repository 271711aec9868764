"""`fwf needs`: what a workflow takes and touches."""

import click

from fwf.cli.output import stdout_kept_for, tell, tell_json
from fwf.cli.profile_option import choose_profile, profile_options, table
from fwf.cli.program import common
from fwf.cli.targets import load


@click.command("needs")
@profile_options
@common
def command(target: str, profile: str | None, profiles: str | None, as_json: bool) -> int:
    """List what a workflow takes and touches.

    \b
    fwf needs examples/daily/workflow.py
    fwf needs examples/daily/workflow.py --profile prod

    With a profile also what it still lacks before the workflow can run: openers, what they need to
    be installed, their arguments, variables and files of secrets. Nothing is opened, and AWS isn't
    asked for its secrets.

    JSON: target, workflow, parameters, resources, secrets, undecided and states (each a list of
    name, type, optional, used_by), facts, reads, writes, pools; with a profile also profile: name,
    file, missing (a list of resource, place, message), unused.

    Exit status: 1 if the profile lacks something.
    """
    from fwf.interpreters.needs import needs as needs_of

    with stdout_kept_for(as_json):
        subject = load(target)
        requirements = needs_of(subject.workflow)
        place = choose_profile(subject, profile, profiles)
    if as_json:
        more = {} if place is None else {"profile": place.as_data()}
        tell_json({"target": target, "workflow": subject.name, **requirements.to_json(), **more})
    else:
        tell(str(requirements) if place is None else f"{requirements}\n\n{table(place)}")
    return 1 if place is not None and place.missing else 0
