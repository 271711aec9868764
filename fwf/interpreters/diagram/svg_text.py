"""A workflow as a picture in SVG: boxes in boxes, self-contained, in light and in dark."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from fwf.algebra.counts import count_text
from fwf.algebra.nodes import Named, Task
from fwf.display.heads import head
from fwf.display.ink import BOLD, attribute, fitted, safe, style, width_of
from fwf.faults import shortened
from fwf.interpreters.diagram.box_layout import (
    MOST,
    PAD,
    RIM,
    ROW,
    inner,
)
from fwf.interpreters.diagram.boxes import Badge, Box, framed, hidden_tasks, title_of

Mark: TypeAlias = Literal[
    "added", "removed", "changed", "moved",
    "ok", "kept", "failed", "cut", "running", "died", "held", "redo", "unreached",
]  # fmt: skip
"""How a part differs from another workflow's; or how it went in a run. `kept` was done by an
earlier try, `held` waits for a person's decision, `redo` is to be done again."""
SIGNS: Final[dict[Mark, str]] = {
    "added": "+", "removed": "−", "changed": "~", "moved": "→",
    "ok": "✓", "kept": "=", "failed": "×", "cut": "/", "running": "▸", "died": "†", "held": "?",
    "redo": "↻", "unreached": "",
}  # fmt: skip
"""What stands beside a mark's colour, for those who don't see it, and on paper."""
EDGE: Final = 16
"""The paper's margin."""
_SHARED: Final = frozenset({"seq", "graph", "fallback", "always", "aside"})
"""What adds nothing to a path, which is then that of the first part in it."""
_LIGHT: Final = """
& .edge{fill:#f7f9fb;stroke:#9aa5b1}& .even>.edge{fill:#fff}
& .task .edge{fill:#fff;stroke:#7b8794}& .stack{fill:#f5f7fa;stroke:#9aa5b1}
& .pure .edge,& .delay .edge,& .fail .edge{fill:#eef1f5;stroke:#cbd2d9}
& .again .edge,& .more .edge{fill-opacity:0;stroke-dasharray:4 3}
& .badge rect{fill:#dce4ee}& .badge text{font-size:11px;fill:#323f4b}
& .badge.named rect{fill:#323f4b}& .badge.named text{fill:#fff;font-weight:600}
& .name{font-size:13px;font-weight:600}& .word{font-weight:600;fill:#52606d}
& .label{font-size:11px;font-weight:600;fill:#52606d}& .data{font-size:11px;fill:#52606d}
& .effect{font-size:10.5px}& .flow{fill:none;stroke:#616e7c;stroke-width:1.3}
& .after{stroke-dasharray:4 3}& .note{fill:#616e7c}
& .pure .said,& .delay .said{fill:#52606d}& .fail .said{fill:#ba2525}
& .of-pure{fill:#616e7c}& .of-read{fill:#1f6fb2}& .of-idempotent{fill:#22794a}
& .of-unrepeatable{fill:#ba2525}& .of-undeclared{fill:#9c4f0f}
& .marked>.edge{stroke-width:3}& .sign{font-size:13px;font-weight:700;fill:#fff}
& .marked.added>.edge{stroke:#22794a}& .added>.disc{fill:#22794a}
& .marked.removed>.edge{stroke:#ba2525;stroke-dasharray:6 3}& .removed>.disc{fill:#ba2525}
& .marked.changed>.edge{stroke:#9c4f0f}& .changed>.disc{fill:#9c4f0f}
& .marked.moved>.edge{stroke:#1f6fb2}& .moved>.disc{fill:#1f6fb2}
"""
_DARK: Final = """
& .edge{fill:#1f242a;stroke:#616e7c}& .even>.edge{fill:#191d22}
& .task .edge{fill:#272d35;stroke:#7b8794}& .stack{fill:#1b1f24;stroke:#616e7c}
& .pure .edge,& .delay .edge,& .fail .edge{fill:#2a3038;stroke:#3e4c59}
& .badge rect{fill:#3e4c59}& .badge text{fill:#e4e7eb}
& .badge.named rect{fill:#cbd2d9}& .badge.named text{fill:#1f2933}
& .word,& .label,& .data,& .note,& .pure .said,& .delay .said{fill:#9aa5b1}
& .flow{stroke:#9aa5b1}& .fail .said{fill:#ff9b9b}
& .of-pure{fill:#9aa5b1}& .of-read{fill:#7fb2e5}& .of-idempotent{fill:#6fcf97}
& .of-unrepeatable{fill:#ff9b9b}& .of-undeclared{fill:#f0b429}
& .marked.added>.edge{stroke:#6fcf97}& .marked.removed>.edge{stroke:#ff9b9b}
& .marked.changed>.edge{stroke:#f0b429}& .marked.moved>.edge{stroke:#7fb2e5}
"""

_RAN_LIGHT: Final = """
& .marked.ok>.edge{stroke:#22794a}& .ok>.disc{fill:#22794a}
& .marked.kept>.edge{stroke:#22794a;stroke-width:1.5}& .kept>.disc{fill:#22794a}
& .marked.failed>.edge{stroke:#ba2525}& .failed>.disc{fill:#ba2525}
& .marked.died>.edge{stroke:#ba2525;stroke-dasharray:6 3}& .died>.disc{fill:#ba2525}
& .marked.cut>.edge{stroke:#9c4f0f;stroke-dasharray:6 3}& .cut>.disc{fill:#9c4f0f}
& .marked.held>.edge{stroke:#9c4f0f}& .held>.disc{fill:#9c4f0f}
& .marked.running>.edge{stroke:#1f6fb2}& .running>.disc{fill:#1f6fb2}
& .marked.redo>.edge{stroke:#1f6fb2;stroke-dasharray:6 3}& .redo>.disc{fill:#1f6fb2}
& .marked.unreached>.edge{stroke-width:1;stroke-dasharray:2 3}
& .unreached>.name,& .unreached>.effect,& .unreached>.data{fill:#616e7c}
& .many{font-size:10px;fill:#323f4b;stroke:#fff;stroke-width:3;paint-order:stroke}
"""
_RAN_DARK: Final = """
& .marked.ok>.edge,& .marked.kept>.edge{stroke:#6fcf97}
& .marked.failed>.edge,& .marked.died>.edge{stroke:#ff9b9b}
& .marked.cut>.edge,& .marked.held>.edge{stroke:#f0b429}
& .marked.running>.edge,& .marked.redo>.edge{stroke:#7fb2e5}
& .unreached>.name,& .unreached>.effect,& .unreached>.data{fill:#9aa5b1}
& .many{fill:#e4e7eb;stroke:#1b1f24}
"""


def drawing(
    boxes: list[Box],
    marks: Mapping[str, Mark],
    notes: Mapping[str, str] | None = None,
    rest: Mark | None = None,
) -> str:
    """Boxes in their places, marks by path, what is said beside them ⟶ SVG.

    rest: how tasks are marked that have no mark.
    """
    root, unseen = boxes[0], hidden_tasks(boxes)
    width, height = root.width + 2 * EDGE, root.height + 2 * EDGE + (20 if unseen else 0)
    width = max(width, 300 if unseen else 0)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} class="workflow" role="img" '
        f"aria-label={attribute(title_of(root))}>",
        f"<style>{_style(marks.values(), rest)}</style>",
        f'<rect class="paper" width="{width}" height="{height}" fill="#fff"/>',
        f'<g class="drawing" transform="translate({EDGE} {EDGE})">',
    ]
    for box in boxes:
        path = _path_of_mark(box, marks) if marks else None
        other = rest if box.kind == "task" else None
        parts += _group(box, other if path is None else marks[path])
        if path is not None and notes and path in notes:
            parts.insert(-1, _many(box, notes[path]))
    parts.append("</g>")
    if unseen:
        text = f"{count_text(unseen, 'task')} not drawn"
        parts.append(f'<text class="note" x="{EDGE}" y="{height - 12}">{text}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _style(marks: Iterable[Mark], rest: Mark | None) -> str:
    """The style sheet; the rules for how parts went only where some are marked so."""
    if rest is None and {"added", "removed", "changed", "moved"}.issuperset(marks):
        return style("workflow", _LIGHT, _DARK)
    return style("workflow", _LIGHT + _RAN_LIGHT, _DARK + _RAN_DARK)


def _path_of_mark(box: Box, marks: Mapping[str, Mark]) -> str | None:
    """The path by which a box is marked."""
    paths = [badge.path for badge in box.badges if isinstance(badge.node, Named)]
    if box.kind not in _SHARED:
        paths.append(box.path)
    return next((path for path in paths if path in marks), None)


# Boxes


def _group(box: Box, mark: Mark | None) -> list[str]:
    """One box: its frame, its words, and the arrows between the boxes in it."""
    marked = f" marked {mark}" if mark else ""
    even = "" if box.depth % 2 else " even"
    if framed(box):
        about = f'data-kind="{box.kind}" data-path={attribute(shortened(box.path))}'
        parts = [
            f'<g class="box {box.kind}{even}{marked}" {about}>',
            f"<title>{tooltip(box)}</title>",
        ]
    else:
        parts = ['<g class="chain">']
    if box.label:
        text = safe(fitted(box.label, MOST, 11))
        parts.append(f'<text class="label" x="{box.x}" y="{box.y + 12}">{text}</text>')
    if framed(box):
        parts += _frame(box)
    if box.parts:
        parts += _arrows(box)
    if mark and SIGNS[mark]:
        x, y, width, _ = inner(box)
        at = f'cx="{x + width - 4}" cy="{y + 2}"'
        sign = f'x="{x + width - 4}" y="{y + 6.5}" text-anchor="middle"'
        parts.append(f'<circle class="disc" {at} r="8"/>')
        parts.append(f'<text class="sign" {sign}>{SIGNS[mark]}</text>')
    parts.append("</g>")
    return parts


def _many(box: Box, note: str) -> str:
    """What is said of a marked box, above its right corner: how many of its items are fine, say."""
    x, y, width, _ = inner(box)
    at = f'x="{x + width - 16}" y="{y - 2}" text-anchor="end"'
    return f'<text class="many" {at}>{safe(fitted(note, MOST, 10))}</text>'


def _frame(box: Box) -> list[str]:
    x, y, width, height = inner(box)
    size = f'width="{width}" height="{height}" rx="6"'
    parts = [
        f'<rect class="stack" x="{x + off}" y="{y - off}" {size}/>'
        for off in ((RIM, RIM // 2) if box.stacks() else ())
    ]
    parts.append(f'<rect class="edge" x="{x}" y="{y}" {size}/>')
    top = y + (PAD if box.parts else 7)
    for row, badges in enumerate(_rows(box)):
        left = x + PAD
        for badge, (text, wide) in zip(badges, box.rows[row], strict=True):
            parts.append(_badge(badge, text, left, top, wide))
            left += wide + 5
        top += ROW
    if box.kind == "task":
        parts += _task(box, x, top, width)
    elif box.lines:
        parts.append(_text_line(box, x, y))
    if box.loops():
        parts.append(_turn(x + width, y, height))
    return parts


def _rows(box: Box) -> list[list[Badge]]:
    """The badges in their rows."""
    rows, at = list[list[Badge]](), 0
    for row in box.rows:
        rows.append(box.badges[at : at + len(row)])
        at += len(row)
    return rows


def _badge(badge: Badge, text: str, x: int, y: int, width: int) -> str:
    kind = type(badge.node).__name__.lower() if badge.node is not None else "more"
    full = head(badge.node) if badge.node is not None else badge.text
    return (
        f'<g class="badge {safe(kind)}" data-kind="{safe(kind)}" '
        f"data-path={attribute(shortened(badge.path))}>"
        f"<title>{safe(full)}</title>"
        f'<rect x="{x}" y="{y}" width="{width}" height="17" rx="8.5"/>'
        f'<text x="{x + 7}" y="{y + 12.5}">{safe(text)}</text></g>'
    )


def _task(box: Box, x: int, top: int, width: int) -> list[str]:
    """A task's name and effect on one line, its datasets below."""
    (_, name), (_, effect), *data = box.lines
    height = 16 * (1 + len(data)) - 2
    right = x + width - PAD - (16 if box.loops() else 0)
    return [
        f'<rect class="of-{effect}" x="{x + 3}" y="{top}" width="3" height="{height}" rx="1.5"/>',
        f'<text class="name" x="{x + PAD}" y="{top + 12.5}">{safe(name)}</text>',
        f'<text class="effect of-{effect}" x="{right}" y="{top + 12.5}" '
        f'text-anchor="end">{effect}</text>',
        *(
            f'<text class="data" x="{x + PAD}" y="{top + 28 + 16 * at}">{safe(text)}</text>'
            for at, (_, text) in enumerate(data)
        ),
    ]


def _text_line(box: Box, x: int, y: int) -> str:
    """A frame's word beside its badges, or what a leaf says below them."""
    right, row = box.word_at if box.parts else (0, len(box.rows))
    top = y + (PAD if box.parts else 7) + row * ROW
    ((kind, text),) = box.lines
    at = f'x="{x + PAD + right}" y="{top + 12.5}"'
    return f'<text class="{kind}" {at}>{safe(text)}</text>'


def tooltip(box: Box) -> str:
    """What a box says when pointed at, as XML: where it stands, what it is, what it touches."""
    lines = [shortened(box.path), box.text]
    if isinstance(box.node, Task) and box.kind == "task":
        contract = box.node.contract
        lines += [
            f"effect: {contract.effect or 'undeclared'}",
            *(f"← {each}" for each in contract.reads),
            *(f"→ {each}" for each in contract.writes),
        ]
    return "\n".join(map(safe, filter(None, lines)))


# Arrows


def _arrows(box: Box) -> list[str]:
    match box.kind:
        case "seq":
            path = _chain(box)
            return [f'<path class="flow" d="{path}"/>'] if path else []
        case "always":
            return [f'<path class="flow after" d="{_down(*box.parts)}"/>']
        case "fallback" | "aside":
            first, *others = box.parts
            return [f'<path class="flow after" d="{_aside(first, each)}"/>' for each in others]
        case "graph":
            return [
                f'<path class="flow{"" if data else " after"}" d="{_route(box, route)}"/>'
                for route, (_, _, data) in zip(box.routes, box.edges, strict=True)
            ]
        case _:
            return []


def _middle(box: Box) -> int:
    x, _, width, _ = inner(box)
    return x + width // 2


def _chain(box: Box) -> str:
    """From each step down to the next or, where a new column begins, up along the lane to it."""
    lanes = [box.x + x for ((x, _),) in box.routes]
    commands: list[str] = []
    for one, other in pairwise(box.parts):
        if other.y > one.y:
            commands.append(_down(one, other))
        else:
            x1, y1, x2, y2 = _middle(one), one.y + one.height, _middle(other), other.y
            lane = f"v7H{lanes.pop(0)}V{y2 - 7}H{x2}V{y2}"
            commands.append(f"M{x1} {y1}{lane}{_tip(x2, y2)}")
    return "".join(commands)


def _down(one: Box, other: Box) -> str:
    """From a box to the one below, past its label if that leaves room."""
    x1, y1, x2, y2 = _middle(one), one.y + one.height, _middle(other), other.y
    if other.label and width_of(other.label, 11) * BOLD < x2 - other.x - 8:
        y2 = inner(other)[1]
    line = f"V{y2}" if x1 == x2 else f"L{x2} {y2}"
    return f"M{x1} {y1}{line}{_tip(x2, y2)}"


def _tip(x: int, y: int) -> str:
    """An arrow's head, pointing down."""
    return f"M{x - 4} {y - 6}L{x} {y - 0.5}L{x + 4} {y - 6}"


def _aside(one: Box, other: Box) -> str:
    """From a part to its fallback on the right, or below where there is no room."""
    x1, y1, width, height = inner(one)
    x2, y2, _, tall = inner(other)
    if x2 < x1 + width:
        return _down(one, other)
    y = max(y1, y2) + min(height, tall) // 2
    return f"M{x1 + width} {y}H{x2}M{x2 - 6} {y - 4}l5.5 4l-5.5 4"


def _route(box: Box, route: list[tuple[int, int]]) -> str:
    points = [(box.x + x, box.y + y) for x, y in route]
    (x, y), *others = points
    commands = [f"M{x} {y}"]
    for at, (to, down) in enumerate(others):
        if at % 2 == 0:  # within a layer
            commands.append(f"V{down}")
        else:
            half = (y + down) // 2
            commands.append(f"C{x} {half} {to} {half} {to} {down}")
        x, y = to, down
    return "".join(commands) + _tip(x, y)


def _turn(right: int, y: int, height: int) -> str:
    """The arrow of a loop: back up, inside the right edge."""
    top, bottom = y + 10, y + height - 10
    bend = f"M{right - 15} {bottom}h4q4 0 4 -4V{top + 4}q0 -4 -4 -4h-5"
    return f'<path class="flow" d="{bend}m4.5 -3.5l-4.5 3.5l4.5 3.5"/>'
