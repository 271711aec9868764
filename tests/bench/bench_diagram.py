"""Pictures: SVG of 1,000 and of 10,000 tasks, beside as many lines joined by hand."""

from functools import partial

from fwf import par, seq, task
from fwf.interpreters.diagram import dot, html, mermaid, svg

from .measure import best, report


@task(effect="idempotent", reads=["s3://bucket/in"], writes=["redshift://dw/sales"])
def copy(n: object) -> object: ...


@task
def step(n: object) -> object: ...


def by_hand(boxes: int) -> str:
    """As many rectangles with a text in each, in places known beforehand."""
    return "\n".join(
        f'<g><rect x="{at % 40 * 120}" y="{at // 40 * 60}" width="100" height="40"/>'
        f'<text x="{at % 40 * 120 + 8}" y="{at // 40 * 60 + 20}">step {at}</text></g>'
        for at in range(boxes)
    )


def test_svg() -> None:
    for tasks in (1_000, 10_000):
        w = par(*[seq(*[step, copy] * 5) for _ in range(tasks // 10)])
        report(
            f"SVG of {tasks:,} tasks",
            best(partial(svg, w)),
            best(partial(by_hand, tasks)),
            unit="ms",
        )


def test_other_pictures() -> None:
    w = par(*[seq(*[step, copy] * 5) for _ in range(100)])
    peer = best(partial(by_hand, 1_000))
    for draw in (html, mermaid, dot):
        report(f"{draw.__name__} of 1,000 tasks", best(partial(draw, w)), peer, unit="ms")
