"""The HTML page: nothing breaks out of it or is fetched; clicks, search, keys and zoom work."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from fwf import named, par, seq
from fwf.interpreters.diagram import html, svg
from fwf.interpreters.diagram.boxes import boxes, elements
from tests.interpreters.diagram.browser import MISSING, REASON, Watched, browser
from tests.interpreters.diagram.support import (
    HOSTILE,
    daily,
    enrich,
    fan,
    hostile,
    load,
    oddly_named,
    orders,
    step,
    visits,
)

day = named("day", par(orders, visits) >> enrich >> load, owner="</script><b>sales")


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append(tag)


def details(text: str) -> list[dict[str, Any]]:
    (found,) = re.findall(r'<script type="application/json" id="details">(.*?)</script>', text)
    read: list[dict[str, Any]] = json.loads(found)
    return read


def test_it_has_one_entry_of_details_for_each_element_of_the_picture() -> None:
    told = details(html(day))
    assert len(told) == len(list(elements(boxes(day)))) == svg(day).count("data-path=")
    assert [each["title"] for each in told] == [
        "day", "day (owner='</script><b>sales')", "par", "orders", "visits", "enrich", "load",
    ]  # fmt: skip
    assert ["reads", ["postgres://shop/orders"]] in told[3]["rows"]
    assert ["takes", ["orders: object", "visits: object"]] in told[5]["rows"]


def test_nothing_in_the_data_breaks_out_of_the_page() -> None:
    text = html(hostile)
    plain = html(step)
    assert Tags(text).found.count("script") == Tags(plain).found.count("script") == 2
    assert "b" not in Tags(text).found
    assert text.count("<!--") == 0
    assert "</script><!--" in json.dumps(details(text))


def test_its_policy_forbids_the_network() -> None:
    text = html(day)
    assert "default-src 'none'" in text
    assert not re.findall(r"(?:src|href)=|@import|url\(", text)


def test_a_reference_leads_to_where_the_part_is_drawn() -> None:
    large = named("large", seq(*[step] * 20))
    told = details(html(par(large, large)))
    (reference,) = [each for each in told if "see" in each]
    assert told[reference["see"]]["title"] == "large"


# In a browser

OUTSIDE = """() => [...document.querySelectorAll(".box, .badge")].flatMap((group) => {
    const frame = group.querySelector(":scope > .edge, :scope > rect").getBBox();
    const sticksOut = (box) =>
        box.x < frame.x || box.x + box.width > frame.x + frame.width + 0.5
        || box.y < frame.y - 1 || box.y + box.height > frame.y + frame.height + 1;
    return [...group.querySelectorAll(":scope > text:not(.label)")]
        .filter((text) => sticksOut(text.getBBox())).map((text) => text.textContent);
})"""
"""The texts that the browser draws beyond the frames that they stand in."""

in_browser = pytest.mark.skipif(MISSING, reason=REASON)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as started:
        yield started


def opened(chromium: Any, folder: Path, text: str, **options: Any) -> Watched:
    place = folder / "page.html"
    place.write_text(text, "utf-8")
    watched = Watched(chromium, viewport={"width": 1200, "height": 800}, **options)
    watched.page.goto(place.as_uri())
    assert watched.asked == [place.as_uri()]
    return watched


def assert_calm(watched: Watched) -> None:
    assert watched.wrong == []
    assert len(watched.asked) == 1
    watched.page.close()


@in_browser
def test_a_click_shows_details(chromium: Any, tmp_path: Path) -> None:
    watched = opened(chromium, tmp_path, html(day))
    page = watched.page
    page.locator(".box.task", has_text="load").click()
    panel = page.inner_text("#panel")
    for said in ("load", "day > load", "idempotent", "redshift://dw/sales", "support.py:"):
        assert said in panel
    page.locator(".badge.named").click()
    assert "</script><b>sales" in page.inner_text("#panel")
    assert page.locator(".chosen").count() == 1
    assert_calm(watched)


@in_browser
def test_search_counts_and_goes_from_hit_to_hit(chromium: Any, tmp_path: Path) -> None:
    watched = opened(chromium, tmp_path, html(day))
    page = watched.page
    page.keyboard.press("/")
    page.keyboard.type("S3://LOGS")
    assert page.inner_text("#count") == "1 found"
    page.fill("#search", "day > par")
    assert page.inner_text("#count") == "3 found"
    titles = []
    for _ in range(4):
        page.press("#search", "Enter")
        titles.append((page.inner_text("#count"), page.inner_text("#panel h2")))
    assert titles == [
        ("1 of 3 found", "par"), ("2 of 3 found", "orders"), ("3 of 3 found", "visits"),
        ("1 of 3 found", "par"),
    ]  # fmt: skip
    page.press("#search", "Escape")
    assert (page.inner_text("#count"), page.locator(".hit").count()) == ("", 0)
    page.fill("#search", "nowhere")
    assert page.inner_text("#count") == "0 found"
    assert_calm(watched)


@in_browser
def test_keys_reach_every_box(chromium: Any, tmp_path: Path) -> None:
    watched = opened(chromium, tmp_path, html(day))
    page = watched.page
    page.focus("#fit")
    seen = []
    for _ in range(7):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        seen.append(page.inner_text("#panel h2"))
    assert seen == [each["title"] for each in details(html(day))]
    assert_calm(watched)


@in_browser
def test_zoom_and_pan_move_the_picture_and_fit_brings_it_back(
    chromium: Any, tmp_path: Path
) -> None:
    watched = opened(chromium, tmp_path, html(fan(10, 10)))
    page = watched.page

    def place() -> Any:
        return page.locator("#stage svg").bounding_box()

    first = place()
    assert first["width"] <= 862 and first["height"] <= 760
    page.click("#in")
    assert place()["width"] == pytest.approx(first["width"] * 1.3)
    page.mouse.move(300, 300)
    page.mouse.wheel(0, 300)
    assert place()["width"] < first["width"] * 1.3
    before = place()
    page.mouse.down()
    page.mouse.move(400, 350)
    page.mouse.up()
    assert place()["x"] == pytest.approx(before["x"] + 100, abs=1)
    assert page.locator(".chosen").count() == 0
    page.click("#fit")
    assert place() == first
    assert_calm(watched)


@in_browser
def test_a_thousand_tasks_can_be_searched_at_once(chromium: Any, tmp_path: Path) -> None:
    watched = opened(chromium, tmp_path, html(fan(100, 10)))
    page = watched.page
    page.fill("#search", "step#777")
    assert page.inner_text("#count") == "1 found"
    page.press("#search", "Enter")
    here = page.locator(".here rect").first.bounding_box()
    assert 0 < here["x"] < 860 and 40 < here["y"] < 800
    assert here["width"] > 80
    assert_calm(watched)


@in_browser
def test_a_reference_is_followed_by_its_button(chromium: Any, tmp_path: Path) -> None:
    large = named("large", seq(*[step] * 20))
    watched = opened(chromium, tmp_path, html(par(large, large)))
    page = watched.page
    page.locator(".again").click()
    assert "20 tasks" in page.inner_text("#panel")
    page.get_by_text("Show where it is drawn").click()
    assert page.locator(".chosen .badge.named").count() == 1
    assert_calm(watched)


@in_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_texts_do_nothing_and_fit_their_boxes(
    chromium: Any, tmp_path: Path, scheme: str
) -> None:
    named_oddly = par(*[named(f"n{at}", oddly_named(text)) for at, text in enumerate(HOSTILE)])
    watched = opened(
        chromium, tmp_path, html(par(hostile, named_oddly, daily)), color_scheme=scheme
    )
    outside = watched.page.evaluate("""() => [...document.querySelectorAll(".box, .badge")].flatMap(
        (group) => {
            const frame = group.querySelector(":scope > .edge, :scope > rect").getBBox();
            return [...group.querySelectorAll(":scope > text:not(.label)")]
                .filter((text) => {
                    const box = text.getBBox();
                    return box.x < frame.x || box.x + box.width > frame.x + frame.width + 0.5
                        || box.y < frame.y - 1 || box.y + box.height > frame.y + frame.height + 1;
                })
                .map((text) => text.textContent);
        })""")
    assert outside == []
    paper = watched.page.evaluate(
        "getComputedStyle(document.querySelector('.workflow .paper')).fill"
    )
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(27, 31, 36)"}[scheme]
    assert_calm(watched)


@in_browser
def test_names_and_effects_do_not_overlap(chromium: Any, tmp_path: Path) -> None:
    named_oddly = par(*[oddly_named(text) for text in (*HOSTILE, "WWWWWWWW", "iiii", "@@@@@@@@")])
    watched = opened(chromium, tmp_path, html(named_oddly))
    overlaps = watched.page.evaluate("""() => [...document.querySelectorAll(".box.task")]
        .map((group) => [".name", ".effect"].map((each) => group.querySelector(each).getBBox()))
        .filter(([name, effect]) => name.x + name.width > effect.x).length""")
    assert overlaps == 0
    assert_calm(watched)
