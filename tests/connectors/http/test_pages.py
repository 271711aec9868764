"""Page styles as functions, and what `paginate` reads by them from a service."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, strategies as st

from fwf import Pages, it, paginate, param, pure, run
from fwf.connectors import http
from fwf.connectors.http import Answer, Cursor, by_cursor, by_link, by_offset, by_page, page_of
from fwf.connectors.http.links import links_of
from fwf.connectors.shared.errors import BadData
from tests.connectors.http.moody import Asked, answer, gives

STYLES = {
    "page": by_page(items=it.data),
    "page from 0 with a total": by_page(items="data", param="p", start=0, total=it.meta.total),
    "page with more": by_page(items=it.data, more=it.more),
    "offset": by_offset(items=it.data),
    "offset with a total": by_offset(items=it.data, param="skip", total=it.meta.total),
    "cursor": by_cursor(it.meta.next, items=it.data, total=it.meta.total),
    "cursor with more": by_cursor(it.meta.last, items=it.data, param="after", more=it.more),
    "link": by_link(items=it.data),
    "link in the body": by_link(items=it.data, next=it.links.next, total=it.meta.total),
}


def orders(count: int, size: int) -> Callable[[Asked], list[bytes]]:
    """A service with so many orders, which knows all styles of pages."""

    def service(asked: Asked) -> list[bytes]:
        given = {
            name: int(values[0]) for name, values in parse_qs(urlsplit(asked.target).query).items()
        }
        first = given.get("skip", given.get("offset", given.get("cursor", given.get("after", 0))))
        if "page" in given:
            first = (given["page"] - 1) * size
        if "p" in given:
            first = given["p"] * size
        data = [{"id": n} for n in range(first, min(first + size, count))]
        after = first + size if first + size < count else None
        link = None if after is None else f"/v2/orders?offset={after}"
        body = {
            "data": data, "more": after is not None, "links": {"next": link},
            "meta": {"total": count, "next": after and str(after), "last": first + size},
        }  # fmt: skip
        links = {"link": [f'<{link}>; rel="next"', '</v2/orders>; rel="first"']} if link else {}
        return [answer(body=body, **links)]

    return service


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 35])
@pytest.mark.parametrize("name", STYLES)
def test_every_style_reads_every_item_once(serve: Any, name: str, count: int) -> None:
    server = serve(orders(count, 10))
    page = http.get_page(
        "/orders", name="page", client="shop", style=STYLES[name], query={"size": "10"}
    )
    w = paginate(page, limit=9)
    found = run(w, resources={"shop": lambda: http.client(f"{server.url}/v2", allow_private=True)})
    pages: Pages[Any] = found.unwrap()
    assert [each["id"] for each in pages.items] == list(range(count))
    assert pages.complete and pages.next is None
    assert len(server.asked) <= count // 10 + 2


@given(
    st.integers(0, 60), st.integers(1, 9), st.sampled_from(sorted(STYLES)),
)  # fmt: skip
def test_a_style_is_a_pure_function_of_cursor_and_answer(count: int, size: int, name: str) -> None:
    style, cursor, found = STYLES[name], None, list[Any]()
    service = orders(count, size)
    for _ in range(count // size + 2):
        if style.how == "link" and cursor is not None:
            target = str(cursor.at)
        else:
            asked = http.query_at(style, cursor)
            target = "/v2/orders?" + "&".join(f"{name}={value}" for name, value in asked.items())
        head, _, body = service(Asked("GET", target, {}, b""))[0].partition(b"\r\n\r\n")
        links = [
            each.partition(":")[2] for each in head.decode().split("\r\n") if each[:5] == "link:"
        ]
        url = "https://api.example/v2/orders"
        page = page_of(style, cursor, Answer(200, json.loads(body), links_of(links, url), url))
        found += page.items
        cursor = page.next
        if cursor is None:
            break
    assert [each["id"] for each in found] == list(range(count)) and cursor is None


def read(style: http.Style, *bodies: object) -> list[Any]:
    """The items of bodies, one after another; raises if there is no page for one of them."""
    cursor, found = None, list[Any]()
    for n, body in enumerate(bodies):
        assert n == 0 or cursor is not None, "the pages ended before"
        page = page_of(style, cursor, Answer(200, body, {}, "https://api.example/x"))
        found, cursor = found + page.items, page.next
    assert cursor is None, "there is another page"
    return found


# Without an end


@pytest.mark.parametrize("period", [1, 2, 3, 7])
@pytest.mark.parametrize("before", [0, 1, 5])
def test_pages_that_go_in_a_circle_are_found(before: int, period: int) -> None:
    style = by_cursor("next", items="data")
    asked: list[int] = []

    def follow() -> None:
        cursor = None
        for n in range(100):
            asked.append(n)
            at = n if n < before else before + (n - before) % period
            said = {"data": [n], "next": f"c{at}"}
            cursor = page_of(style, cursor, Answer(200, said, {}, "")).next

    with pytest.raises(BadData, match="circle"):
        follow()
    assert len(asked) <= 3 * (before + period) + 1


def test_a_service_without_a_last_page_is_refused(serve: Any) -> None:
    """The parameter has another name there; or it gives the last page for ever."""
    for style in (by_page(), by_offset()):
        server = serve(gives(answer(body=[{"id": 1}])))
        page = http.get_page("/x", name="page", client="shop", style=style)
        fault = run(
            paginate(page, limit=1000),
            resources={"shop": lambda at=server.url: http.client(at, allow_private=True)},
        ).failure()
        assert (
            "does the service know the parameter" in str(fault)
            and "fwf.connectors.shared.errors.BadData" in fault.tags
        )
        assert len(server.asked) == 2


def test_the_same_link_again_is_refused(serve: Any, opened: Any) -> None:
    server = serve(gives(answer(body=[1], link="</x?page=2>; rel=next")))
    client, style = opened(server.url), by_link()
    first = client.get_page("/x", style=style)
    assert first.next is not None and first.next.at == f"{server.url}/x?page=2"
    with pytest.raises(BadData, match="circle"):
        client.get_page("/x", first.next, style=style)


def test_the_same_items_again_may_be_meant() -> None:
    assert read(by_page(may_repeat=True), [0], [0], []) == [0, 0]
    with pytest.raises(BadData, match="may_repeat=True"):
        read(by_page(), [0], [0], [])


# Totals, ends, and what isn't there


def test_a_total_that_shrinks_is_bad_data_as_rows_were_passed_over() -> None:
    style = by_page(items="data", total="total")
    with pytest.raises(BadData, match="shrank from 5 to 4"):
        read(style, {"data": [1, 2], "total": 5}, {"data": [3, 4], "total": 4})


def test_a_total_that_grows_is_read_to_its_end() -> None:
    style = by_page(items="data", total="total")
    pages = [{"data": [1, 2], "total": 3}, {"data": [3], "total": 4}, {"data": [4], "total": 4}]
    assert read(style, *pages) == [1, 2, 3, 4]


@pytest.mark.parametrize("style", [by_page, by_offset])
def test_an_end_before_the_total_is_bad_data(style: Any) -> None:
    with pytest.raises(BadData, match="2 items, and the service says that there are 5"):
        read(
            style(items="data", total="total"),
            {"data": [1, 2], "total": 5},
            {"data": [], "total": 5},
        )


def test_more_items_than_the_total_is_bad_data_as_some_came_twice() -> None:
    with pytest.raises(BadData, match="3 items, and the service says that there are 2"):
        read(by_link(items="data", total="total"), {"data": [1, 2, 2], "total": 2})


def test_a_short_page_is_not_the_end() -> None:
    """The service cuts pages as it likes; its first one is not longer than the next."""
    assert read(by_page(), [1], [2, 3, 4], []) == [1, 2, 3, 4]
    assert read(by_offset(), [1], [2, 3, 4], []) == [1, 2, 3, 4]


def test_an_empty_page_is_not_the_end_where_the_service_says_more() -> None:
    style = by_cursor("next", items="data")
    assert read(style, {"data": [], "next": "a"}, {"data": [1], "next": None}) == [1]
    assert read(by_page(items="d", more="m"), {"d": [], "m": True}, {"d": [1], "m": False}) == [1]


@pytest.mark.parametrize("end", [{}, {"next": None}, {"next": ""}])
def test_a_cursor_ends_with_nothing(end: dict[str, object]) -> None:
    assert read(by_cursor("next", items="data"), {"data": [1], **end}) == [1]
    assert read(by_link(items="data", next="next"), {"data": [1], **end}) == [1]


def test_a_cursor_of_zero_is_one() -> None:
    style = by_cursor("next", items="data")
    assert read(style, {"data": [1], "next": 0}, {"data": [2]}) == [1, 2]


def test_no_content_is_the_last_page() -> None:
    assert read(by_page(), [1], None) == [1]


@pytest.mark.parametrize(
    ("style", "body"),
    [
        (by_page(), {"data": []}),
        (by_page(), "canary"),
        (by_page(items="data"), []),
        (by_page(items="data"), {"canary": []}),
        (by_page(items="data"), {"data": None}),
        (by_page(items="data"), {"data": {"canary": 1}}),
        (by_page(items="data", total="total"), {"data": []}),
        (by_page(items="data", total="total"), {"data": [], "total": "canary"}),
        (by_page(items="data", total="total"), {"data": [], "total": -1}),
        (by_page(items="data", total="total"), {"data": [], "total": True}),
        (by_page(items="data", total="total"), {"data": [], "total": 1.5}),
        (by_page(items="data", more="more"), {"data": []}),
        (by_page(items="data", more="more"), {"data": [], "more": "canary"}),
        (by_cursor("next", items="data"), {"data": [], "next": {"canary": 1}}),
        (by_cursor("next", items="data"), {"data": [], "next": True}),
        (by_cursor("next", items="data"), {"data": [], "next": 1.5}),
        (by_link(items="data", next="next"), {"data": [], "next": 5}),
    ],
)
def test_a_body_that_is_not_as_the_style_says_is_bad_data(style: http.Style, body: object) -> None:
    with pytest.raises(BadData) as found:
        read(style, body)
    assert "canary" not in str(found.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: by_page(start=-1),
        lambda: by_page(start=True),
        lambda: by_page(start=1.5),
        lambda: by_page(param=""),
        lambda: by_cursor(5),
        lambda: by_cursor(None),
        lambda: by_page(items=len),
        lambda: by_page(total=param("day")),
    ],
)
def test_a_style_that_cannot_be_is_refused(make: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="by_"):
        make()


# Links (RFC 8288)


@pytest.mark.parametrize(
    ("values", "next_"),
    [
        (['<https://a.example/2>; rel="next"'], "https://a.example/2"),
        (["</2>; rel=next"], "https://api.example/2"),
        (["<?page=2>;rel='next'"], None),  # no quotes of HTTP's
        (['<2>; title="a, b; rel=last"; rel="prev next"'], "https://api.example/v2/2"),
        (['<1>; rel="first", <2>; rel="NEXT"'], "https://api.example/v2/2"),
        (['<1>; rel="prev"', '<2>; rel="next"'], "https://api.example/v2/2"),
        (['<2>; rel="next", <3>; rel="next"'], "https://api.example/v2/2"),
        (['<2>; rel="next"; rel="prev"'], "https://api.example/v2/2"),
        (['<2>; rel="prev"; rel="next"'], None),
        (['<2>; rel="next"; anchor="/other"'], None),
        (['<2,3>; rel="next"'], "https://api.example/v2/2,3"),
        (['<2>; title="\\"rel=x"; rel="next"'], "https://api.example/v2/2"),
        (['<2>; rel="next'], None),
        (["<2"], None),
        (["2; rel=next"], None),
        ([""], None),
        ([",,  ,"], None),
        (["<>; rel=next"], "https://api.example/v2/orders?page=1"),
        (["<2>; rel=nextish"], None),
        (["<2>; rev=next"], None),
    ],
)
def test_a_next_link_is_read_as_the_standard_says(values: list[str], next_: str | None) -> None:
    assert links_of(values, "https://api.example/v2/orders?page=1").get("next") == next_


@given(st.lists(st.text(max_size=200), max_size=3))
def test_no_link_header_is_too_odd(values: list[str]) -> None:
    assert all(isinstance(each, str) for each in links_of(values, "https://api.example/").values())


def test_a_link_header_of_the_longest_kind_takes_no_time() -> None:
    import time

    began = time.monotonic()
    for evil in ("<a>;" + " " * 100_000, "<" * 100_000, '<a>; x="' + "\\" * 100_000, "," * 100_000,
                 "<a>" + ";x" * 50_000, "<a>; rel=" + "a" * 100_000):  # fmt: skip
        links_of([evil], "https://api.example/")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "link", ["https://other.example/2", "//other.example/2", "ftp://other.example/2",
             "http://me:canary@127.0.0.1/2", "javascript:canary", "http://["],
)  # fmt: skip
def test_a_link_elsewhere_is_refused_with_nothing_sent(serve: Any, opened: Any, link: str) -> None:
    from fwf.connectors.shared.errors import Refused

    for style, said in (
        (by_link(), {"body": [1], "link": f"<{link}>; rel=next"}),
        (by_link(next="next", items="data"), {"body": {"data": [1], "next": link}}),
    ):
        server = serve(gives(answer(**said)))
        client = opened(server.url)
        first = client.get_page("/x", style=style)
        with pytest.raises(Refused) as found:
            client.get_page("/x", first.next, style=style)
        assert "canary" not in str(found.value) and len(server.asked) == 1


# Read twice


def test_items_that_were_read_twice_are_found_by_their_key() -> None:
    distinct = http.distinct("id", name="orders")
    assert distinct.fn([{"id": 1}, {"id": 2}, {"id": 1.5}]) == [{"id": 1}, {"id": 2}, {"id": 1.5}]
    assert distinct.fn([]) == []
    for twice in (
        [{"id": 1}, {"id": 2}, {"id": 1}],
        [{"id": "a"}, {"id": "b"}, {"id": "a"}],
        [{"id": [1, {"b": 2}]}, {"id": [1, {"b": 2}]}, {"id": 3}],
        [{"id": Decimal("1.0")}, {"id": Decimal("1.0")}, {"id": 3}],
    ):
        with pytest.raises(BadData, match=r"1 of 3 items .*it\.id"):
            distinct.fn(twice)
    with pytest.raises(BadData, match="2 of 3 items have nothing at"):
        distinct.fn([{"id": 1}, {}, {"id": None}])


def test_rows_that_come_while_pages_are_read_are_found(serve: Any) -> None:
    """The count agrees: one was read twice, one never."""
    rows = [{"id": n} for n in range(20)]

    def service(asked: Asked) -> list[bytes]:
        first = int(parse_qs(urlsplit(asked.target).query)["offset"][0])
        page = rows[first : first + 10]
        rows.insert(0, {"id": -len(rows)})
        return [answer(body={"data": page, "total": 20})]

    server = serve(service)
    page = http.get_page(
        "/x", name="page", client="shop", style=by_offset(items="data", total="total")
    )
    every = paginate(page, limit=9) >> pure(it.items) >> http.distinct("id", name="orders")
    fault = run(
        every, resources={"shop": lambda: http.client(server.url, allow_private=True)}
    ).failure()
    assert "1 of 20 items were read twice" in str(fault)


def test_pages_of_json_lines_are_read(serve: Any, opened: Any) -> None:
    kind = "application/x-ndjson"
    server = serve(
        lambda asked: [
            answer(body=b'{"id": 1}\n{"id": 2}\n', kind=kind, link="</y>; rel=next")
            if asked.target == "/x"
            else answer(body=b"", kind=kind)
        ]
    )
    client = opened(server.url)
    first = client.get_page("/x", style=by_link(), format="ndjson")
    assert first.items == [{"id": 1}, {"id": 2}]
    assert client.get_page("/x", first.next, style=by_link(), format="ndjson") == ([], None)


@pytest.mark.parametrize(
    "style", [*STYLES.values(), by_page(may_repeat=True), by_link(), by_cursor("next")], ids=repr
)
def test_a_style_is_shown_as_it_is_written(style: http.Style) -> None:
    assert eval(repr(style), {**vars(http), "it": it}) == style


def test_a_cursor_is_plain_data() -> None:
    cursor = Cursor("b", 1, 10, "b", None, None)
    assert cursor == page_of(
        by_cursor("next", items="data"), None,
        Answer(200, {"data": list(range(10)), "next": "b"}, {}, ""),
    ).next  # fmt: skip
