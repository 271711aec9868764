"""A run as one HTML page: its workflow coloured by what happened, when, why it failed, what next.

Self-contained: it needs no network and no script.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from fwf.algebra.workflow import AnyWorkflow
from fwf.display.ink import safe
from fwf.interpreters.diagram import Mark, svg
from fwf.journal.run_records import RunRow
from fwf.journal.story import Outcome, Story, short
from fwf.telling.advice import Advice
from fwf.telling.reasons import on_one_line
from fwf.telling.report import page_tables
from fwf.telling.report.groups import WORDS, Group, groups
from fwf.telling.report.markup import lasted, moment, section, sign, text
from fwf.telling.report.page_timeline import timeline

__all__ = ["report"]
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_MARKS: Final[dict[Outcome, Mark]] = {
    "ok": "ok", "failed": "failed", "died": "died", "running": "running", "held": "held",
    "interrupted": "cut", "given up": "cut",
}  # fmt: skip


def report(
    row: RunRow,
    story: Story,
    *,
    workflow: AnyWorkflow | None,
    caption: str = "",
    todo: list[Advice],
    where: str,
    now: int,
) -> str:
    """A run, what happened in it ⟶ its page.

    workflow: what is drawn; None where it can't be loaded.
    caption: what there is to say of the drawing: why there is none, or what differs from the run's.
    todo: what to do next.
    where: the journal's name.
    now: µs since 1970, UTC; what is at work has lasted until then.
    """
    places = groups(story)
    last = story.tries[-1].number if story.tries else 1
    name = on_one_line(row.workflow or "workflow", 200)
    parts = [
        section("What to do next", page_tables.todo(todo), "next"),
        section("Degraded", page_tables.degraded(story), "degraded"),
        section("What failed", page_tables.failures(story), "failed"),
        section("Resolved", page_tables.resolved(story), "resolved"),
        section("The workflow", _picture(workflow, places, caption), "workflow"),
        section("Timeline", timeline(story, now), "timeline"),
        section("Steps", _steps(story, places, last), "steps"),
        section("Result", page_tables.value(story), "result"),
        section("Tries", page_tables.tries(story), "tries"),
        section("The run", page_tables.facts(row, where), "facts"),
    ]
    return _PAGE.format(
        policy=_POLICY,
        title=safe(f"{name} {short(row.id)}: {_outcome(row, story)}"),
        style=files("fwf.telling.report").joinpath("page.css").read_text("utf-8"),
        head=_head(row, story, name, now),
        body="".join(parts),
        foot=moment(now),
    )


_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{head}<main>
{body}</main>
<footer>As of {foot}.</footer>
</body>
</html>
"""


def _outcome(row: RunRow, story: Story) -> Outcome:
    """How the run stands: since its last try ended, a person may have decided something."""
    still_open = story.outcome in ("running", "died") and row.state != "given up"
    return story.outcome if still_open else row.state


def _head(row: RunRow, story: Story, name: str, now: int) -> str:
    """What it is, how it stands, and when and how long it ran."""
    outcome = _outcome(row, story)
    mark: Mark = "cut" if story.degraded else _MARKS[outcome]
    standing = f"{outcome}, degraded" if story.degraded else outcome
    values: dict[str, Any] = row.facts.get("shown", {})
    params = " ".join(f"{name}={value}" for name, value in values.items())
    spans = [(each.ended if each.ended is not None else now) - each.started for each in story.tries]
    several = f" in {len(spans)} tries" if len(spans) > 1 else ""
    facts = [
        f'<span class="outcome {mark}">{sign(mark)} {standing}</span>',
        f"<span>{moment(row.started)}</span>",
        f"<span>{lasted(sum(spans))}{several}</span>",
        f"<span>run <code>{text(short(row.id))}</code></span>",
    ]
    inside = page_tables.inside(story)
    where = f'<p class="inside">{text(inside)}</p>\n' if inside else ""
    about = f'<p class="params">{text(params)}</p>\n' if params else ""
    return (
        f"<header>\n<h1>{text(name)}</h1>\n{about}"
        f'<p class="facts">{" ".join(facts)}</p>\n{where}</header>\n'
    )


def _steps(story: Story, places: list[Group], last: int) -> str:
    if story.pruned:
        return (
            "<p>The records of this run were pruned: what its steps did isn't known any more.</p>"
        )
    return page_tables.steps(places, last)


def _picture(workflow: AnyWorkflow | None, places: list[Group], caption: str) -> str:
    """The workflow, each task marked by how it went; what the marks mean."""
    about = f'<p class="drawn">{text(caption)}</p>\n' if caption else ""
    if workflow is None:
        return about
    marks: dict[str, Mark] = {group.name: group.mark for group in places}
    notes = {
        group.name: f"{group.marks.get('ok', 0) + group.marks.get('kept', 0):,} of "
        f"{len(group.steps):,} ok"
        for group in places
        if group.many
    }
    picture = svg(workflow, marks=marks, notes=notes, rest="unreached")
    there: list[Mark] = [mark for mark in WORDS if f" marked {mark}" in picture]
    legend = "".join(f"<li>{sign(mark)} {WORDS[mark]}</li>" for mark in there)
    return (
        f'{about}<div class="picture" tabindex="0" role="region" aria-label="The workflow, drawn">'
        f'\n{picture}</div>\n<ul class="legend">{legend}</ul>'
    )
