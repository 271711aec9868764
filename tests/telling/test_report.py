"""The page that tells a run: nothing breaks out of it, and it says what happened."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from fwf import Workflow, named
from fwf.journal.story import story
from fwf.telling.advice import advice
from fwf.telling.report import report
from tests.interpreters.diagram.browser import MISSING, REASON, Watched, browser
from tests.telling.kept import SECOND, Kept, State, Written, fault, kept
from tests.telling.nights import HOSTILE, mail, night
from tests.telling.recorded import recorded

VOID = {"meta", "img", "br", "rect", "path", "circle"}


class Page(HTMLParser):
    """A page's elements, its texts by section, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {"": []}
        self.at = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag == "section":
            self.at = dict(attrs)["id"]
            self.texts[self.at] = []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts[self.at].append(data)

    def said(self, section: str = "") -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts[section]))


def told(
    written: Written,
    state: State = "failed",
    *,
    workflow: Workflow[Any, Any] | None = night,
    alive: bool = False,
    drawn: str = "",
    **about: Any,
) -> Page:
    row = kept(Kept(), written, state, workflow="night", **about)
    found = story(written.records, alive=alive)
    now = written.at + 60 * SECOND
    return Page(
        report(
            row,
            found,
            workflow=workflow,
            caption=drawn,
            todo=advice(row, found),
            where="/srv/.fwf/runs.db",
            now=now,
        )
    )


def resumed() -> Written:
    """A night that died in `total`, and went on in the morning."""
    first = recorded(night)
    cut = next(n for n, each in enumerate(first.records) if each.path == "night > total")
    died = Written()
    died.records, died.at = first.records[: cut + 1], first.records[cut].at
    inside = [{"path": "night > total", "number": 1}]
    died("died", after=4 * 3600, number=1, at=died.at, **{"in": inside})
    died.begin(2, after=0).start("night > total", attempt=2).ok("night > total")
    died.start("night > mail").ok("night > mail", value=None)
    return died("end", outcome="ok", value={"sent": 12})


# What it says


def test_its_parts_stand_in_the_order_in_which_people_ask() -> None:
    page = told(recorded(night), shown={"day": "2026-06-01"}, tz="2026a")
    assert list(page.texts) == [
        "", "next", "failed", "workflow", "timeline", "steps", "tries", "facts",
    ]  # fmt: skip
    assert page.open == []
    assert "night day=2026-06-01" in page.said()
    assert "× failed" in page.said()


def test_failures_have_reason_line_and_traceback_those_taken_up_last() -> None:
    said = told(recorded(night)).said("failed")
    assert said.index("night > total") < said.index("night > par > visits")
    assert "KeyError: 'sum'" in said
    assert 'raise KeyError("sum")' in said
    assert re.search(r"at \S*nights\.py:\d+ in total", said)
    assert said.count("and was taken up") == 3
    assert "amount of 'c' is negative" in said


def test_a_run_that_failed_at_no_step_says_where() -> None:
    written = Written().begin().start("night > orders").ok("night > orders")
    written("end", outcome="failed", fault=fault("night > loads", "not done in 60 s", "Timeout"))
    assert "night > loads Timeout: not done in 60 s" in told(written).said("failed")


def test_tasks_are_marked_by_how_they_went_and_not_by_colour_alone() -> None:
    page = told(recorded(night))
    found = re.findall(r'class="box task (?:even )?marked (\w+)', page.source)
    assert set(found) == {"ok", "failed", "unreached"}
    said = page.said("workflow")
    assert "4 of 6 ok" in said
    assert {"✓", "×"} <= set(said)
    assert "✓ ok × failed – not reached" in said


def test_a_resumed_run_shows_what_was_kept_once_and_from_which_try() -> None:
    page = told(resumed(), "ok")
    assert "= ok, from an earlier try" in page.said("workflow")
    timeline = page.said("timeline")
    first, second = timeline.split("Try 2")
    assert "night > par > orders" in first
    assert "night > par > orders" not in second
    assert "= 7 steps from try 1" in second
    assert "3 min, died" in first
    assert page.said("tries").count("etl on nightly-1, process 4711") == 2
    assert "died in night > total, attempt 1" in page.said("tries")
    assert '{"sent": 12}' in page.said("result")


def test_what_was_done_again_is_not_told_as_kept() -> None:
    written = Written().begin().start("night > total").ok("night > total")
    written.start("night > mail").ok("night > mail")
    written("end", outcome="interrupted").begin(2)
    written.start("night > total").ok("night > total")
    page = told(written("end", outcome="ok"), "ok")
    assert "= 1 step from try 1" in page.said("timeline").split("Try 2")[1]


def test_a_dead_run_says_where_it_died_and_how_it_goes_on() -> None:
    written = recorded(night)
    cut = next(n for n, each in enumerate(written.records) if each.path == "night > total")
    written.records = written.records[: cut + 1]
    page = told(written, "running")
    assert "† died" in page.said()
    assert "died in night > total, attempt 1" in page.said()
    assert "fwf run --resume 00000001" in page.said("next")
    assert "† started, and ended without a word" in page.said("workflow")


def test_a_run_at_work_says_on_what() -> None:
    written = Written().begin().start("night > par > orders")
    page = told(written, "running", alive=True)
    assert "at work on night > par > orders, attempt 1" in page.said()
    assert "nothing is to be done but to wait" in page.said("next")
    assert "▸ running" in page.said("workflow")
    assert re.search(r'<i class="running" style="left:\d+\.\d+%;width:\d{2}\.\d+%"', page.source)


def test_a_run_in_doubt_names_what_a_person_can_decide() -> None:
    written = Written().begin().start("night > mail")
    written("died", number=1, at=written.at).begin(2)
    written("end", outcome="held", fault=fault("night > mail", "was started", "InDoubt"))
    page = told(written, "held")
    assert "? night > mail InDoubt: was started" in page.said("failed")
    assert "fwf resolve 00000001 'night > mail' --skip" in page.said("next")


def test_who_decided_about_a_step_is_told() -> None:
    written = Written().begin().start("night > mail")
    written("died", number=1, at=written.at).begin(2)
    written("end", outcome="held", fault=fault("night > mail", "was started", "InDoubt"))
    written("resolved", "night > mail", how="again", by="<ann>", host="nightly-1")
    written.begin(3).start("night > mail").ok("night > mail")
    written("end", outcome="ok", value=1)
    page = told(written, "ok")
    assert "night > mail again <ann> on nightly-1 " in page.said("resolved")


def test_a_step_waits_between_its_attempts() -> None:
    page = told(recorded(night))
    assert re.findall(r'class="wait" style="left:(\S+)%;width:(\S+)%"', page.source) == [
        ("0.00", "50.00"), ("50.00", "50.00"),
    ]  # fmt: skip


def test_rows_are_told_and_added_up_where_values_told_them() -> None:
    written = Written().begin()
    for item, rows in (("a", 1000), ("b", 500)):
        path = f"night > loads[{item}] > load"
        written.start(path).ok(path, rows=rows)
    assert "1,500" in told(written).said("steps")


def test_a_workflow_that_cannot_be_loaded_says_so() -> None:
    page = told(recorded(night), workflow=None, drawn="it isn't drawn: there is no module 'x'")
    assert "svg" not in page.tags
    assert page.said("workflow") == "The workflow it isn't drawn: there is no module 'x' "


def test_a_pruned_or_empty_run_has_a_page() -> None:
    assert "were pruned" in told(Written()("anchor"), "ok").said("steps")
    assert told(Written(), "ok").open == []


def test_any_first_part_of_a_run_has_a_page() -> None:
    whole = resumed()
    for n in range(len(whole.records) + 1):
        part = Written()
        part.records, part.at = whole.records[:n], whole.at
        assert told(part, "running", workflow=None).open == []


# What it holds together


def test_nothing_in_the_data_breaks_out_of_the_page() -> None:
    written = Written().begin(1)
    written.start(HOSTILE, task=HOSTILE)
    written("failed", HOSTILE, took=1, fault=fault(HOSTILE, HOSTILE, HOSTILE))
    written("retry", f"{HOSTILE}2", number=2, used=1, due=written.at, fault=fault(HOSTILE, HOSTILE))
    written("end", outcome="failed", value=HOSTILE, fault=fault(HOSTILE, HOSTILE))
    shown = {HOSTILE: HOSTILE, "lone": "\ud800"}
    page = told(written, workflow=named("w", mail, owner=HOSTILE), shown=shown, target=HOSTILE,
                drawn=HOSTILE, profile=HOSTILE)  # fmt: skip
    page.source.encode()
    assert {"script", "img", "b>"}.isdisjoint(page.tags)
    assert not {name for name in page.attributes if name.startswith("on")}
    assert "\x1b" not in page.source and "‮" not in page.source


def test_its_policy_forbids_scripts_and_the_network() -> None:
    page = told(recorded(night))
    assert "default-src 'none'" in page.source and "script-src" not in page.source
    assert not re.findall(r"(?:src|href)=|@import|url\(", re.sub("src=x", "", page.source))
    assert "script" not in page.tags


@pytest.mark.deep
def test_a_hundred_thousand_steps_are_folded() -> None:
    written = Written().begin()
    for n in range(100_000):
        path = f"night > loads[{n}] > load"
        written("start", path, after=0.001, task="load@1", attempt=1)
        if n % 1000:
            written("ok", path, after=0.001, task="load@1", took=1000, value=1)
        else:
            written("failed", path, after=0.001, took=1000, fault=fault(path))
    page = told(written)
    assert len(page.source) < 500_000
    assert "99,900 ok, 100 failed" in page.said("steps")
    assert "… and 99,900 more" in page.said("steps")
    assert "99,900 of 100,000 ok" in page.said("workflow")
    assert page.source.count('<i class="') < 300


def test_a_thousand_places_are_bounded() -> None:
    written = Written().begin()
    for n in range(5_000):
        written.start(f"night > step{n}").ok(f"night > step{n}")
    page = told(written)
    assert len(page.source) < 2_000_000
    assert "… and 4,000 more places" in page.said("steps")
    assert "… and 4,800 more places" in page.said("timeline")


def test_a_long_traceback_keeps_its_end() -> None:
    long = fault("night > total")
    long["leaves"][0]["traceback"] = "line\n" * 50_000 + "KeyError: 'last'"
    written = Written().begin().start("night > total")
    written("failed", "night > total", took=1, fault=long)
    page = told(written)
    assert len(page.source) < 200_000
    assert "KeyError: 'last'" in page.said("failed")


# In a browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as started:
        yield started


needs_browser = pytest.mark.skipif(MISSING, reason=REASON)


def opened(chromium: Any, folder: Path, page: Page, **options: Any) -> Watched:
    file = folder / "run.html"
    file.write_text(page.source, "utf-8")
    watched = Watched(chromium, **{"viewport": {"width": 1200, "height": 800}, **options})
    watched.page.goto(file.as_uri())
    assert watched.asked == [file.as_uri()]
    return watched


@needs_browser
@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_sticks_out_of_it(chromium: Any, tmp_path: Path, width: int) -> None:
    shown = {"day": "2026-06-01", "long": "x" * 500, "日本": "Grüße"}
    for at, page in enumerate([told(recorded(night), shown=shown), told(resumed(), "ok")]):
        folder = tmp_path / str(at)
        folder.mkdir()
        watched = opened(chromium, folder, page, viewport={"width": width, "height": 800})
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
        watched.page.screenshot(full_page=True)
        assert watched.wrong == []


@needs_browser
def test_a_browser_shows_the_failure_first_and_folds_items_out(
    chromium: Any, tmp_path: Path
) -> None:
    watched = opened(chromium, tmp_path, told(recorded(night)))
    page = watched.page
    top = [page.locator(f"#{each}").bounding_box()["y"] for each in ("next", "failed", "workflow")]
    assert top == sorted(top) and top[0] < 400
    assert page.locator("#failed pre").first.is_visible()
    items = page.locator("#steps details")
    assert not items.locator("table").is_visible()
    items.locator("summary").click()
    assert items.locator("tbody tr").count() == 6
    assert items.locator("tbody tr").first.inner_text().split("\t")[1].strip().endswith("> load")
    assert watched.wrong == []


@needs_browser
def test_what_is_not_ok_can_be_told_from_what_is_without_colour(
    chromium: Any, tmp_path: Path
) -> None:
    watched = opened(chromium, tmp_path, told(recorded(night)))
    signs = watched.page.locator("#workflow svg .marked").evaluate_all(
        "all => all.map(each => [each.classList[each.classList.length - 1],"
        " each.querySelector(':scope > .sign')?.textContent ?? ''])"
    )
    assert {tuple(each) for each in signs} == {("ok", "✓"), ("failed", "×"), ("unreached", "")}


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_text_can_be_read_in_light_and_dark(chromium: Any, tmp_path: Path, scheme: str) -> None:
    for page in (told(recorded(night)), told(resumed(), "ok")):
        watched = opened(chromium, tmp_path, page, color_scheme=scheme)
        assert min(watched.page.evaluate(_CONTRASTS)) >= 4.5


_CONTRASTS = """() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map((n) => n / 255)
      .map((n) => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (at) => {
    for (; at; at = at.parentElement) {
      const found = getComputedStyle(at).backgroundColor;
      if (!found.endsWith(", 0)")) return light(found);
    }
  };
  return [...document.querySelectorAll("h1, h2, p, small, code, pre, td, th, dt, dd, .why, .sign")]
    .filter((each) => each.textContent.trim() && each.checkVisibility())
    .map((each) => {
      const [one, other] = [light(getComputedStyle(each).color), behind(each)];
      return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    });
}"""


@needs_browser
def test_it_fits_on_paper(chromium: Any, tmp_path: Path) -> None:
    watched = opened(chromium, tmp_path, told(recorded(night)))
    assert watched.page.pdf(format="A4").startswith(b"%PDF")
    watched.page.emulate_media(media="print")
    watched.page.set_viewport_size({"width": 700, "height": 900})
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= 700
    assert watched.page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
