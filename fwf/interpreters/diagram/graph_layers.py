"""Where the steps of a graph lie: in layers, each below the steps that it waits for.

Longest-path layers of bounded width, ordered by the mean place of their neighbours (Sugiyama,
Tagawa and Toda 1981). An edge that passes a layer has a lane there, so that it crosses no box.
"""

from collections.abc import Iterable
from itertools import pairwise
from math import isqrt
from typing import Final, final

from fwf.interpreters.diagram.boxes import Box

MARGIN: Final = 22
RISE: Final = 36
"""Between the boxes of a layer, and between layers."""
LANE: Final = 4
SWEEPS: Final = 6
MAX_LANES: Final = 3_000
"""Edges that would need more lanes in all go straight from layer to layer, behind the boxes."""


@final
class _Place:
    """A step or a lane in a layer: its width, its centre, and what it is tied to."""

    __slots__ = ("above", "below", "height", "layer", "width", "x")

    def __init__(self, layer: int, width: int, height: int) -> None:
        self.layer, self.width, self.height = layer, width, height
        self.x = 0.0
        self.above: list[_Place] = []
        self.below: list[_Place] = []


def layered(graph: Box) -> tuple[int, int]:
    """Graph ⟶ how wide and tall its steps are together; places them, and routes its edges."""
    heights = _layers_of(graph)
    steps = [
        _Place(layer, part.width, part.height)
        for part, layer in zip(graph.parts, heights, strict=True)
    ]
    layers: list[list[_Place]] = [[] for _ in range(max(heights) + 1)]
    for place in steps:
        layers[place.layer].append(place)
    chains = _lanes(graph, steps, layers)
    _order(layers)
    tops = _place_all(layers)
    bottoms = [
        top + max(place.height for place in layer) for top, layer in zip(tops, layers, strict=True)
    ]
    for place, part in zip(steps, graph.parts, strict=True):
        part.x, part.y = round(place.x - place.width / 2), tops[place.layer]
    ports = _ports(steps)
    graph.routes = [_route(chain, ports, tops, bottoms) for chain in chains]
    return max(part.x + part.width for part in graph.parts), bottoms[-1]


def _layers_of(graph: Box) -> list[int]:
    """Each step's layer: below all that it waits for, and where there is room."""
    most = max(6, isqrt(2 * len(graph.parts)))
    earliest = [0] * len(graph.parts)
    follow: dict[int, list[int]] = {}
    for start, to, _ in graph.edges:
        follow.setdefault(start, []).append(to)
    sizes: list[int] = []
    for at in range(len(earliest)):
        layer = earliest[at]
        while layer < len(sizes) and sizes[layer] >= most:
            layer += 1
        sizes.extend([0] * (layer + 1 - len(sizes)))
        sizes[layer] += 1
        earliest[at] = layer
        for to in follow.get(at, ()):
            earliest[to] = max(earliest[to], layer + 1)
    return earliest


def _lanes(graph: Box, steps: list[_Place], layers: list[list[_Place]]) -> list[list[_Place]]:
    """Edges ⟶ the places that each goes through, tied to one another."""
    needed = sum(steps[to].layer - steps[start].layer - 1 for start, to, _ in graph.edges)
    chains: list[list[_Place]] = []
    for start, to, _ in graph.edges:
        chain = [steps[start]]
        for layer in range(steps[start].layer + 1, steps[to].layer if needed <= MAX_LANES else 0):
            chain.append(_Place(layer, LANE, 0))
            layers[layer].append(chain[-1])
        chain.append(steps[to])
        for upper, lower in pairwise(chain):
            upper.below.append(lower)
            lower.above.append(upper)
        chains.append(chain)
    return chains


def _order(layers: list[list[_Place]]) -> None:
    """Sort each layer by the mean place of its neighbours, downwards and upwards in turn."""
    for layer in layers:
        for at, place in enumerate(layer):
            place.x = at - len(layer) / 2
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            near = [place.below if sweep % 2 else place.above for place in layer]
            means = [_mean(each, place.x) for each, place in zip(near, layer, strict=True)]
            order = sorted(range(len(layer)), key=means.__getitem__)
            layer[:] = [layer[at] for at in order]
            for at, place in enumerate(layer):
                place.x = at - len(layer) / 2


def _mean(places: Iterable[_Place], otherwise: float) -> float:
    centres = [place.x for place in places]
    return sum(centres) / len(centres) if centres else otherwise


def _place_all(layers: list[list[_Place]]) -> list[int]:
    """Give every place its centre, near those of its neighbours ⟶ the layers' tops."""
    for layer in layers:
        _pack(layer, [0.0] * len(layer))
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            _pack(layer, [_mean([*at.above, *at.below], at.x) for at in layer])
    left = min(place.x - place.width / 2 for layer in layers for place in layer)
    tops: list[int] = []
    y = 0
    for layer in layers:
        tops.append(y)
        y += max(place.height for place in layer) + RISE
        for place in layer:
            place.x -= left
    return tops


def _pack(layer: list[_Place], centres: list[float]) -> None:
    """Places as near as can be to the centres wanted for them, in order and apart."""
    end = float("-inf")
    for place, x in zip(layer, centres, strict=True):
        place.x = max(x, end + place.width / 2)
        end = place.x + place.width / 2 + MARGIN
    off = sum(place.x - x for place, x in zip(layer, centres, strict=True)) / len(layer)
    for place in layer:
        place.x -= off


def _route(
    chain: list[_Place], ports: dict[tuple[int, int], int], tops: list[int], bottoms: list[int]
) -> list[tuple[int, int]]:
    """The points of an edge: straight down through layers, and a curve from each to the next."""
    first, *lanes, last = chain
    start, end = ports[id(first), id(chain[1])], ports[id(last), id(chain[-2])]
    points = [(start, tops[first.layer] + first.height), (start, bottoms[first.layer])]
    for lane in lanes:
        points += [(round(lane.x), tops[lane.layer]), (round(lane.x), bottoms[lane.layer])]
    return [*points, (end, tops[last.layer])]


def _ports(steps: list[_Place]) -> dict[tuple[int, int], int]:
    """Where lines meet a box, by the box and what they tie it to: side by side, as these lie."""
    ports: dict[tuple[int, int], int] = {}
    for place in steps:
        for tied in (place.above, place.below):
            apart = min(16, place.width / (len(tied) + 1))
            for rank, to in enumerate(sorted(tied, key=lambda each: each.x)):
                off = (rank - (len(tied) - 1) / 2) * apart
                ports[id(place), id(to)] = round(place.x + off)
    return ports
