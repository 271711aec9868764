"""Does a web server's log say the same when its lines are parsed all at once?"""

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, strategies as st

from fwf.connectors.objects import ACCESS_LOG, AtMost, store
from fwf.connectors.objects.access_log import access_log, row
from fwf.connectors.objects.lines import Unreadable, block_of

REAL_LOG = Path(__file__).parents[4] / "shared" / "data" / "access_log"
TIME = "16/Sep/1995:07:00:00 +0200"
COMMON = f'198.18.0.1 - - [{TIME}] "GET /a HTTP/1.0" 200 5'
COMBINED = f'{COMMON} "-" "Lynx/2.4"'


def parsed(*lines: bytes):
    """What is read when all is parsed at once: rows, and by place what is wrong."""
    made = access_log(block_of(b"".join(line + b"\n" for line in lines)), len(lines))
    assert made.table.schema == ACCESS_LOG
    made.table.validate(full=True)
    return [tuple(each.values()) for each in made.table.to_pylist()], dict(made.bad)


def one_by_one(*lines: bytes):
    """The same by the rule for a single line."""
    rows, bad = [], {}
    for place, line in enumerate(lines):
        try:
            rows.append(row(line.removesuffix(b"\r")))
        except Unreadable as error:
            bad[place] = str(error)
    return rows, bad


def line(**others: str) -> bytes:
    parts = {
        "host": "h", "ident": "-", "user": "-", "time": TIME, "request": "GET /a HTTP/1.0",
        "status": "200", "size": "5", "rest": ' "-" "Lynx"',
    } | others  # fmt: skip
    shape = '{host} {ident} {user} [{time}] "{request}" {status} {size}{rest}'
    return shape.format(**parts).encode(errors="surrogateescape")


class TestRows:
    def test_both_formats_say_what_their_fields_are(self):
        rows, bad = parsed(
            line(user="al", size="-", request="POST /x?y=%20 HTTP/1.1", status="404"),
            line(rest="", host="::1"),
            line(request="-", rest=' "http://x/" "-"'),
        )
        at = datetime(1995, 9, 16, 5, tzinfo=UTC)
        assert bad == {}
        assert rows == [
            ("h", "al", at, "POST", "/x?y=%20", "HTTP/1.1", 404, 0, None, "Lynx"),
            ("::1", None, at, "GET", "/a", "HTTP/1.0", 200, 5, None, None),
            ("h", None, at, None, None, None, 200, 5, "http://x/", None),
        ]

    def test_escaped_quotes_and_other_letters_are_read(self):
        rows, bad = parsed(
            line(rest=r' "\"a\\b\"" "x"'), line(request='GET /\\" HTTP/1.0'),
            line(rest=' "-" "Größe 🦉"'), line(user="ä"),
        )  # fmt: skip
        assert bad == {}
        assert [each[8] for each in rows] == ['"a\\b"', None, None, None]
        assert rows[1][4] == '/"' and rows[2][9] == "Größe 🦉" and rows[3][1] == "ä"

    @pytest.mark.parametrize(
        ("given", "reason"),
        [
            (b"nope", "neither the common"),
            (line()[:-1], "neither the common"),
            (line(rest=' "-"'), "neither the common"),
            (line(rest=' "-" "x" "y"'), "neither the common"),
            (line(rest=' "-" "x" '), "neither the common"),
            (line(status="20"), "neither the common"),
            (line(status="2000"), "neither the common"),
            (line(size="9" * 19), "neither the common"),
            (line(size="-5"), "neither the common"),
            (line(user="a b"), "neither the common"),
            (line(user='"a"'), "neither the common"),
            (line(host=""), "neither the common"),
            (line(time="x"), "the time is not"),
            (line(time="16/sep/1995:07:00:00 +0200"), "the time is not"),
            (line(time="16/Sep/1995:07:00:00"), "the time is not"),
            (line(time="16/Sep/1995:07:00:00 +2400"), "the time is not"),
            (line(time="31/Sep/1995:07:00:00 +0200"), "there is no such time"),
            (line(time="00/Sep/1995:07:00:00 +0200"), "there is no such time"),
            (line(time="29/Feb/1900:07:00:00 +0200"), "there is no such time"),
            (line(time="16/Sep/1995:24:00:00 +0200"), "there is no such time"),
            (line(time="16/Sep/1995:07:60:00 +0200"), "there is no such time"),
            (line(time="16/Sep/1995:07:00:60 +0200"), "there is no such time"),
            (line(request=""), "the request is not"),
            (line(request="GET /a"), "the request is not"),
            (line(request="GET /a b HTTP/1.0"), "the request is not"),
            (line(request=r"\x16\x03\x01"), "the request is not"),
            (line(user="\udcff"), "it is not UTF-8"),
            (line(rest=' "-" "a\0b"'), "it holds the character NUL"),
        ],
    )
    def test_a_bad_line_is_set_aside_with_why(self, given, reason):
        rows, bad = parsed(line(), given, line())
        assert list(bad) == [1] and bad[1].startswith(reason)
        assert len(rows) == 2
        assert one_by_one(line(), given, line()) == (rows, bad)

    @pytest.mark.parametrize(
        "time",
        [
            "29/Feb/2000:00:00:00 +0000", "31/Dec/1999:23:59:59 -2359",
            "01/Jan/1970:00:00:00 +0530", "01/Jan/1000:00:00:00 +2359",
            "31/Dec/2999:23:59:59 -1200",
            "28/Feb/2023:12:34:56 +0000",
        ],
    )  # fmt: skip
    def test_times_are_those_of_strptime(self, time):
        (read,), _ = parsed(line(time=time))
        assert read[2] == datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)


SIGNS = st.text(' "\\-[]:/\0\r09aä\udcff+', max_size=3)
FIELDS = ["host", "ident", "user", "time", "request", "status", "size", "rest"]


@st.composite
def nearly(draw):
    """A line of a log into which something was put, or of which something was cut."""
    whole = line(**draw(st.dictionaries(st.sampled_from(FIELDS), SIGNS, max_size=1)))
    if draw(st.booleans()):
        whole = line(rest=draw(st.sampled_from(["", ' "-" "-"', ' "" ""', ' "a b" "c"', "\r"])))
    place = draw(st.integers(0, len(whole)))
    end = place + draw(st.sampled_from([0, 0, 1]))
    sign = draw(
        st.sampled_from([b"", b" ", b'"', b"\\", b"-", b"\0", b"\xff", "ä".encode(), b"\r"])
    )
    return whole[:place] + sign + whole[end:]


@given(st.lists(nearly(), max_size=8))
@example([line(time="31/Feb/2000:00:00:00 +0000"), line(), line(rest=""), b"x"])
@example([line(rest='" "-"')])
@example([line(host='"h"', request="-")])
def test_all_at_once_is_what_one_by_one_is(lines):
    assert parsed(*lines) == one_by_one(*lines)


def test_what_is_bad_is_not_looked_at_for_ever():
    made = access_log(block_of(b"bad\n" * 1000), 5)
    assert len(made.bad) == 6 and made.table.num_rows == 0


@pytest.mark.skipif(not REAL_LOG.is_dir(), reason=f"the real log is not at {REAL_LOG}")
def test_a_real_log_says_what_is_known_of_it():
    expected = json.loads((REAL_LOG / "expected.json").read_text())
    with store(REAL_LOG.as_uri()) as logs:
        found = [each for each in logs.list() if each.key.endswith(".log")]
        read = {
            each.key: logs.read_access_log(each.key, at_most=AtMost(0, 0)).table for each in found
        }
    assert len(read) == expected["files"]
    assert {key: told(table, "lines", "bytes_sum") for key, table in read.items()} == expected[
        "by_file"
    ]
    days = sorted({key.partition("/")[0] for key in read})
    by_day = {
        day: pa.concat_tables(table for key, table in read.items() if key.startswith(day))
        for day in days
    }
    assert {
        day: told(table, *expected["by_day"][day]) for day, table in by_day.items()
    } == expected["by_day"]
    whole = pa.concat_tables(read.values())
    names = ("lines", "distinct_clients", "bytes_sum", "hits_by_status", "hits_by_method")
    assert told(whole, *names) == {name: expected[name] for name in names}
    paths = Counter(whole["target"].to_pylist()).most_common(5)
    assert [list(each) for each in paths] == expected["top5_paths"]
    rows = Counter(tuple(each.values()) for each in whole.to_pylist())
    assert sum(rows.values()) - len(rows) == expected["exact_duplicate_lines"]
    assert (
        sum(disorder(table) for table in read.values())
        == (expected["neighbours_out_of_time_order_within_a_file"])
    )


def disorder(table: pa.Table) -> int:
    times = table["time"].to_pylist()
    return sum(a > b for a, b in pairwise(times))


def told(table: pa.Table, *names: str) -> dict[str, object]:
    """What the file of expectations says of a table, as far as these names."""
    return {
        name: {
            "lines": lambda: table.num_rows,
            "bytes_sum": lambda: pc.sum(table["bytes"]).as_py(),
            "distinct_clients": lambda: pc.count_distinct(table["host"]).as_py(),
            "hits_by_status": lambda: dict(Counter(map(str, table["status"].to_pylist()))),
            "hits_by_method": lambda: dict(Counter(table["method"].to_pylist())),
        }[name]()
        for name in names
    }
