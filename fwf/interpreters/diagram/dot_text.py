"""A workflow as a graph in DOT, for Graphviz."""

from typing import Final

from fwf.algebra.counts import count_text
from fwf.interpreters.diagram.box_order import Arrow, Arrows, Point, kind_of, label_lines
from fwf.interpreters.diagram.boxes import Box, framed, hidden_tasks, outline

_COLOURS: Final = {
    "read": "#1f6fb2", "idempotent": "#22794a", "unrepeatable": "#ba2525", "pure": "#7b8794",
    "undeclared": "#cb6e17",
}  # fmt: skip
_HEAD: Final = (
    "digraph workflow {",
    '  graph [fontname="Helvetica", fontsize=12, style="rounded", color="#9aa5b1", labeljust=l]',
    '  node [shape=box, style="rounded", fontname="Helvetica", fontsize=11, color="#9aa5b1"]',
    '  edge [fontname="Helvetica", fontsize=10, color="#616e7c"]',
)


def digraph(boxes: list[Box]) -> str:
    """Boxes ⟶ DOT: nested clusters, then the arrows in the order of work."""
    flow = Arrows(boxes)
    lines: list[str] = [*_HEAD]
    depth = 1
    for box, opens in outline(boxes[0]):
        if opens and not box.parts:
            lines.append("  " * depth + _leaf(box))
        elif not opens and box.parts and framed(box):
            depth -= 1
            lines.append("  " * depth + "}")
        elif opens:
            if framed(box):
                lines.append("  " * depth + f"subgraph cluster_{box.name} {{")
                depth += 1
                lines.append("  " * depth + f"label={_text(label_lines(box))}")
            lines += ["  " * depth + _point(each) for each in flow.points.get(box.name, ())]
    lines += [f"  {_arrow(arrow)}" for arrow in flow.arrows]
    unseen = hidden_tasks(boxes)
    if unseen:
        lines.append(f"  // {count_text(unseen, 'task')} not drawn")
    return "\n".join([*lines, "}", ""])


def _leaf(box: Box) -> str:
    look = [f"label={_text(label_lines(box))}"]
    if box.kind == "task":
        look.append(f'color="{_COLOURS[kind_of(box)]}", style="rounded,bold"')
    elif box.kind in ("more", "again"):
        look.append('style="rounded,dashed"')
    return f"{box.name} [{', '.join(look)}]"


def _point(point: Point) -> str:
    look = 'shape=diamond, style="", label="?"' if point.choice else "shape=point"
    return f"{point.name} [{look}]"


def _arrow(arrow: Arrow) -> str:
    look = [f"label={_text([arrow.label])}"] if arrow.label else []
    look += ["style=dashed"] if arrow.dashed else []
    return f"{arrow.start} -> {arrow.end}" + (f" [{', '.join(look)}]" if look else "")


def _text(lines: list[str]) -> str:
    """Lines ⟶ a quoted label, in which every character means itself."""
    escaped = (
        line.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines
    )
    return '"' + "\\n".join(escaped) + '"'
