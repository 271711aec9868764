"""Rules about names: parameters, resources, bindings, tasks, the workflow's own."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from fwf.algebra.expr import Param
from fwf.algebra.nodes import Task
from fwf.algebra.plain_values import encode
from fwf.algebra.subexpressions import expressions_of, subexpressions
from fwf.algebra.wrapped import same_functions
from fwf.analysis.requirements import Requirement, first_use, misfit_issue
from fwf.analysis.run_keys import KEYED, name_of
from fwf.analysis.wants import clash
from fwf.faults import Issue, shortened
from fwf.interpreters.check.subject import Subject
from fwf.types import hints


def parameter_type(subject: Subject) -> Iterator[Issue]:
    """A name is wanted as two types that no value has, or bound to a value of the wrong type."""
    required = subject.required
    for misfit in required.misfits:
        if misfit.want is not None:
            yield misfit_issue(subject.path_of(misfit.node), misfit)
    for each in required.named():
        for one, other in combinations(each.types, 2):
            if clash(one, other):
                yield _clash(subject, each, one, other)
                break
    resources = {each.name: each for each in (*required.resources, *required.secrets)}
    for each in required.parameters:
        if each.name in resources:
            yield _two_kinds(subject, each, resources[each.name])


def _clash(subject: Subject, each: Requirement, one: Any, other: Any) -> Issue:
    remedy = "bind one of them with with_params(…)"
    if each.kind != "parameter":
        remedy = f"let one of them use another with using(…, {each.name}=…)"
    return Issue(
        first_use(subject.root, each),
        "parameter-type",
        f"{each.kind} {each.name!r} is wanted as {hints.name_of(one)} by "
        f"{_user(subject, each.name, one)} and as {hints.name_of(other)} by "
        f"{_user(subject, each.name, other)}, and nothing is both: rename one, or {remedy}",
    )


def _two_kinds(subject: Subject, each: Requirement, other: Requirement) -> Issue:
    return Issue(
        first_use(subject.root, each),
        "parameter-type",
        f"{each.name!r} is a parameter of {_user(subject, each.name, each.types[0])} and a "
        f"{other.kind} of {_user(subject, each.name, other.types[0])}: rename one, so that a "
        "reader knows which is meant",
        "warning",
    )


def _user(subject: Subject, name: str, kind: Any) -> str:
    """The first task or expression that wants a name as this type."""
    for here in subject.places:
        node = here.node
        if isinstance(node, Task):
            if any(each.name == name and each.type == kind for each in node.contract.injected):
                return node.described()
            continue
        if any(Param(name, kind) in subexpressions(expr) for expr in expressions_of(node)):
            return f"param({name!r}) at {shortened(subject.path(here))}"
    return "a part"


def untyped_parameter(subject: Subject) -> Iterator[Issue]:
    """A parameter whose type nobody says, so that a wrong value is found only when it is used."""
    required = subject.required
    for each in (*required.parameters, *required.unknown):
        if not each.types:
            yield Issue(
                first_use(subject.root, each),
                "untyped-parameter",
                f"the type of {each.name!r} is not known, so what is given can't be checked: "
                f"annotate it in the task, or write param({each.name!r}, type)",
                "warning",
            )


def unused_binding(subject: Subject) -> Iterator[Issue]:
    """`with_params` or `using` gives a name that nothing inside takes."""
    for misfit in subject.required.misfits:
        if misfit.want is None:
            yield misfit_issue(subject.path_of(misfit.node), misfit)


def two_functions(subject: Subject) -> Iterator[Issue]:
    """Two tasks of one name, version and config have different functions."""
    first: dict[tuple[str, str, bytes], Task[Any, Any]] = {}
    for here, task in subject.tasks():
        same = first.setdefault((task.name, task.version, encode(task.config)), task)
        if not same_functions(same.fn, task.fn):
            yield Issue(
                subject.path(here),
                "two-functions",
                f"{task.name}@{task.version} is two functions, at {same.place} and {task.place}: "
                "a name and version stand for one; give one of them another name= or version=, or "
                "to tasks that a factory makes its arguments as config=",
            )


def unnamed_keys(subject: Subject) -> Iterator[Issue]:
    """A task asks for its idempotency key in a workflow without a name, which goes by its text."""
    if name_of(subject.root) is not None:
        return
    for here, task in subject.tasks():
        if task.contract.keyed:
            yield Issue(
                subject.path(here),
                "unnamed-keys",
                f"{task.name} asks for an {KEYED}, but the workflow has no name, so that any edit "
                "of it changes all keys, and work is done again under new ones: name the whole, "
                "named('daily', …)",
                "warning",
            )
            return
