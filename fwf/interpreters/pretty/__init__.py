"""A workflow as a tree of text, for people."""

from shutil import get_terminal_size

from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.interpreters.pretty.tree import MIN_WIDTH, Printer

__all__ = ["pretty"]


def pretty(w: AnyWorkflow, /, *, width: int | None = None) -> str:
    """Workflow ⟶ its tree, one combinator or task a line, at most `width` characters wide.

    Without `width` it is as wide as the terminal. `├▸` are steps of a chain, one after another;
    `├─` are parts side by side, arms or handlers; `─` leads from a wrapper to what it wraps.
    What occurs more than once is printed once, as `(1)`, and is `↑ (1)` afterwards; what stands
    too deep to be printed in its place follows below, `↓ (2)`.

    >>> from fwf import branch, const, it, par, pure
    >>> print(pretty(par(it.a, it.b) >> branch(it[0] > 0, then=pure(it[1]), otherwise=const(0))))
    ┌▸ par
    │  ├─ it.a
    │  └─ it.b
    └▸ branch(it[0] > 0)
       ├─ then: it[1]
       └─ otherwise: const(0)
    """
    columns = get_terminal_size().columns if width is None else width
    return Printer(as_workflow(w, "pretty"), max(columns, MIN_WIDTH)).text()
