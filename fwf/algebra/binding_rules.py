"""The laws of `with_params` as rewrite rules, for `fwf.algebra.rules`: what applies, and where not.

`local` is `with_params`, β and γ are bindings, β◁γ those of both, of which the latter win.
"""

from typing import Any

from fwf.algebra.expr import Const, Param
from fwf.algebra.fitting import fits
from fwf.algebra.nodes import Node, Pure, WithParams
from fwf.algebra.totality import is_total
from fwf.algebra.traverse import renamed
from fwf.algebra.types import ANY
from fwf.algebra.values import thaw
from fwf.algebra.wants import expressions_of, subexpressions


def no_binding(node: WithParams[Any, Any]) -> Node | None:
    """local {} w = w."""
    return None if node.params or node.resources else node.body


def nested_bindings(node: WithParams[Any, Any]) -> Node | None:
    """local β (local γ w) = local (β◁γ) w, where γ doesn't read what β binds.

    At most one of them may compute: else the one that fails first might be another. What is
    dropped must be total, since its defect would go with it.

    Not where the outer one binds as a parameter what the inner one renames as a resource: there a
    name without annotation would become the parameter.
    """
    inner = node.body
    if not isinstance(inner, WithParams) or (node.computed and inner.computed):
        return None
    added = [name for name in node.params if name not in inner.params]
    if any(name in inner.resources for name in added) or _reads(inner, node):
        return None
    if not all(name in added or is_total(expr) for name, expr in node.computed):
        return None
    params = inner.params.evolver()
    for name in added:
        params[name] = node.params[name]
    resources = renamed(node.resources, inner.resources) if node.resources else inner.resources
    return WithParams(inner.body, params.persistent(), resources)


def _reads(inner: WithParams[Any, Any], outer: WithParams[Any, Any]) -> bool:
    """Whether what the inner one computes reads a parameter that the outer one binds."""
    parts = (part for expr in expressions_of(inner) for part in subexpressions(expr))
    return any(isinstance(part, Param) and part.name in outer.params for part in parts)


def bound_parameter(node: WithParams[Any, Any]) -> Node | None:
    """local β (param k) = pure β[k], where the rest of β is total and β[k] of k's type."""
    body = node.body
    if not (isinstance(body, Pure) and isinstance(body.expr, Param)):
        return None
    name, kind = body.expr.name, body.expr.type
    if name not in node.params:
        return None
    expr = node.params[name]
    sure = fits(thaw(expr.value), kind) if isinstance(expr, Const) else kind is ANY
    others = [other for at, other in node.computed if at != name]
    return Pure(expr) if sure and all(map(is_total, others)) else None
