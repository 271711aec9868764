"""A workflow as a flowchart in Mermaid."""

import re
from typing import Final

from fwf.algebra.counts import count_text
from fwf.interpreters.diagram.box_order import Arrow, Arrows, kind_of, label_lines
from fwf.interpreters.diagram.boxes import Box, framed, hidden_tasks, outline

_LOOKS: Final = {
    "read": "stroke:#1f6fb2", "idempotent": "stroke:#22794a", "unrepeatable": "stroke:#ba2525",
    "pure": "stroke:#7b8794", "undeclared": "stroke:#cb6e17,stroke-dasharray:2 2",
    "more": "stroke:#7b8794,stroke-dasharray:5 4", "again": "stroke:#7b8794,stroke-dasharray:5 4",
}  # fmt: skip
_SPECIAL: Final = re.compile(r'["#&<>`\\$]')
"""What Mermaid or the Markdown in it might take for more than itself."""


def flowchart(boxes: list[Box]) -> str:
    """Boxes ⟶ a Mermaid flowchart: nested subgraphs, then the arrows in the order of work."""
    flow = Arrows(boxes)
    lines = ["flowchart TB"]
    depth = 1
    for box, opens in outline(boxes[0]):
        if box.parts and not opens:
            depth -= framed(box)
            lines += ["  " * depth + "end"] if framed(box) else []
            continue
        if opens and not box.parts:
            lines.append("  " * depth + _leaf(box))
        elif opens:
            if framed(box):
                lines.append("  " * depth + f'subgraph {box.name} ["{_text(label_lines(box))}"]')
                depth += 1
            for point in flow.points.get(box.name, ()):
                shape = '{"?"}' if point.choice else '(("·"))'
                lines.append("  " * depth + point.name + shape)
    lines += [f"  {_arrow(arrow)}" for arrow in flow.arrows]
    lines += [f"  classDef {name} {look}" for name, look in _LOOKS.items()]
    unseen = hidden_tasks(boxes)
    if unseen:
        lines.append(f"  %% {count_text(unseen, 'task')} not drawn")
    return "\n".join([*lines, ""])


def _leaf(box: Box) -> str:
    kind = kind_of(box)
    before, after = ("[", "]") if box.kind == "task" else ("([", "])")
    look = f":::{kind}" if kind in _LOOKS else ""
    return f'{box.name}{before}"{_text(label_lines(box))}"{after}{look}'


def _arrow(arrow: Arrow) -> str:
    line = "-.->" if arrow.dashed else "-->"
    label = f'|"{_text([arrow.label])}"|' if arrow.label else ""
    return f"{arrow.start} {line}{label} {arrow.end}"


def _text(lines: list[str]) -> str:
    """Lines ⟶ a label between double quotes, in which every character means itself."""
    return "<br/>".join(_SPECIAL.sub(lambda match: f"#{ord(match[0])};", each) for each in lines)
