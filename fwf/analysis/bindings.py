"""Does what a `with_params` binds fit what is inside it, by its types and by its values?"""

from typing import Any, TypeAlias

from fwf.algebra.expr import IT, argument
from fwf.algebra.nodes import WithParams
from fwf.analysis.requirements import misfit_issue, unlike
from fwf.analysis.wants import binds, clash, misfits_of, open_in, places
from fwf.secrets import masked
from fwf.types.fitting import wrong_part
from fwf.types.hints import meet, name_of
from fwf.worlds.unknown import Unknown, unknown_in

Wanted: TypeAlias = dict[str, tuple[Any, ...]]
"""The types that what is inside wants a name as, each once."""


def check(node: WithParams[Any, Any]) -> None:
    """Raise `TypeError` for names that nobody inside takes, and for types that don't fit."""
    inside = open_in(node.body)
    if not any(True for _ in misfits_of(node, inside, ())):
        return
    bound = {
        name
        for here in places(node.body)
        if isinstance(here.node, WithParams)
        for name in here.node.params
    }
    wrong = misfits_of(node, inside, bound)
    raise TypeError("; ".join(misfit_issue("", one).message for one in wrong))


def accepts(node: WithParams[Any, Any]) -> Any:
    """The type that a node takes: its part's, and that of a parameter which is bound to `it`."""
    kinds = [
        want.type
        for want in open_in(node.body).values()
        if binds(node, want) and node.params[want.name] == IT
    ]
    return meet([node.edge.accepts, *kinds])


def expected_types(node: WithParams[Any, Any]) -> Wanted:
    """Node ⟶ what the names that it computes are wanted as."""
    types_by_name: Wanted = {name: () for name, _ in node.computed}
    for want in open_in(node.body).values():
        if (
            want.name in types_by_name
            and binds(node, want)
            and want.type not in types_by_name[want.name]
        ):
            types_by_name[want.name] += (want.type,)
    return types_by_name


def unfit(node: WithParams[Any, Any], values: dict[str, Any], types_by_name: Wanted) -> str:
    """Computed values by name, what they are wanted as ⟶ what is wrong; empty if they fit.

    Of what isn't known before the run, the type has to fit.
    """
    problems: list[str] = []
    for name, value in values.items():
        for kind in types_by_name[name]:
            problem = _unfit(name, value, kind)
            if problem:
                bound = f"with_params({name}={argument(node.params[name])})"
                problems.append(f"{bound} gives {problem}")
                break
    return "; ".join(problems)


def _unfit(name: str, value: Any, kind: Any) -> str:
    needs = "what is inside needs"
    if isinstance(value, Unknown):
        problem = f"some {name_of(value.type)}, but {needs} {name_of(kind)}"
        return problem if clash(value.type, kind) else ""
    wrong = wrong_part(value, kind)
    if wrong is None or unknown_in(value) is not None:
        return ""
    return masked(unlike(name, value, kind, wrong, needs))
