"""Are these tasks plain values, refused where they make no sense, and composed as they say?"""

import gzip
import json
import pickle
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pyarrow as pa
import pytest
from returns.result import Success

from fwf import (
    Secret,
    check,
    const,
    days,
    fallback,
    it,
    lineage,
    load,
    map_each,
    milliseconds,
    named,
    plan,
    poll,
    pure,
    registry,
    retry,
    run,
    seconds,
)
from fwf.algebra.plain_values import thaw
from fwf.connectors import objects
from fwf.connectors.objects import (
    ACCESS_LOG,
    Found,
    Part,
    Store,
    head,
    key,
    listing,
    publish,
    published,
    read_access_log,
    read_csv,
    read_json_lines,
    read_parquet,
    read_published,
    sweep,
    write_json_lines,
    write_parquet,
)
from fwf.connectors.objects.keys import fill
from fwf.connectors.shared.errors import Missing, Refused, Transient

DAY = date(2026, 7, 1)
SALES = pa.schema([pa.field("id", pa.int64(), nullable=False), ("name", pa.string())])
OF_DAY = {"store": "lake", "params": {"day": date}}

TASKS = [
    key("a/{day}.csv", name="k", params={"day": date}),
    key("a", name="k"),
    key("{at:%Y/%m/%d/%H}/{n}-{{x}}", name="k", params={"at": datetime, "n": "int"}),
    key("a/{shop}", name="k", params={"shop": str}),
    head(name="h"),
    head(name="h", store="lake", reads=["x"]),
    listing("logs/{day}-", name="l", may_be_empty=True, **OF_DAY),
    listing("", name="l"),
    read_json_lines(SALES, name="r"),
    read_json_lines(ACCESS_LOG, name="r", at_most=(5, 0.5), keep="digest", reads=[]),
    read_csv(SALES, name="r", store="lake"),
    read_csv(
        SALES,
        name="r",
        delimiter="\t",
        null="",
        encoding="cp1252",
        has_header=False,
        at_most=(0, 0),
    ),
    read_access_log(name="r", at_most=(0, 0)),
    read_parquet(SALES, name="r"),
    write_parquet("sales/{day}", name="w", schema=SALES, **OF_DAY),
    write_parquet("sales", name="w", writes=["s3://lake/sales"]),
    publish("sales/{day}", name="p", replace=True, **OF_DAY),
    published("sales/{day}", name="p", **OF_DAY),
    read_published("sales/{day}", SALES, name="r", **OF_DAY),
    write_json_lines("bad/{day}.jsonl", name="w", packed=True, schema=SALES, **OF_DAY),
    sweep("sales/", name="s", older=days(7)),
]


@pytest.mark.parametrize("made", TASKS, ids=range(len(TASKS)))
class TestValues:
    def test_they_are_pickled(self, made):
        again = pickle.loads(pickle.dumps(made))
        assert again == made and again.contract == made.contract

    def test_they_are_read_from_a_plan(self, made):
        assert load(plan(made), registry=registry(made)) == Success(made)

    def test_their_config_is_what_their_factory_is_called_with(self, made):
        factory = getattr(objects, made.fn.__name__)
        config = {name: thaw(value) for name, value in made.config.items()}
        assert factory(**config) == made and json.dumps(config, default=str)


class TestRefused:
    @pytest.mark.parametrize(
        ("make", "said"),
        [
            (lambda: key("a/{day}", name="k"), "mentions {day}, which params doesn't"),
            (lambda: key("a/{dya}", name="k", params={"day": date}), "did you mean"),
            (lambda: key("a", name="k", params={"day": date}), "doesn't mention it"),
            (lambda: key("../{day}", name="k", params={"day": date}), "no segment"),
            (lambda: key("/a", name="k"), "take the leading / off"),
            (lambda: key("a/", name="k"), "no empty segment"),
            (lambda: key("", name="k"), "a key"),
            (lambda: key("{day", name="k", params={"day": date}), "a brace itself"),
            (lambda: key("{day!r}", name="k", params={"day": date}), "write {day}"),
            (lambda: key("{day.year}", name="k", params={"day": date}), "mentions"),
            (lambda: key("{day:%B}", name="k", params={"day": date}), "write {day}"),
            (lambda: key("{at}", name="k", params={"at": datetime}), "a datetime needs"),
            (lambda: key("{n:5}", name="k", params={"n": int}), "write {n}"),
            (lambda: key("{x}", name="k", params={"x": float}), "what stands in a key"),
            (lambda: key("{x}", name="k", params={"x": bytes}), "a run parameter is one of"),
            (lambda: key(5, name="k"), "is no text"),
            (lambda: listing("a/../", name="l"), "no segment"),
            (lambda: listing("a//", name="l"), "no empty segment"),
            (lambda: listing("{store}", name="l", params={"store": str}), "are both named 'store'"),
            (lambda: head(name="h", store="my lake"), "that Python can write"),
            (lambda: read_json_lines({"id": int}, name="r"), "needs a pyarrow.Schema"),
            (lambda: read_json_lines(pa.schema([]), name="r"), "it has no column"),
            (
                lambda: read_csv(pa.schema([("a", pa.int8()), ("a", pa.int8())]), name="r"),
                "two col",
            ),
            (lambda: read_csv(pa.schema([("a", pa.struct([]))]), name="r"), "declared column"),
            (lambda: read_csv(SALES, name="r", delimiter="ab"), "one character"),
            (lambda: read_csv(SALES, name="r", delimiter='"'), "one character"),
            (lambda: read_csv(SALES, name="r", encoding="utf-99"), "no such encoding"),
            (lambda: read_access_log(name="r", at_most=(-1, 0)), "a count of bad lines"),
            (lambda: read_access_log(name="r", at_most=(1, 2)), "a count of bad lines"),
            (lambda: read_access_log(name="r", at_most=(1,)), "a count of bad lines"),
            (lambda: read_access_log(name="r", at_most=(float("nan"), 0)), "a count of bad lines"),
            (lambda: read_access_log(name="r", keep="nothing"), "'text' or 'digest'"),
            (lambda: write_parquet("a/", name="w"), "no empty segment"),
            (lambda: sweep("a", name="s", older=timedelta(0)), "may be published next"),
            (
                lambda: publish("{idempotency_key}", name="p", params={"idempotency_key": str}),
                "choose another",
            ),
        ],
    )
    def test_what_makes_no_sense_is_refused_when_it_is_made(self, make, said):
        with pytest.raises((ValueError, TypeError), match=said) as raised:
            make()
        assert str(raised.value).startswith(("objects.", "two", "'", "struct"))


class TestKeys:
    @pytest.mark.parametrize(
        ("pattern", "values", "made"),
        [
            ("a/{day}.csv", {"day": DAY}, "a/2026-07-01.csv"),
            ("{day:%Y/%m/%d}/x", {"day": DAY}, "2026/07/01/x"),
            ("{day:%Y-%m}", {"day": date(999, 1, 2)}, "0999-01"),
            ("{at:%H%M%S}", {"at": datetime(2026, 7, 1, 2, 3, 4, tzinfo=UTC)}, "020304"),
            ("{n}-{u}", {"n": -5, "u": UUID(int=0)}, "-5-00000000-0000-0000-0000-000000000000"),
            ("{{day}}", {}, "{day}"),
            ("{shop}", {"shop": "{day}"}, "{day}"),
        ],
    )
    def test_parameters_stand_in_them(self, pattern, values, made):
        assert fill(pattern, values) == made

    @pytest.mark.parametrize("shop", ["", "a/b", "../x", "/"])
    def test_a_value_that_makes_no_key_is_refused(self, shop):
        with pytest.raises(Refused, match="what stands in a key"):
            fill("a/{shop}/b", {"shop": shop})

    @pytest.mark.parametrize("shop", ["..", ".", "a\0"])
    def test_a_value_that_leads_elsewhere_is_refused_when_it_is_used(self, shop):
        lake = objects.store("memory://")
        w = key("a/{shop}/b", name="k", params={"shop": str}) >> head(name="h", store="lake")
        ran = run(w, None, params={"shop": shop}, resources={"lake": lambda: lake})
        assert "a key has no" in ran.failure().message


def test_datasets_are_named_as_far_as_no_parameter_decides():
    assert listing("logs/{day}/", name="l", **OF_DAY).contract.reads == ("objects://lake/logs",)
    assert head(name="h", store="lake").contract.reads == ("objects://lake",)
    assert publish("sales/{day}", name="p", **OF_DAY).contract.writes == ("objects://lake/sales",)
    w = read_parquet(SALES, name="r", store="raw") >> write_parquet("sales/d", name="w")
    assert lineage(w).reach("objects://store/sales/d").data == ("objects://raw",)


LINE = b'198.18.0.1 - - [01/Jul/2026:07:00:00 +0200] "GET /a HTTP/1.0" 200 5\n'

day_of_logs = named(
    "logs",
    listing("logs/{day}-", name="files", **OF_DAY)
    >> map_each(
        retry(
            read_access_log(name="parse", store="lake", at_most=(1, 1)), attempts=2, on=Transient
        ),
        key=it.key,
    )
    >> map_each(
        pure(it.table) >> write_parquet("hits/{day}", name="write", schema=ACCESS_LOG, **OF_DAY)
    )
    >> publish("hits/{day}", name="publish", **OF_DAY)
    >> read_published("hits/{day}", ACCESS_LOG, name="back", **OF_DAY),
)


def some_sales(_: object) -> pa.Table:
    return pa.table({"id": [1], "name": ["a"]}, schema=SALES)


class TestRuns:
    def run(self, w, lake, given=None):
        return run(w, given, params={"day": DAY}, resources={"lake": lambda: lake})

    def test_a_day_goes_through_every_store(self, lake: Store):
        assert not [issue for issue in check(day_of_logs) if issue.severity == "error"]
        lake.put("logs/2026-07-01-00", gzip.compress(LINE * 3))
        lake.put("logs/2026-07-01-01", LINE + b"bad\n")
        lake.put("logs/2026-07-02-00", LINE * 50)
        table = self.run(day_of_logs, lake).unwrap()
        assert table.num_rows == 4 and table.schema == ACCESS_LOG
        again = self.run(day_of_logs, lake).unwrap()
        assert again.num_rows == 4

    def test_a_day_without_objects_is_for_the_author_to_decide(self):
        lake = objects.store("memory://")
        strict = listing("logs/{day}/", name="files", **OF_DAY)
        assert self.run(strict, lake).failure().tags[0].endswith("Missing")
        lenient = listing("logs/{day}/", name="files", may_be_empty=True, **OF_DAY)
        assert self.run(lenient, lake) == Success([])
        assert self.run(fallback(strict, const([]), on=Missing), lake) == Success([])

    def test_what_is_not_there_yet_is_waited_for(self):
        lake = objects.store("memory://")
        asked = []

        class Late(Store):
            def head(self, key: str) -> Found | None:
                asked.append(key)
                if len(asked) == 3:
                    lake.put(key, b"x")
                return lake.head(key)

        late = Late("memory://", lambda: lake._place)
        wait = key("{day}/done", name="k", params={"day": date}) >> poll(
            head(name="done", store="lake"), it != None, every=milliseconds(1), limit=5
        )
        found = self.run(wait, late).unwrap()
        assert (found.key, found.size, len(asked)) == ("2026-07-01/done", 1, 3)

    def test_an_object_is_read_by_its_key_or_as_it_was_found_or_written(self):
        lake = objects.store("memory://")
        lake.put("k", b'{"id":1}')
        read = read_json_lines(SALES, name="r", store="lake")
        part = Part("k", 1, 1)
        for given in ("k", lake.head("k"), part):
            ran = run(read, given, resources={"lake": lambda: lake})
            assert ran.unwrap().table.num_rows == 1

    def test_bad_lines_are_written_where_they_can_be_looked_at(self):
        lake = objects.store("memory://")
        lake.put("k", b"bad\n")
        w = (
            read_json_lines(SALES, name="r", store="lake", at_most=(1, 1))
            >> pure(it.bad)
            >> write_json_lines("bad/{day}.jsonl", name="w", **OF_DAY)
        )
        assert self.run(w, lake, "k").unwrap().rows == 1
        assert b'"number": 1, "reason": "it is no JSON object"' in lake.get("bad/2026-07-01.jsonl")

    def test_too_many_bad_lines_fail_as_bad_data(self):
        lake = objects.store("memory://")
        lake.put("k", b"secret-value\n")
        read = retry(read_json_lines(SALES, name="r", store="lake"), attempts=3)
        fault = run(read, "k", resources={"lake": lambda: lake}).failure()
        assert fault.tags[0].endswith("BadData") and "secret" not in fault.message

    def test_a_store_is_opened_once_for_a_run(self):
        assert objects.store("memory://").per_run is True
        opened = []

        def lake():
            opened.append(objects.store("memory://"))
            return opened[-1]

        w = named(
            "w",
            pure(some_sales)
            >> write_parquet("sales/{day}", name="write", **OF_DAY)
            >> publish("sales/{day}", name="publish", **OF_DAY)
            >> published("sales/{day}", name="look", **OF_DAY)
            >> pure(it.rows),
        )
        assert run(w, None, params={"day": DAY}, resources={"lake": lake}) == Success(1)
        assert len(opened) == 1

    def test_sweeping_is_a_task(self):
        lake = objects.store("memory://")
        lake.write_parquet("f", SALES.empty_table(), by="s")
        w = sweep("f", name="s", store="lake", older=seconds(100))
        assert run(w, None, resources={"lake": lambda: lake}) == Success((0, 0))


def test_a_secret_is_never_in_what_is_told_of_a_task():
    canary = "hunter2-canary"
    lake = objects.store("s3://lake", access_key=Secret(lambda: canary, where="a"),
                         secret_key=Secret(lambda: canary, where="b"))  # fmt: skip
    assert canary not in repr(lake) and canary not in repr(vars(lake))
