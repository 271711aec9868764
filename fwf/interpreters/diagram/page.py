"""A picture of a workflow as one HTML page: details on a click, search, zoom. No network."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

from fwf.algebra.counts import count_text, total
from fwf.algebra.nodes import Named, Node, Task
from fwf.display.heads import head, short_source
from fwf.display.ink import safe
from fwf.display.source import source_of
from fwf.durations import short_duration
from fwf.faults import shortened
from fwf.interpreters.diagram.boxes import (
    Badge,
    Box,
    datasets,
    elements,
    hidden_tasks,
    name_of,
    title_of,
)
from fwf.printing import printable
from fwf.types.hints import name_of as type_name

MOST: Final = 600
"""The characters of a source, at most."""
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
)


def page(boxes: list[Box], picture: str) -> str:
    """Boxes, their SVG ⟶ the page."""
    shown = sum(box.kind == "task" for box in boxes)
    name = safe(title_of(boxes[0]))
    tasks = count_text(total([hidden_tasks(boxes)], own=shown), "task")
    return _PAGE.format(
        policy=_POLICY,
        name=name,
        tasks=safe(tasks),
        style=_beside("page.css"),
        picture=picture,
        details=_script_safe(_details(boxes)),
        script=_beside("page.js"),
    )


_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<style>
{style}</style>
<header>
<h1>{name}<small>{tasks}</small></h1>
<span id="count" role="status"></span>
<input id="search" type="search" placeholder="Find a task, path or dataset ( / )" aria-label="Find">
<button id="out" aria-label="Zoom out">−</button>
<button id="in" aria-label="Zoom in">+</button>
<button id="fit">Fit</button>
</header>
<main id="stage">
{picture}</main>
<aside id="panel" aria-live="polite">
<p>Click a box, or press Enter on it, to see what it is.</p>
</aside>
<script type="application/json" id="details">{details}</script>
<script>
{script}</script>
</html>
"""


def _beside(name: str) -> str:
    return files("fwf.interpreters.diagram").joinpath(name).read_text("utf-8")


def _script_safe(value: object) -> str:
    """Value ⟶ JSON that can stand in a script element, whatever texts are in it."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


# Details


def _details(boxes: list[Box]) -> list[dict[str, Any]]:
    """What the panel says of each element, in the order in which they are drawn."""
    elements_shown = list(elements(boxes))
    places = {
        id(each.node): at
        for at, each in enumerate(elements_shown)
        if isinstance(each, Box) and each.kind not in ("again", "more")
    }
    facts = [_of_box(each) if isinstance(each, Box) else _of_badge(each) for each in elements_shown]
    for each, facts_of in zip(elements_shown, facts, strict=True):
        if isinstance(each, Box) and each.kind == "again" and id(each.node) in places:
            facts_of["see"] = places[id(each.node)]
    return facts


def _of_box(box: Box) -> dict[str, Any]:
    rows = [("kind", [box.kind]), ("path", [shortened(box.path) or "–"])]
    if box.hidden:
        rows.append(("not drawn", [count_text(box.hidden, "task")]))
    if box.badges:
        rows.append(("around it", [_whole(badge) for badge in box.badges]))
    if box.kind == "task":
        rows += _contract(box.node)
    if box.kind not in ("again", "more"):
        rows.append(("source", [_source(box.node)]))
    sets = datasets(box.node.contract) if isinstance(box.node, Task) else []
    texts = [shortened(box.path), box.text, *(badge.text for badge in box.badges), *sets]
    return {"title": name_of(box), "rows": rows, "find": "\n".join(texts).lower()}


def _of_badge(badge: Badge) -> dict[str, Any]:
    rows = [("path", [shortened(badge.path) or "–"])]
    if badge.node is None:
        return {"title": badge.text, "rows": rows}
    rows.insert(0, ("kind", [type(badge.node).__name__]))
    if isinstance(badge.node, Named):
        notes = badge.node.notes
        rows += [(printable(key), [short_source(notes[key])]) for key in sorted(notes)]
    rows.append(("source", [_source(badge.node)]))
    return {"title": _whole(badge), "rows": rows}


def _whole(badge: Badge) -> str:
    return badge.text if badge.node is None else head(badge.node)


def _contract(node: Node) -> Iterator[tuple[str, list[str]]]:
    """What a task declares."""
    assert isinstance(node, Task)
    contract = node.contract
    takes = [f"{each.name}: {type_name(each.type)}" for each in contract.inputs]
    injected = [
        f"{each.name}: {type_name(each.type)} ({each.kind}{', optional' if each.optional else ''})"
        for each in contract.injected
    ]
    yield "effect", [contract.effect or "undeclared"]
    for name, values in (
        ("takes", takes),
        ("needs", injected),
        ("gives", [type_name(contract.output)]),
        ("reads", list(contract.reads)),
        ("writes", list(contract.writes)),
        ("version", [node.version]),
        ("defined in", [node.place]),
    ):
        if values:
            yield name, [printable(each) for each in values]
    if contract.duration is not None:
        yield "takes about", [short_duration(contract.duration)]


def _source(node: Node) -> str:
    text = source_of(node, MOST)
    return text if len(text) <= MOST else text[:MOST] + "…"
