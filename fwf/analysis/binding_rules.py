"""The laws of `with_params` as rewrite rules, among others: what applies, and where not.

`local` is `with_params`, β and γ are bindings, β◁γ those of both, of which the latter win.
"""

from collections.abc import Iterable
from typing import Any, Final

from pyrsistent import pmap

from fwf.algebra.expr import Const, Param
from fwf.algebra.nodes import Node, WithParams
from fwf.algebra.subexpressions import expressions_of, subexpressions
from fwf.algebra.traverse import merged, renamed
from fwf.analysis.totality import is_total

MOST: Final = 64
"""Of more bindings than this right inside of each other, the inner ones aren't looked at."""


def no_binding(node: WithParams[Any, Any]) -> Node | None:
    """local {} w = w."""
    return None if node.params or node.resources else node.body


def hidden_binding(node: WithParams[Any, Any]) -> Node | None:
    """local (k=f, β) (local (k=g, γ) w) = local β (local (k=g, γ) w), if nothing between reads k.

    What is dropped must be total, since its defect would go with it.
    """
    inside = _levels(node)
    visible = {k: f for k, f in node.params.items() if not (is_total(f) and _is_hidden(k, inside))}
    if len(visible) == len(node.params):
        return None
    return WithParams(node.body, pmap(visible), node.resources)


def _levels(node: WithParams[Any, Any]) -> list[WithParams[Any, Any]]:
    """The bindings right inside of others."""
    levels = list[WithParams[Any, Any]]()
    inner: Node = node.body
    while isinstance(inner, WithParams) and len(levels) < MOST:
        levels.append(inner)
        inner = inner.body
    return levels


def _is_hidden(name: str, inside: Iterable[WithParams[Any, Any]]) -> bool:
    """Whether some of these bind a name anew before anything could read it."""
    for inner in inside:
        if name in _read_by(inner) or name in inner.resources:
            return False
        if name in inner.params:
            return True
    return False


def nested_bindings(node: WithParams[Any, Any]) -> Node | None:
    """local β (local γ w) = local (β◁γ) w, where γ doesn't read what β binds.

    At most one of them may compute: else the one that fails first might be another. Nor may they
    bind the same: `hidden_binding` drops what it may.

    Not where the outer one binds as a parameter what the inner one renames as a resource: there a
    name without annotation would become the parameter.
    """
    inner = node.body
    if not isinstance(inner, WithParams) or (node.computed and inner.computed):
        return None
    if any(name in inner.params or not _passes(name, inner) for name in node.params):
        return None
    resources = renamed(node.resources, inner.resources) if node.resources else inner.resources
    return WithParams(inner.body, merged(node.params, inner.params), resources)


def constants_inside(node: WithParams[Any, Any]) -> Node | None:
    """local (β, δ) (local γ w) = local β (local (δ◁γ) w), if δ is constant and γ doesn't read it.

    It says where constants stand between bindings that can't be put together: as far inside as
    they may.
    """
    left = list[WithParams[Any, Any]]()
    outer: WithParams[Any, Any] = node
    while isinstance(inner := outer.body, WithParams) and len(left) < MOST:
        constants = {
            name: expr
            for name, expr in outer.params.items()
            if isinstance(expr, Const) and name not in inner.params and _passes(name, inner)
        }
        if not constants:
            break
        stays = {name: expr for name, expr in outer.params.items() if name not in constants}
        left.append(WithParams(inner, pmap(stays), outer.resources))
        outer = WithParams(inner.body, merged(inner.params, constants), inner.resources)
    if not left:
        return None
    for level in reversed(left):
        outer = WithParams(outer, level.params, level.resources)
    return outer


def _passes(name: str, inner: WithParams[Any, Any]) -> bool:
    """Whether it is all the same to a binding if a parameter is bound outside or beside it."""
    return name not in inner.resources and name not in _read_by(inner)


def _read_by(inner: WithParams[Any, Any]) -> set[str]:
    """The parameters that what a binding computes reads."""
    parts = (part for expr in expressions_of(inner) for part in subexpressions(expr))
    return {part.name for part in parts if isinstance(part, Param)}
