"""What a workflow asks of whoever runs it: parameters, resources, secrets, pools, datasets."""

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from reprlib import Repr
from typing import Any, Final, cast, final, get_origin

from fwf.algebra.contract import Kind
from fwf.algebra.expr import Const, Expr, argument
from fwf.algebra.nodes import Task
from fwf.algebra.plain_values import thaw
from fwf.algebra.traverse import fold
from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.refused_input import refusal
from fwf.analysis.wants import (
    Collector,
    Misfit,
    Want,
    path_of,
    path_of_use,
    type_of_binding,
)
from fwf.faults import Issue, near
from fwf.records import record
from fwf.secrets import Secret
from fwf.types import aliases, hints as types
from fwf.types.fitting import Wrong, wrong_part
from fwf.types.single_use import read_once
from fwf.worlds.unknown import Unknown


class _Brief(Repr):
    def repr_int(self, x: int, level: int) -> str:
        """Decimal digits stop at 4,300."""
        large = x.bit_length() > 10_000
        return f"<int of {x.bit_length():,} bits>" if large else super().repr_int(x, level)


_REPR = _Brief()
_REPR.maxother = _REPR.maxstring = 60
brief = _REPR.repr


@final
@record()
class Requirement:
    """A name that must be given, and the different types that it is wanted as."""

    name: str
    kind: Kind
    types: tuple[Any, ...]
    optional: bool

    @property
    def from_journal(self) -> bool:
        """Whether a run that is in a journal has it from there: its class says so."""
        kinds = (get_origin(kind) or kind for kind in map(aliases.bare, self.types))
        return any(getattr(kind, "from_journal", False) is True for kind in kinds)


@final
@record(hidden=("workflow", "isolated"))
class Requirements:
    """All that must be given before a workflow can run, and all that it touches.

    `isolated` are the tasks that run in processes of their own.
    """

    workflow: AnyWorkflow
    parameters: tuple[Requirement, ...]
    resources: tuple[Requirement, ...]
    secrets: tuple[Requirement, ...]
    unknown: tuple[Requirement, ...]
    facts: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    pools: tuple[str, ...]
    bound: tuple[str, ...]
    misfits: tuple[Misfit, ...]
    isolated: tuple[Task[Any, Any], ...]

    def named(self) -> Iterator[Requirement]:
        """Every name that can be given."""
        yield from self.parameters
        yield from self.resources
        yield from self.secrets
        yield from self.unknown


def requirements(w: AnyWorkflow) -> Requirements:
    """Workflow ⟶ all that must be given before it runs. One pass; every distinct part once."""
    collector = Collector()
    wants: dict[str, dict[str, list[Want]]] = {kind: {} for kind in _KINDS}
    for want in fold(collector.step, w).values():
        wants[want.kind].setdefault(want.name, []).append(want)
    for name in list(wants["unknown"]):
        for kind in _KINDS[:3]:
            if name in wants[kind]:
                wants[kind][name].extend(wants["unknown"].pop(name))
                break
    of = {kind: tuple(_requirement(kind, each) for each in wants[kind].values()) for kind in _KINDS}
    return Requirements(
        workflow=w,
        parameters=of["parameter"],
        resources=of["resource"],
        secrets=of["secret"],
        unknown=of["unknown"],
        facts=tuple(collector.facts),
        reads=tuple(collector.reads),
        writes=tuple(collector.writes),
        pools=tuple(collector.pools),
        bound=tuple(collector.bound),
        misfits=tuple(collector.misfits),
        isolated=tuple(collector.isolated),
    )


_KINDS: tuple[Kind, ...] = ("parameter", "resource", "secret", "unknown")


def _requirement(kind: Kind, wants: list[Want]) -> Requirement:
    distinct: list[Any] = []
    meant: list[Any] = []
    for want in wants:
        bare = aliases.bare(want.type)
        if bare is not types.ANY and bare not in meant:
            distinct.append(want.type)
            meant.append(bare)
    optional = all(want.optional for want in wants)
    return Requirement(wants[0].name, kind, tuple(distinct), optional)


# What is wrong with what was given

ANY_INPUT: Final = Unknown(types.ANY, "")
"""Where nobody says what the input will be."""


def problems(
    required: Requirements,
    params: Mapping[str, object],
    resources: Mapping[str, object] | Collection[str],
    value: object = ANY_INPUT,
) -> tuple[Issue, ...]:
    """Everything missing, unknown or wrongly typed, at once, so that a run never starts in vain.

    Resources that nobody asks for are fine: one mapping may serve many workflows. Given as a
    mapping, they are also checked to be openers, or `Secret`s where a secret is asked for.
    """
    issues: list[Issue] = []
    once = read_once(value)
    if once:
        issues.append(Issue("", "input", f"the input is {once}"))
    elif (refused_part := refusal(required.workflow, value)) is not None:
        path = path_of(required.workflow, refused_part.node)
        issues.append(Issue(path, "input", refused_part.message))
    for each in required.parameters:
        issues.extend(_of_parameter(required, each, params, resources))
    for each in (*required.resources, *required.secrets):
        issues.extend(_of_resource(required, each, resources))
    for each in required.unknown:
        if each.name not in params and each.name not in resources and not each.optional:
            issues.append(_missing_either(required, each, {*params, *resources}))
        if each.name in params:
            issues.extend(_value(required, each, params))
        elif each.name in resources:
            issues.extend(_of_resource(required, each, resources))
    issues.extend(_unknown(required, params))
    wrong = [misfit for misfit in required.misfits if misfit.want is not None]
    issues.extend(misfit_issue(path_of(required.workflow, one.node), one) for one in wrong)
    return tuple(issues)


def _of_parameter(
    required: Requirements,
    each: Requirement,
    params: Mapping[str, object],
    resources: Collection[str],
) -> Iterator[Issue]:
    if each.name in params:
        yield from _value(required, each, params)
    elif not each.optional and each.name in resources:
        yield _issue(
            required, each, "missing-parameter",
            f"{each.name!r} ({_types(each)}) is given in resources, but is a parameter by its "
            "type: give it in params, or annotate it as Annotated[…, Resource]",
        )  # fmt: skip
    elif not each.optional:
        yield _missing(required, each, params, "params")


def _value(
    required: Requirements, each: Requirement, params: Mapping[str, object]
) -> Iterator[Issue]:
    """What is wrong with the value of what may be a parameter."""
    name = each.name
    for kind in each.types:
        wrong = wrong_part(params[name], kind)
        if wrong is not None:
            yield _issue(
                required, each, "parameter-type",
                f"parameter {name!r} is given {unlike(name, params[name], kind, wrong, 'needs')}",
            )  # fmt: skip
            return
    yield from _read_once(required, each, params)


def _read_once(
    required: Requirements, each: Requirement, params: Mapping[str, object]
) -> Iterator[Issue]:
    once = read_once(params[each.name])
    if once:
        yield _issue(required, each, "parameter-type", f"parameter {each.name!r} is {once}")


def _of_resource(
    required: Requirements, each: Requirement, resources: Mapping[str, object] | Collection[str]
) -> Iterator[Issue]:
    name = each.name
    if name not in resources:
        if not each.optional:
            yield _missing(required, each, resources, "resources")
        return
    if not isinstance(resources, Mapping):
        return
    resource = cast(Mapping[str, object], resources)[name]
    if each.kind == "secret" and not isinstance(resource, Secret):
        yield _issue(
            required, each, "resource-type",
            f"secret {name!r} is given {_a(resource)}, but needs a Secret, "
            "such as Secret.env('VARIABLE')",
        )  # fmt: skip
    elif each.kind == "resource" and (isinstance(resource, Secret) or not callable(resource)):
        yield _issue(
            required, each, "resource-type",
            f"resource {name!r} is given {_a(resource)}, but needs an opener: a "
            "function without arguments that returns a context manager",
        )  # fmt: skip
    elif each.kind != "secret" and callable(resource) and (lacks := _required_arguments(resource)):
        opener = getattr(resource, "__name__", type(resource).__name__)
        arguments = ", ".join(f"{argument}=…" for argument in lacks)
        yield _issue(
            required, each, "resource-type",
            f"resource {name!r} is given {opener}, which needs {', '.join(lacks)}, but an opener "
            f"is called without arguments: write functools.partial({opener}, {arguments})",
        )  # fmt: skip


def _required_arguments(opener: Callable[..., object]) -> list[str]:
    """The parameters without a default of what is to be called without arguments."""
    try:
        parameters = inspect.signature(opener).parameters.values()
    except Exception:  # of C, or whatever somebody's __signature__ raises: the call will tell
        return []
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [each.name for each in parameters
            if each.default is each.empty and each.kind not in several]  # fmt: skip


def _missing(
    required: Requirements, each: Requirement, names: Collection[str], where: str
) -> Issue:
    name = each.name
    remedy = near(name, set(names) - {other.name for other in required.named()})
    if each.from_journal:
        remedy = (
            remedy or "; a journal has it: give the run one (journal=, --journal), or the resource"
        )
    remedy = remedy or f"; give it in {where}: {{{name!r}: …}}"
    message = f"{each.kind} {name!r} ({_types(each)}) is missing{remedy}"
    return _issue(required, each, f"missing-{each.kind}", message)


def _missing_either(required: Requirements, each: Requirement, names: Collection[str]) -> Issue:
    name = each.name
    close = near(name, set(names) - {other.name for other in required.named()})
    remedy = close or (
        f"; give it in params or in resources: {{{name!r}: …}}, and annotate it in the task to say "
        "which it is, with its type, or as Annotated[…, Parameter] or Annotated[…, Resource]"
    )
    message = f"resource or parameter {name!r} ({_types(each)}) is missing{remedy}"
    return _issue(required, each, "missing-parameter", message)


def _unknown(required: Requirements, params: Mapping[str, object]) -> Iterator[Issue]:
    parameters_by_name = {each.name: each for each in (*required.parameters, *required.unknown)}
    others = {each.name: each for each in (*required.resources, *required.secrets)}
    for name in params:
        if name in parameters_by_name:
            continue
        if name in others:
            remedy = f"it is a {others[name].kind}: give it in resources"
            remedy += _OR_MARK if others[name].kind == "resource" else ""
        elif name in required.bound:
            remedy = (
                "it is bound by with_params wherever it is used; take it out there to give it here"
            )
        elif not parameters_by_name:
            remedy = "the workflow takes no parameters"
        else:
            remedy = (
                near(name, parameters_by_name).removeprefix("; ")
                or f"it takes {', '.join(sorted(parameters_by_name))}"
            )
        yield Issue("", "unknown-parameter", f"there is no parameter {name!r}: {remedy}")


def no_such_pool(required: Requirements, name: object) -> str:
    """What to say of a pool that the workflow doesn't have."""
    there = f"its pools are {', '.join(required.pools)}" if required.pools else "it has none"
    return f"the workflow has no such pool{near(str(name), required.pools) or f'; {there}'}"


_OR_MARK = ", or annotate it in the task as Annotated[…, Parameter]"


def misfit_issue(path: str, misfit: Misfit) -> Issue:
    """A `with_params` that binds what doesn't fit, or what nobody takes, as an issue."""
    node, name = misfit.node, misfit.name
    if misfit.want is None:
        return _unused(path, misfit)
    expr = node.params[name]
    if isinstance(expr, Const):
        value = thaw(expr.value)
        bound, where = _a(value), _where(name, wrong_part(value, misfit.want.type))
    else:
        bound, where = _a_type(type_of_binding(node, expr)), ""
    return Issue(
        path,
        "parameter-type",
        f"with_params({name}={_binding(expr)}) binds {bound}, but what is inside "
        f"needs {types.full_name_of(misfit.want.type)}{where}",
    )


def _binding(expr: Expr) -> str:
    return brief(thaw(expr.value)) if isinstance(expr, Const) else argument(expr)


def unlike(name: str, value: object, kind: Any, wrong: Wrong, needs: str) -> str:
    """A value that isn't of a type, for messages: `'x', which is a str, but needs date`."""
    complaint = f"{brief(value)}, which is {_a(value)}, but {needs} {types.full_name_of(kind)}"
    return f"{complaint}{_where(name, wrong)}"


def _where(name: str, wrong: Wrong | None) -> str:
    """Which part of a value it is that doesn't fit, if it isn't the value itself."""
    if wrong is not None and wrong.missing is not None:
        return f": {name}{wrong.place} has no {wrong.missing!r}"
    if wrong is None or not wrong.place:
        return ""
    return f": {name}{wrong.place} is {_a(wrong.value)}, not {_a_type(wrong.type)}"


def _a_type(kind: Any) -> str:
    name = types.full_name_of(kind)
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _unused(path: str, misfit: Misfit) -> Issue:
    node, name = misfit.node, misfit.name
    word, kind = ("using", "resource") if name in node.resources else ("with_params", "parameter")
    value = repr(node.resources[name]) if word == "using" else _binding(node.params[name])
    wants = {want.name: want.kind for want in misfit.inside}
    if kind == "parameter" and misfit.bound:
        remedy = ": a with_params further inside binds it"
    elif name in wants:
        remedy = f"; it is a {wants[name]}: write {_GIVEN_BY[word]}({name}=…)"
    else:
        remedy = near(name, wants) or ": take it out, or correct the name"
    message = f"{word}({name}={value}): nothing inside takes a {kind} {name!r}{remedy}"
    return Issue(path, "unused-binding", message, "warning")


_GIVEN_BY = {"with_params": "using", "using": "with_params"}
"""What gives a name that the one word doesn't."""


def _issue(required: Requirements, each: Requirement, rule: str, message: str) -> Issue:
    return Issue(first_use(required.workflow, each), rule, message)


def first_use(w: AnyWorkflow, requirement: Requirement) -> str:
    """The path of the first part that wants what is required."""
    return path_of_use(w, requirement.name, requirement.kind)


def _types(each: Requirement) -> str:
    return " and ".join(map(types.full_name_of, each.types)) or "of any type"


def _a(value: object) -> str:
    """A value's type with its article, and how many items a tuple has."""
    several = cast("tuple[object, ...]", value) if type(value) is tuple else None
    noun = type(cast(Any, value)).__qualname__ if several is None else f"tuple of {len(several)}"
    return f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}"
