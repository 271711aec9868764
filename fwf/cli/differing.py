"""A comparison as lines, in colours on a terminal; as JSON; as a page with both pictures."""

from collections.abc import Iterable
from typing import Any, Final

import click

from fwf.algebra.workflow import AnyWorkflow
from fwf.cli.output import in_colour, tell, tell_json
from fwf.display.ink import attribute, safe
from fwf.interpreters.diff import Change, Diff

_COLOURS: Final = {"!": "red", "~": "cyan", ".": "bright_black"}


def tell_diff(comparison: Diff, old: str, new: str, *, as_json: bool) -> int:
    """Write a comparison ⟶ the exit status: 1 where behaviour changed."""
    if as_json:
        tell_json({"old": old, "new": new, **comparison.json()})
    else:
        tell(_coloured(str(comparison)) if in_colour() else str(comparison))
    return status_of(comparison)


def status_of(comparison: Diff) -> int:
    """1 where behaviour changed."""
    return 1 if comparison.level == "behaviour" else 0


def _coloured(text: str) -> str:
    headline, *changes = text.splitlines()
    return "\n".join([click.style(headline, bold=True), *map(_line, changes)])


def _line(line: str) -> str:
    """A change with its sign and its place in the colour of its level."""
    place, colon, reason = line.partition(": ")
    colour = _COLOURS.get(line[:1])
    return click.style(place + colon, fg=colour) + reason


# The page


def page_of(old: AnyWorkflow, new: AnyWorkflow, comparison: Diff) -> str:
    """Two workflows, what changed ⟶ an HTML page: both pictures, and the changes to click on."""
    from fwf.interpreters import diagram

    return _PAGE.format(
        title=safe(comparison.headline),
        changes="\n".join(map(_item, comparison.changes)),
        old=diagram.svg(old, marks=_marks((change.old, change) for change in comparison.changes)),
        new=diagram.svg(new, marks=_marks((change.new, change) for change in comparison.changes)),
    )


def _marks(changes: Iterable[tuple[str | None, Change]]) -> dict[str, Any]:
    """What to mark in one picture, by path: the first change of each."""
    marks: dict[str, Any] = {}
    for path, change in changes:
        if path and change.kind != "notes":
            has_mark = change.kind in ("added", "removed", "moved")
            marks.setdefault(path, change.kind if has_mark else "changed")
    return marks


def _item(change: Change) -> str:
    return (
        f'<li class="{change.level}"><button data-old={attribute(change.old or "")} '
        f"data-new={attribute(change.new or '')}>{safe(str(change))}</button></li>"
    )


_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 14px system-ui, sans-serif; margin: 0; display: flex; flex-direction: column;
 height: 100vh }}
h1 {{ font-size: 18px; margin: 12px 16px 4px }}
ul {{ list-style: none; margin: 0 16px 8px; padding: 0; max-height: 30vh; overflow: auto }}
button {{ all: unset; cursor: pointer; padding: 2px 0 }}
button:hover, button:focus-visible {{ text-decoration: underline }}
.behaviour button {{ color: light-dark(#ba2525, #ff8a80) }}
.none button {{ opacity: .65 }}
main {{ display: flex; flex: 1; gap: 1px; min-height: 0 }}
section {{ flex: 1; overflow: auto; border-top: 1px solid #8888 }}
h2 {{ font-size: 13px; margin: 6px 16px; opacity: .65; position: sticky; left: 16px }}
.here > rect.edge {{ stroke-width: 4 }}
</style>
<h1>{title}</h1>
<ul>
{changes}
</ul>
<main>
<section id="old"><h2>old</h2>
{old}</section>
<section id="new"><h2>new</h2>
{new}</section>
</main>
<script>
"use strict";
function show(side, path) {{
  const parts = [...document.querySelectorAll(`#${{side}} [data-path]`)];
  for (const part of parts) part.classList.remove("here");
  while (path) {{
    const found = parts.find((part) => part.dataset.path === path);
    if (found) {{
      found.classList.add("here");
      found.scrollIntoView({{ block: "center", inline: "center" }});
      return;
    }}
    path = path.includes(" > ") ? path.slice(0, path.lastIndexOf(" > ")) : "";
  }}
}}
for (const button of document.querySelectorAll("li button")) {{
  button.addEventListener("click", () => {{
    show("old", button.dataset.old || button.dataset.new);
    show("new", button.dataset.new || button.dataset.old);
  }});
}}
</script>
</html>
"""
