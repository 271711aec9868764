"""A workflow as a picture: SVG, an HTML page, Mermaid, DOT."""

from collections.abc import Mapping

from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.interpreters.diagram.box_layout import lay_out
from fwf.interpreters.diagram.boxes import boxes
from fwf.interpreters.diagram.dot_text import digraph
from fwf.interpreters.diagram.mermaid_text import flowchart
from fwf.interpreters.diagram.svg_text import SIGNS, Mark, drawing

__all__ = ["SIGNS", "Mark", "dot", "html", "mermaid", "svg"]


def svg(
    w: AnyWorkflow,
    /,
    *,
    marks: Mapping[str, Mark] | None = None,
    notes: Mapping[str, str] | None = None,
    rest: Mark | None = None,
) -> str:
    """Workflow ⟶ SVG: nested boxes, self-contained, light or dark as its reader prefers.

    Chains go from top to bottom, parts side by side; wrappers are badges on what they wrap. `marks`
    highlight boxes by their paths, as "added", "removed", "changed" or "moved", or by how they went
    in a run: "ok", "failed" and others; `rest` is for tasks that have none, and `notes` are said
    beside marked boxes. At most 12,000 boxes, 32 deep; what occurs again is referred to where it is
    large. The picture says how many tasks it doesn't draw.
    """
    return drawing(lay_out(boxes(as_workflow(w, "svg"))), marks or {}, notes, rest)


def html(w: AnyWorkflow, /, *, marks: Mapping[str, Mark] | None = None) -> str:
    """Workflow ⟶ one HTML page that needs no network: its picture, with details and search.

    A click shows what a box is; the search goes by task, path and dataset, Enter to the next.
    """
    from fwf.interpreters.diagram.page import page  # json and importlib.resources, needed here only

    in_place = lay_out(boxes(as_workflow(w, "html")))
    return page(in_place, drawing(in_place, marks or {}))


def mermaid(w: AnyWorkflow, /) -> str:
    """Workflow ⟶ a Mermaid flowchart, for Markdown. Mermaid itself stops at 500 arrows by default.

    >>> from fwf import it, pure
    >>> print(mermaid(it.total >> pure(it + 1)).partition("  classDef")[0].rstrip())
    flowchart TB
      b1(["it.total"]):::pure
      b2(["pure(it + 1)"]):::pure
      b1 --> b2
    """
    return flowchart(boxes(as_workflow(w, "mermaid")))


def dot(w: AnyWorkflow, /) -> str:
    """Workflow ⟶ DOT, for `dot -Tpdf` and whatever else reads Graphviz.

    >>> from fwf import it, pure
    >>> print(dot(it.total >> pure(it + 1)).partition("]\\n  b")[2])
    1 [label="it.total"]
      b2 [label="pure(it + 1)"]
      b1 -> b2
    }
    <BLANKLINE>
    """
    return digraph(boxes(as_workflow(w, "dot")))
