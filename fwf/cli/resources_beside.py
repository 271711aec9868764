"""What is wrong with the resources that stand beside a workflow, before anything runs?"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from fwf.analysis.requirements import Requirements, first_use, problems, requirements
from fwf.cli.targets import Target
from fwf.faults import Issue
from fwf.records import changed
from fwf.secrets import Secret

NO_RESOURCE: Final = "resource-type"
UNSET: Final = "unset-variable"
RULES: Final = (NO_RESOURCE, UNSET)
"""What `fwf check` looks for beside a workflow, by the names that silence it."""


def resource_issues(target: Target, silence: Collection[str] = ()) -> list[Issue]:
    """What a module has for names that its workflow needs, and couldn't be opened.

    That a variable isn't set is a warning here: it may be where the workflow is run.
    """
    required, resources = requirements(target.workflow), target.resources
    issues = [each for each in problems(required, {}, resources) if each.rule == NO_RESOURCE]
    unset = [changed(each, severity="warning") for each in unset_variables(required, resources)]
    return [each for each in (*issues, *unset) if each.rule not in silence]


def unset_variables(
    required: Requirements, resources: Mapping[str, Any], params: Collection[str] = ()
) -> Iterator[Issue]:
    """The secrets that are needed, and whose environment variables aren't set here.

    params: names that are given as parameters, so that nothing is read for them.
    """
    for each in (*required.secrets, *(one for one in required.unknown if one.name not in params)):
        secret = resources.get(each.name)
        variable = secret.unset_variable if isinstance(secret, Secret) else None
        if variable is not None:
            yield Issue(
                first_use(required.workflow, each),
                UNSET,
                f"secret {each.name!r} is read from the environment variable {variable}, which is "
                f"not set: set it, or name where it is kept in a profile (--profile)",
            )
