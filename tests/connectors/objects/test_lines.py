"""Do lines become the table that was declared, and the bad ones a table of their own?"""

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from fwf.connectors.objects import AtMost, Dialect, Store, lines, store, unpacking
from fwf.connectors.objects.lines import BAD_LINES
from fwf.connectors.objects.unpacking import unpack
from fwf.connectors.shared.errors import BadData, Missing, Unreachable

ANY = AtMost(10**6, 1)
SCHEMA = pa.schema(
    [
        pa.field("id", pa.int64(), nullable=False),
        ("name", pa.string()),
        ("amount", pa.decimal128(20, 2)),
        ("at", pa.timestamp("us", "UTC")),
        ("local", pa.timestamp("us")),
        ("day", pa.date32()),
        ("share", pa.float64()),
        ("tags", pa.list_(pa.string())),
    ]
)
FLAT = pa.schema([SCHEMA.field(i) for i in range(7)])
NAMES = ",".join(FLAT.names)


@pytest.fixture
def lake() -> Store:
    return store("memory://")


def json_lines(lake, content, schema=SCHEMA, at_most=ANY, **others):
    lake.put("k", content)
    return lake.read_json_lines("k", schema, at_most=at_most, **others)


def csv(lake, content, schema=FLAT, at_most=ANY, **others):
    lake.put("k", content)
    return lake.read_csv("k", schema, at_most=at_most, **others)


def bad(read):
    return [(row["number"], row["reason"]) for row in read.bad.to_pylist()]


TOO_BIG = "it holds a number that is too big, or half a surrogate pair"
VALUES = st.integers(0, 9) | st.text(max_size=3)
OBJECTS = st.dictionaries(st.sampled_from(["id", "name", "x"]), VALUES).map(json.dumps)
PIECES = st.sampled_from(['{"id":1}', '{"id":', "1}", '{"id":1}{"id":2}', "}", "{", '"', "", "\r"])


class TestJson:
    def test_declared_columns_have_their_types_and_others_are_left_out(self, lake):
        read = json_lines(
            lake,
            b'{"id":1,"name":"\xc3\xa4 \xe2\x80\xa8","amount":"1.50",'
            b'"at":"2026-07-01T10:00:00+02:00","local":"2026-07-01 10:00:00",'
            b'"day":"2026-07-01","share":0.5,"tags":["a",null],'
            b'"other":{"x":[1]}}\n{"id":9007199254740993,"amount":12345678901234567.89}\n',
        )
        assert read.table.schema == SCHEMA and read.bad.schema == BAD_LINES
        assert read.bad.num_rows == 0
        first, second = read.table.to_pylist()
        assert first == {
            "id": 1,
            "name": "ä \u2028",
            "amount": Decimal("1.50"),
            "at": datetime(2026, 7, 1, 8, tzinfo=UTC),
            "local": datetime(2026, 7, 1, 10),
            "day": date(2026, 7, 1),
            "share": 0.5,
            "tags": ["a", None],
        }
        assert second["id"] == 2**53 + 1 and second["amount"] == Decimal("12345678901234567.89")
        assert second["name"] is second["tags"] is None

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b"nope", "it is no JSON object"),
            (b"[1]", "it is no JSON object"),
            (b"null", "it is no JSON object"),
            (b'{"id":1', "it is no JSON object"),
            (b'{"id":1}}', "it is no JSON object"),
            (b'{"id":1,}', "it is no JSON object"),
            (b'{"id":1} x', "it is no JSON object"),
            (b'{"id":1}{"id":2}', "it holds more than one JSON object"),
            (b'{"id":1,"id":2}', "a name stands in it twice"),
            (b"{}", "column 'id' is missing or null"),
            (b'{"id":null}', "column 'id' is missing or null"),
            (b'{"id":"1"}', "column 'id' is no int64, but a JSON str"),
            (b'{"id":1.0}', "column 'id' is no int64, but a JSON float"),
            (b'{"id":true}', "column 'id' is no int64, but a JSON bool"),
            (b'{"id":12345678901234567890}', "column 'id' is no int64, but a JSON int"),
            (b'{"id":1,"name":5}', "column 'name' is no string, but a JSON int"),
            (b'{"id":1,"name":"a\\u0000b"}', "column 'name' holds the character NUL"),
            (b'{"id":1,"tags":["a\\u0000b"]}', "column 'tags' holds the character NUL"),
            (b'{"id":1,"name":"a\0b"}', "it holds the character NUL"),
            (b'{"id":1,"name":"\xff"}', "it is not UTF-8"),
            (b'{"id":1,"name":"\\ud800"}', TOO_BIG),
            (b'{"id":1,"x":1e400}', TOO_BIG),
            (b'{"id":1,"amount":1.555}',
             "column 'amount' is no decimal128(20, 2), but a JSON float"),
            (b'{"id":1,"at":"2026-07-01T10:00:00"}',
             "column 'at' is no timestamp[us, tz=UTC], but a JSON str"),
            (b'{"id":1,"local":"2026-07-01T10:00:00Z"}',
             "column 'local' is no timestamp[us], but a JSON str"),
            (b'{"id":1,"day":"2026-02-30"}', "column 'day' is no date32[day], but a JSON str"),
            (b'{"id":1,"share":1e400}', TOO_BIG),
            (b'{"id":1,"tags":"a"}', "column 'tags' is no list<item: string>, but a JSON str"),
            (b"[" * 100_000, "it is no JSON object"),
            (b'{"id":' + b"[" * 100_000 + b"}", "it is no JSON object"),
        ],
    )  # fmt: skip
    def test_a_bad_line_is_set_aside_with_its_number_and_why(self, lake, line, reason):
        read = json_lines(lake, b'{"id":1}\n\n' + line + b'\n{"id":2}\n')
        assert bad(read) == [(3, reason)]
        assert read.table["id"].to_pylist() == [1, 2]

    @pytest.mark.parametrize(
        "content",
        [b'{"id":\n1}\n{"id":2}{"id":3}\n', b'{"id":1\n}\n', b'{"name":"a\n"}\n{"id":1}{"id":2}\n'],
    )
    def test_an_object_over_several_lines_is_none(self, lake, content):
        assert json_lines(lake, content).table.num_rows == 0

    @given(st.lists(OBJECTS | PIECES))
    def test_each_line_is_read_or_set_aside_as_if_it_were_alone(self, content):
        lake, schema = store("memory://"), pa.schema([SCHEMA.field("id"), SCHEMA.field("name")])
        alone = [json_lines(lake, line.encode(), schema) for line in content]
        whole = json_lines(lake, "\n".join(content).encode(), schema)
        assert whole.table.to_pylist() == [row for each in alone for row in each.table.to_pylist()]
        assert [row["reason"] for row in whole.bad.to_pylist()] == [
            row["reason"] for each in alone for row in each.bad.to_pylist()
        ]
        at = [n for n, each in enumerate(alone, 1) if each.bad.num_rows]
        assert whole.bad["number"].to_pylist() == at


class TestCsv:
    def test_declared_columns_have_their_types_whatever_they_look_like(self, lake):
        read = csv(
            lake,
            b"more,id,name,amount,at,local,day,share\r\n"
            b"x,1,NA,1.50,2026-07-01T10:00:00+02:00,2026-07-01 10:00:00,2026-07-01,0.5\r\n"
            b'x,2,"a ""b"", c",,,,,\r\nx,3,"",,,,,\r\nx,4,01234,,,,,',
            dialect=Dialect(null=""),
        )
        assert read.table.schema == FLAT and read.bad.num_rows == 0
        assert read.table["name"].to_pylist() == ["NA", 'a "b", c', "", "01234"]
        assert read.table.to_pylist()[0] == {
            "id": 1,
            "name": "NA",
            "amount": Decimal("1.50"),
            "at": datetime(2026, 7, 1, 8, tzinfo=UTC),
            "local": datetime(2026, 7, 1, 10),
            "day": date(2026, 7, 1),
            "share": 0.5,
        }

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b"x,a", "column 'id' is no int64"),
            (b",a", "column 'id' is no int64"),
            (b"1", "it has not the 2 columns of the file"),
            (b"1,2,3", "it has not the 2 columns of the file"),
            (b'1,"a', "a quote isn't closed: a value has no line end in it"),
            (b"1,a\0", "it holds the character NUL"),
            (b"1,\xff", "it is not UTF-8"),
            (b"99999999999999999999,a", "column 'id' is no int64"),
            (b"1.0,a", "column 'id' is no int64"),
        ],
    )
    def test_a_bad_line_is_set_aside_with_its_number_and_why(self, lake, line, reason):
        schema = pa.schema([SCHEMA.field("id"), SCHEMA.field("name")])
        read = csv(lake, b"id,name\n1,a\n\n" + line + b"\n2,b\n", schema)
        assert bad(read) == [(4, reason)]
        assert read.table["id"].to_pylist() == [1, 2]

    def test_nothing_is_null_but_what_was_declared(self, lake):
        schema = pa.schema([("a", pa.string()), ("b", pa.int64())])
        content = b'a,b\nNULL,1\nn/a,n/a\n"n/a",2\n,3\n'
        read = csv(lake, content, schema, dialect=Dialect(null="n/a"))
        assert read.table["a"].to_pylist() == ["NULL", None, "n/a", ""]
        assert read.table["b"].to_pylist() == [1, None, 2, 3]

    def test_null_in_a_column_that_has_none_is_bad(self, lake):
        read = csv(lake, b"id\n-\n1\n", pa.schema([SCHEMA.field("id")]), dialect=Dialect(null="-"))
        assert bad(read) == [(2, "column 'id' is missing or null")]

    @pytest.mark.parametrize(
        ("first", "said"),
        [
            (b"id,id,name", "'id' stands twice"),
            (b"id,x,x,name", "'x' stands twice"),
            (b"id,Name", "doesn't name 'name'"),
            (b"\nid,name", "doesn't name 'id', 'name'"),
            (b'id,"name', "no line of names"),
            (b"id,\xff", "no line of names"),
        ],
    )
    def test_a_first_line_that_does_not_fit_is_refused(self, lake, first, said):
        schema = pa.schema([SCHEMA.field("id"), SCHEMA.field("name")])
        with pytest.raises(BadData, match=said) as raised:
            csv(lake, first + b"\n1,2\n", schema)
        assert raised.value.__context__ is None

    def test_a_file_without_a_first_line_is_read_in_order(self, lake):
        schema = pa.schema([("b", pa.string()), ("a", pa.int64())])
        read = csv(lake, b"x;1\ny;2", schema, has_header=False, dialect=Dialect(delimiter=";"))
        assert read.table.to_pylist() == [{"b": "x", "a": 1}, {"b": "y", "a": 2}]

    @pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig", "utf-16-le"])
    def test_the_encoding_is_declared(self, lake, encoding):
        schema = pa.schema([("näme", pa.string())])
        read = csv(
            lake, "näme\ngröße\n".encode(encoding), schema, dialect=Dialect(encoding=encoding)
        )
        assert read.table["näme"].to_pylist() == ["größe"]

    def test_another_encoding_than_was_declared_is_refused(self, lake):
        schema = pa.schema([("a", pa.string())])
        with pytest.raises(BadData, match="it is not ascii") as raised:
            csv(lake, "a\nä\n".encode(), schema, dialect=Dialect(encoding="ascii"))
        assert raised.value.__context__ is None

    @pytest.mark.parametrize(
        "content", [b"", b"\n", b"id,name\n", b"id,name", b"\xef\xbb\xbfid,name"]
    )
    def test_no_line_is_no_row(self, lake, content):
        schema = pa.schema([SCHEMA.field("id"), SCHEMA.field("name")])
        assert csv(lake, content, schema).table.equals(schema.empty_table())


READERS = {
    "json": (b'{"id":%d}', pa.schema([SCHEMA.field("id")]), json_lines, {}),
    "csv": (b"%d", pa.schema([SCHEMA.field("id")]), csv, {"has_header": False}),
}


@pytest.mark.parametrize("format", READERS)
class TestLines:
    def read(self, lake, format, content, at_most=ANY, **others):
        _, schema, reader, settings = READERS[format]
        return reader(lake, content, schema, at_most, **settings, **others)

    @pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    def test_ends_and_marks_are_none_of_the_data(self, lake, format, end, mark):
        line = READERS[format][0]
        between = b"\r\n" if end == b"\r\n" else b"\n"
        content = mark + between.join([line % 1, b"", b" \t", line % 2]) + end
        read = self.read(lake, format, content)
        assert read.table["id"].to_pylist() == [1, 2] and bad(read) == []

    @pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b" "])
    def test_an_empty_object_is_an_empty_table_of_the_declared_columns(self, lake, format, content):
        read = self.read(lake, format, content, AtMost(0, 0))
        assert read.table.equals(READERS[format][1].empty_table())
        assert read.bad.equals(BAD_LINES.empty_table())

    def test_numbers_count_over_blocks_and_blank_lines(self, lake, format, monkeypatch):
        monkeypatch.setattr(lines, "BLOCK", 64)
        line = READERS[format][0]
        every = [b"" if n % 7 == 0 else b"bad" if n % 50 == 1 else line % n for n in range(1, 500)]
        lake.put("k", b"\n".join(every))
        monkeypatch.setattr("fwf.connectors.objects.client.PIECE", 100)
        read = self.read(lake, format, b"\n".join(every))
        assert [n for n, _ in bad(read)] == [n for n, each in enumerate(every, 1) if each == b"bad"]
        assert read.table["id"].to_pylist() == [
            n for n, each in enumerate(every, 1) if each and each != b"bad"
        ]

    def test_past_the_count_or_the_share_it_fails_with_counts_and_reasons(self, lake, format):
        line = READERS[format][0]
        content = b"\n".join([line % 1] * 8 + [b"secret-value"] * 2)
        assert self.read(lake, format, content, AtMost(2, 0.2)).bad.num_rows == 2
        for at_most in (AtMost(1, 1), AtMost(10, 0.19), AtMost(0, 0)):
            with pytest.raises(BadData, match="lines are bad, the first is line 9") as raised:
                self.read(lake, format, content, at_most)
            assert "secret" not in str(raised.value) and raised.value.__context__ is None

    def test_nothing_but_bad_lines_is_found_out_early(self, lake, format):
        with pytest.raises(BadData, match="6 of"):
            self.read(lake, format, b"bad\n" * 200_000, AtMost(5, 1))

    def test_a_line_of_ten_megabytes_is_a_line(self, lake, format):
        line = READERS[format][0] % 1
        read = self.read(lake, format, line + b"\n" + b"x" * (10 << 20) + b"\n" + line)
        assert read.table["id"].to_pylist() == [1, 1]
        (only,) = read.bad.to_pylist()
        assert only["number"] == 2 and only["text"].endswith("… (10485760 bytes)")
        assert len(only["text"]) < 10_100

    def test_what_has_no_end_is_no_line(self, lake, format, monkeypatch):
        monkeypatch.setattr(lines, "LONGEST", 1 << 20)
        with pytest.raises(BadData, match="a line has more than"):
            self.read(lake, format, b"x" * (9 << 20))

    def test_a_bad_line_is_kept_as_text_that_can_be_stored_or_as_its_digest(self, lake, format):
        read = self.read(lake, format, b"\xff\0\xc3\xa4\r\n")
        assert read.bad["text"].to_pylist() == ["\\xff\\x00ä"]
        one, other = (
            self.read(lake, format, content, keep="digest").bad["text"].to_pylist()
            for content in (b"secret\r\n", b"\nsecret")
        )
        assert one == other and one[0].startswith("sha256:") and len(one[0]) == 71


def zstd(content: bytes) -> bytes:
    return pa.compress(content, "zstd", asbytes=True)


PACKED = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstd,
    "two gzips": lambda content: gzip.compress(content[:9]) + gzip.compress(content[9:]),
    "two zstds": lambda content: zstd(content[:9]) + zstd(content[9:]),
    "an empty gzip first": lambda content: gzip.compress(b"") + gzip.compress(content),
}
CONTENT = b'{"id":1}\n{"id":2}\n' * 1000


def by(size: int, content: bytes):
    return (content[i : i + size] for i in range(0, len(content), size))


class TestPacked:
    @pytest.mark.parametrize("size", [1, 7, 1 << 20])
    @pytest.mark.parametrize("kind", PACKED)
    def test_the_first_bytes_say_how_it_is_packed(self, kind, size):
        assert b"".join(unpack(by(size, PACKED[kind](CONTENT)), "k")) == CONTENT

    @pytest.mark.parametrize("content", [b"", b"\x1f", b"\x1f\x8c", b"\x28\xb5\x2f", b"ab"])
    def test_what_is_short_is_what_it_is(self, content):
        assert b"".join(unpack([content], "k")) == content
        assert b"".join(unpack([], "k")) == b""

    @pytest.mark.parametrize("kind", ["gzip", "zstd", "two gzips", "two zstds"])
    def test_what_is_cut_anywhere_is_damaged_unless_between_members(self, kind):
        whole = PACKED[kind](CONTENT[:100])
        between = {0, 1, len(PACKED[kind.removeprefix("two ").rstrip("s")](CONTENT[:9]))}
        for end in range(len(whole)):
            if end in between or (kind.endswith(("zstd", "zstds")) and end < 4):
                continue
            with pytest.raises(BadData, match="cut or damaged"):
                list(unpack([whole[:end]], "k"))

    @pytest.mark.parametrize("kind", ["gzip", "zstd"])
    def test_what_is_damaged_or_has_something_behind_it_is_told(self, kind):
        whole = bytearray(PACKED[kind](CONTENT))
        with pytest.raises(BadData, match="cut or damaged"):
            list(unpack([bytes(whole) + b"garbage"], "k"))
        whole[len(whole) // 2] ^= 255
        if kind == "gzip":  # zstd by Arrow has no checksum
            with pytest.raises(BadData, match="cut or damaged"):
                list(unpack([bytes(whole)], "k"))

    def test_a_bomb_is_not_unpacked(self):
        bomb = gzip.compress(bytes(50 << 20))
        sizes: list[int] = []
        with pytest.raises(BadData, match="more than 10485760 bytes"):
            sizes.extend(map(len, unpack([bomb], "k", most_bytes=10 << 20)))
        assert len(sizes) == 10 and max(sizes) == unpacking.STEP

    @pytest.mark.parametrize("trouble", [Unreachable("no"), Missing("no"), BadData("no")])
    def test_trouble_on_the_way_is_what_it_was(self, trouble):
        def chunks():
            yield gzip.compress(CONTENT)[:50]
            raise trouble

        with pytest.raises(type(trouble)) as raised:
            list(unpack(chunks(), "k"))
        assert raised.value is trouble

    @pytest.mark.parametrize("kind", PACKED)
    def test_a_reader_takes_any(self, lake, kind):
        lake.put("k.json", PACKED[kind](CONTENT))
        read = lake.read_json_lines("k.json", pa.schema([SCHEMA.field("id")]))
        assert read.table.num_rows == 2000
