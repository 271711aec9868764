"""Bodies are read strictly: what is ambiguous, or may be half of something, is refused."""

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from fwf.connectors.http.bodies import read_json
from fwf.connectors.shared.errors import BadData, Unreachable
from tests.connectors.http.moody import answer, gives

KIND = "application/x-ndjson"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_what_python_writes_is_read_as_it_was(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert read_json(text.encode(), "float") == value
    read_json(json.dumps(value).encode(), "decimal")


@given(st.binary(max_size=60))
def test_no_bytes_are_too_odd(body: bytes) -> None:
    with suppress(ValueError):
        read_json(body, "float")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"canary": 1, "canary": 2}', "a name twice"),
        (b'[{"a": {"b": 1, "b": 1}}]', "a name twice"),
        (b"[NaN]", "NaN is not JSON; a finite number is expected"),
        (b"[-Infinity]", "Infinity"),
        (b"[1e999]", "too large for a float"),
        (b"[" + b"9" * 5000 + b"]", "too many digits"),
        (b'["\\ud800"]', "half a surrogate pair"),
        (b'{"\\uDC00": 1}', "half a surrogate pair"),
        (b'"\xff"', "UTF-8"),
        (b'"caf\xe9"', "UTF-8"),
        ('"x"'.encode("utf-16"), "UTF-8"),
        (b'"a\nb"', "byte 2"),
        (b"{'a': 1}", "byte"),
        (b"[1,]", "byte"),
        (b'"\\canary"', r"Invalid \\escape \(byte 1"),
        (b"1 2", "byte 2"),
        (b"[" * 101 + b"]" * 101, "more than 100 levels"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "more than 100 levels"),
        (b"[" * 100_000, "levels"),
        (b"[" * 100_000 + b"]" * 100_000, "levels"),
        (b"   ", "byte"),
    ],
)
def test_json_that_is_not_strict_is_refused_without_its_content(body: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said) as found:
        read_json(body, "float")
    assert "canary" not in str(found.value) and "caf" not in str(found.value)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"\xef\xbb\xbf[1]", [1]),
        (b"[" * 100 + b"]" * 100, json.loads("[" * 100 + "]" * 100)),
        (b'["[[[[[[[[{{{{{{{{' + b"[" * 200 + b'"]', ["[[[[[[[[{{{{{{{{" + "[" * 200]),
        (b'"\\ud83d\\ude00 \\u0000"', "\U0001f600 \x00"),
        (b"[12345678901234567890123456789]", [12345678901234567890123456789]),
        (b"-0.0", -0.0),
        ('"\u2028\u0085"'.encode(), "\u2028\u0085"),
    ],
)
def test_json_that_is_odd_but_strict_is_read(body: bytes, value: object) -> None:
    assert read_json(body, "float") == value


def test_numbers_are_read_as_decimals_where_that_is_wanted() -> None:
    found = read_json(b'[0.10, 1e999, 1E2, 5, "0.1"]', "decimal")
    assert found == [Decimal("0.10"), Decimal("1e999"), Decimal(100), 5, "0.1"]
    assert str(found[0]) == "0.10"


# JSON lines


def lines(ask: Any, body: bytes, **how: Any) -> Any:
    return ask(answer(body=body, kind=KIND, **how))


@pytest.fixture
def read(serve: Any, opened: Any) -> Any:
    return lambda reply: opened(serve(gives(reply)).url).get("/x", format="ndjson").content


@pytest.mark.parametrize(
    ("body", "records"),
    [
        (b"", []),
        (b"\n\n", []),
        (b'{"a": 1}', [{"a": 1}]),
        (b'{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}\r\n\r\n2\r\n', [{"a": 1}, 2]),
        ('"a\u2028b\u0085c"\n'.encode(), ["a\u2028b\u0085c"]),
    ],
)
def test_lines_end_with_a_line_feed_and_nothing_else(read: Any, body: bytes, records: Any) -> None:
    assert lines(read, body) == records


def test_a_last_line_without_an_end_is_whole_only_if_the_length_was_known(read: Any) -> None:
    assert lines(read, b"1\n2") == [1, 2]
    assert lines(read, b"1\n2\n", sized=False) == [1, 2]
    with pytest.raises(Unreachable, match="last line has no end"):
        lines(read, b"1\n2", sized=False)  # of 23, for all one knows


def test_a_bad_line_is_told_by_its_number(read: Any) -> None:
    with pytest.raises(BadData, match=r"line 3 is not JSON") as found:
        lines(read, b'1\n\n{"canary": \n4\n')
    assert "canary" not in str(found.value)


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_lines_of_another_type_are_refused(read: Any, kind: str) -> None:
    with pytest.raises(BadData, match="application/x-ndjson"):
        read(answer(body=b"1\n", kind=kind))


@pytest.mark.parametrize("kind", ["application/ndjson", "application/JSONL; charset=utf-8"])
def test_lines_have_more_names_than_one(read: Any, kind: str) -> None:
    assert read(answer(body=b"1\n", kind=kind)) == [1]
