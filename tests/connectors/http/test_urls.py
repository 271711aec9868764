"""Values stand in URLs without changing what is asked for, and odd URLs are refused."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import httpx
import pytest
from hypothesis import given, strategies as st

from fwf.connectors.http.urls import (
    below,
    checked_base,
    filled_path,
    label_of,
    origin_of,
    parse_url,
    text_of,
)
from fwf.connectors.shared.errors import BadData

BASE = httpx.URL("https://api.example/v2")


@given(st.text(min_size=1))
def test_a_value_is_one_segment_and_reads_as_it_was(value: str) -> None:
    try:
        path = filled_path("/orders/{id}/lines", {"id": value}, "test")
    except BadData:
        assert value in (".", "..")
        return
    url = below(BASE, path, {}, "test")
    empty, *segments = url.raw_path.decode("ascii").split("/")
    assert empty == "" and [unquote(each) for each in segments] == ["v2", "orders", value, "lines"]
    assert origin_of(url) == origin_of(BASE) and url.query == b"" and not url.fragment


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=4))
def test_a_query_reads_as_it_was(query: dict[str, str]) -> None:
    url = below(BASE, "/x", query, "test")
    found = parse_qs(urlsplit(str(url)).query, keep_blank_values=True, strict_parsing=bool(query))
    assert found == {name: [value] for name, value in query.items()}


@pytest.mark.parametrize("query", [{"a": "\ud800"}, {"\udfff": "a"}])
def test_half_a_surrogate_pair_is_bad_data(query: dict[str, str]) -> None:
    for path, asked in (("/x", query), ("/\ud800", {})):
        with pytest.raises(BadData, match="UTF-8") as found:
            below(BASE, path, asked, "test")
        assert found.value.__context__ is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (5, "5"),
        (-(10**30), "-1" + "0" * 30),
        (Decimal("1E+3"), "1000"),
        (Decimal("1.50"), "1.50"),
        (1.5, "1.5"),
        (date(2026, 7, 15), "2026-07-15"),
        (datetime(2026, 7, 15, 12, tzinfo=UTC), "2026-07-15T12:00:00+00:00"),
        (time(12, 30), "12:30:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("ü", "ü"),
    ],
)
def test_values_have_one_form(value: object, text: str) -> None:
    assert text_of(value, "test") == text


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity"), b"x", [1], None, {}]
)
def test_values_without_an_agreed_form_are_refused(value: Any) -> None:
    with pytest.raises((BadData, TypeError), match="test"):
        text_of(value, "test")


@pytest.mark.parametrize(
    "text",
    ["", "api.example", "//api.example", "https://", "https:///x", "ftp://a", "https://a b/",
     "https://a\\@b/", "https://a\n.example", "https://a:0/", "https://a:99999/", "https://a:x/",
     "https://me@a/", "https://:canary@a/", "https://a%00b/", "https://[::1", "https://[x]/",
     "https://a,b/", "https://-\x00/", "mailto:a@b", "https://[fe80::1%25eth0]/", "https://a/\ud800"],
)  # fmt: skip
def test_what_is_no_url_of_http_is_refused_and_not_told(text: str) -> None:
    with pytest.raises(ValueError, match="test") as found:
        parse_url(text, "test")
    assert type(found.value) is ValueError and "canary" not in str(found.value)


@pytest.mark.parametrize("text", ["https://a/?", "https://a/?b=c", "https://a/#b", "https://a/#"])
def test_a_base_url_ends_with_its_path(text: str) -> None:
    with pytest.raises(ValueError, match="ends with its path"):
        checked_base(text, "test")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("https://A.example", "https://a.example:443/x"),
        ("http://a.example.", "http://a.example:80"),
    ],
)
def test_an_origin_has_more_spellings_than_one(a: str, b: str) -> None:
    assert origin_of(httpx.URL(a)) == origin_of(httpx.URL(b))


def test_the_path_of_a_base_url_stays_as_it_is() -> None:
    for path in ("/a%2Fb%25", "/%0a", "/%C3%BC", "/a//b"):
        base = checked_base(f"https://a.example{path}/", "test")
        assert below(base, "x", {}, "test").raw_path == f"{path}/x".encode()
        assert "\n" not in label_of("GET", base)


def test_what_is_told_of_a_request_has_no_query_and_an_end() -> None:
    told = label_of("GET", httpx.URL("https://a.example:8080/x/" + "y" * 500 + "?key=canary"))
    assert told.startswith("GET https://a.example:8080/x/yyy") and len(told) < 250
    assert "canary" not in told
