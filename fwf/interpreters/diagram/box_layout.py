"""Where boxes lie: chains from top to bottom, parts side by side, graphs in layers."""

from math import ceil, isqrt
from typing import Final

from fwf.algebra.nodes import Named, Task
from fwf.display.ink import BOLD, fitted, width_of
from fwf.interpreters.diagram.boxes import Box, datasets, framed
from fwf.interpreters.diagram.graph_layers import layered

PAD: Final = 10
GAP: Final = 14
STEP: Final = 20
"""Between the steps of a chain, where an arrow goes."""
ASIDE: Final = 40
"""Between a part and its fallback, where an arrow goes."""
LABEL: Final = 18
ROW: Final = 21
"""The height of what is said above a box, and of a row of badges on it."""
RIM: Final = 7
"""By how much a stack sticks out behind its box."""
TURN: Final = 16
"""The room for a loop's arrow."""
MOST: Final = 250
"""The width that text may give a box; more than that is elided."""
COLUMN, SHELF = 1000, 1400
"""How tall a chain, and how wide a row of parts, may grow before it goes on beside or below."""
ASPECT: Final = 1.5


def lay_out(boxes: list[Box]) -> list[Box]:
    """Boxes ⟶ the same, each given its place in the picture. Explicit order, no recursion."""
    for box in reversed(boxes):
        if box.parts:
            _frame(box)
        else:
            _leaf(box)
    boxes[0].x = boxes[0].y = 0
    for box in boxes:
        for part in box.parts:
            part.x += box.x
            part.y += box.y
    return boxes


def inner(box: Box) -> tuple[int, int, int, int]:
    """The frame of a box, without its label and what sticks out: x, y, width, height."""
    top = LABEL if box.label else 0
    rim = RIM if box.stacks() else 0
    return box.x, box.y + top + rim, box.width - rim, box.height - top - rim


def _leaf(box: Box) -> None:
    task = box.node if isinstance(box.node, Task) and box.kind == "task" else None
    most = MOST - 2 * PAD
    if task is None:
        box.lines = [("said", fitted(box.text, most, 12))]
        width = ceil(width_of(box.lines[0][1], 12))
    else:
        width = _task(box, task)
    _badges(box, most)
    width = max(40, width, _row_width(box)) + 2 * PAD
    lines = len(box.lines) - (task is not None)  # name and effect share one
    turn = TURN if box.loops() else 0
    _outer(box, width + turn, len(box.rows) * ROW + 16 * lines + 12)


def _task(box: Box, task: Task[object, object]) -> int:
    """The lines of a task: its name and effect, what it reads, what it writes."""
    contract, most = task.contract, MOST - 2 * PAD
    effect = contract.effect or "undeclared"
    side = width_of(effect, 10.5) + 12
    name = fitted(box.text, (most - side) / BOLD, 13)
    box.lines = [("name", name), ("effect", effect)]
    box.lines += [("data", fitted(line, most, 11)) for line in datasets(contract)]
    wide = [width_of(text, 11) for kind, text in box.lines if kind == "data"]
    return ceil(max(width_of(name, 13) * BOLD + side, *wide, 0.0))


def _badges(box: Box, most: int) -> None:
    """Badges in rows, none wider than there is room for."""
    box.rows = []
    at = most + 1
    for badge in box.badges:
        bold = BOLD if isinstance(badge.node, Named) else 1.0
        text = fitted(badge.text, (most - 14) / bold, 11)
        width = ceil(width_of(text, 11) * bold) + 14
        if at + width > most:
            box.rows.append([])
            at = 0
        box.rows[-1].append((text, width))
        at += width + 5


def _row_width(box: Box) -> int:
    return max((sum(width + 5 for _, width in row) - 5 for row in box.rows), default=0)


def _word(box: Box, most: int) -> int:
    """Put a frame's word beside its last badges, or below them ⟶ how wide it is there."""
    if not box.text:
        return 0
    room = sum(width + 5 for _, width in box.rows[-1]) if box.rows else 0
    whole = room + ceil(width_of(box.text, 12) * BOLD)
    beside = whole <= most
    text = box.text if beside else fitted(box.text, most / BOLD, 12)
    box.lines = [("word", text)]
    box.word_at = (room, max(0, len(box.rows) - 1)) if beside else (0, len(box.rows))
    return whole if beside else ceil(width_of(text, 12) * BOLD)


def _head(box: Box) -> int:
    """How much of a frame's height its badges and its word take."""
    rows = max(len(box.rows), box.word_at[1] + 1 if box.lines else 0)
    return ROW * rows + (4 if rows else 0)


def _frame(box: Box) -> None:
    """A box around others: its parts in their places within it, and its own size."""
    wide, tall = _arrange(box)
    if not framed(box):
        _outer(box, wide, tall)
        _shift(box, 0, LABEL if box.label else 0)
        return
    most = max(wide, MOST - 2 * PAD)
    _badges(box, most)
    width = max(wide, _word(box, most), _row_width(box))
    head = _head(box)
    turn = TURN if box.loops() else 0
    _outer(box, width + 2 * PAD + turn, tall + head + 2 * PAD)
    top = (LABEL if box.label else 0) + (RIM if box.stacks() else 0)
    _shift(box, PAD + (width - wide) // 2, top + PAD + head)


def _outer(box: Box, width: int, height: int) -> None:
    """The size of a box with its label and what sticks out."""
    label = width_of(fitted(box.label, MOST, 11), 11) * BOLD if box.label else 0
    rim = RIM if box.stacks() else 0
    box.width = max(width, ceil(label) - rim) + rim
    box.height = height + rim + (LABEL if box.label else 0)


def _shift(box: Box, right: int, down: int) -> None:
    for part in box.parts:
        part.x += right
        part.y += down
    box.routes = [[(x + right, y + down) for x, y in route] for route in box.routes]


# The parts of a box, from (0, 0) on


def _arrange(box: Box) -> tuple[int, int]:
    """Give the parts their places ⟶ how wide and tall they are together."""
    match box.kind:
        case "seq" | "always":
            return _columns(box)
        case "graph":
            return layered(box)
        case "fallback" | "aside":
            return _shelves(box.parts, ASIDE)
        case _:
            return _shelves(box.parts, GAP)


def _columns(box: Box) -> tuple[int, int]:
    """One below the other; a long chain in several columns, and a lane for arrows between two."""
    parts = box.parts
    widest = max(part.width for part in parts)
    total = sum(part.height + STEP for part in parts) - STEP
    most = max(COLUMN, isqrt(int(total * (widest + 2 * STEP) / ASPECT)))
    columns: list[list[Box]] = [[]]
    y = 0
    for part in parts:
        if columns[-1] and len(parts) > 6 and y + part.height > most:
            columns.append([])
            y = 0
        columns[-1].append(part)
        part.y = y
        y += part.height + STEP
    x = 0
    box.routes = []
    for column in columns:
        if x:
            box.routes.append([(x - STEP, 0)])
        middle = max(_middle(part) for part in column)
        for part in column:
            part.x = x + middle - _middle(part)
        x = max(part.x + part.width for part in column) + 2 * STEP
    return x - 2 * STEP, max(part.y + part.height for part in parts)


def _middle(box: Box) -> int:
    """How far from its left edge an arrow meets a box."""
    return (box.width - (RIM if box.stacks() else 0)) // 2


def _shelves(parts: list[Box], gap: int) -> tuple[int, int]:
    """Side by side; very many in several rows."""
    area = sum((part.width + gap) * (part.height + GAP) for part in parts)
    most = max(SHELF, isqrt(int(area * ASPECT)), *(part.width for part in parts))
    x = y = tall = wide = 0
    for part in parts:
        if x and x + part.width > most:
            x, y, tall = 0, y + tall + GAP, 0
        part.x, part.y = x, y
        x += part.width + gap
        tall, wide = max(tall, part.height), max(wide, x - gap)
    return wide, y + tall
