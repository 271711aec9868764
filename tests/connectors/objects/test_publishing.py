"""Is a table in objects there whole, or not at all, however an attempt ends?"""

import io
import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fwf.connectors.objects import Part, manifests
from fwf.connectors.shared.errors import (
    BadData,
    Conflict,
    KeyReused,
    MaybeDone,
    Missing,
    Refused,
)

SALES = pa.schema([pa.field("id", pa.int64(), nullable=False), ("name", pa.string())])


def sales(*ids: int) -> pa.Table:
    return pa.table({"id": list(ids), "name": [None for _ in ids]}, schema=SALES)


def ids(lake, folder="sales/d1"):
    return lake.read_published(folder, SALES)["id"].to_pylist()


class TestParts:
    def test_a_part_is_a_parquet_file_that_nobody_sees(self, lake):
        part = lake.write_parquet("sales/d1", sales(1, 2), by="step")
        assert part.rows == 2 and part.size == len(lake.get(part.key))
        assert pq.read_table(io.BytesIO(lake.get(part.key)))["id"].to_pylist() == [1, 2]
        assert lake.manifest("sales/d1") is None
        with pytest.raises(Missing, match="nothing is published"):
            ids(lake)

    def test_each_attempt_has_keys_of_its_own(self, lake):
        one, other = (lake.write_parquet("sales/d1", sales(1), by="step") for _ in range(2))
        assert one.key != other.key
        assert one.key.rpartition("-")[0] == other.key.rpartition("-")[0]
        assert one[1:] == other[1:]

    def test_a_reader_is_written_as_it_comes(self, lake, monkeypatch):
        monkeypatch.setattr("fwf.connectors.shared.parquet.GROUP_ROWS", 1000)
        batch = sales(*range(1000)).to_batches()[0]
        reader = pa.RecordBatchReader.from_batches(SALES, (batch for _ in range(30)))
        part = lake.write_parquet("sales/d1", reader, by="step")
        assert part.rows == 30_000
        lake.publish("sales/d1", [part], by="step")
        assert len(ids(lake)) == 30_000

    @pytest.mark.parametrize(
        "table",
        [
            SALES.empty_table(),
            pa.table({"id": [2**63 - 1], "name": ["\0 ä \u2028"]}, schema=SALES),
        ],
    )
    def test_awkward_tables_are_there_as_they_were(self, lake, table):
        lake.publish("f", [lake.write_parquet("f", table, by="s")], by="s")
        assert lake.read_published("f", SALES).to_pylist() == table.to_pylist()

    def test_a_write_that_fails_leaves_nothing(self, lake, s3_client, bucket):
        def batches():
            yield from sales(*range(10)).to_batches()
            raise BadData("no more")

        reader = pa.RecordBatchReader.from_batches(SALES, batches())
        with pytest.raises(BadData, match="no more"):
            lake.write_parquet("sales/d1", reader, by="step")
        late = pa.table({"at": pa.array([1], pa.timestamp("ns"))})
        with pytest.raises(BadData, match="column 'at'"):
            lake.write_parquet("sales/d1", late, by="step")
        assert lake.list() == []
        assert not s3_client.list_multipart_uploads(Bucket=bucket).get("Uploads")


class TestReadingParquet:
    def test_declared_columns_are_found_by_name(self, lake):
        sink = io.BytesIO()
        pq.write_table(pa.table({"x": [1], "name": ["a"], "id": [7]}), sink)
        lake.put("k", sink.getvalue())
        assert lake.read_parquet("k", SALES).to_pylist() == [{"id": 7, "name": "a"}]

    @pytest.mark.parametrize(
        ("table", "said"),
        [
            (pa.table({"id": [1]}), "column 'name' is there 0 times"),
            (pa.table({"id": [1.5], "name": ["secret"]}), "column 'id' is double, not int64"),
            (pa.table({"id": [1, None], "name": ["secret", ""]}), "column 'id' has 1 nulls"),
            (pa.table([[1], [2], [""]], ["id", "id", "name"]), "column 'id' is there 2 times"),
        ],
    )
    def test_other_columns_are_refused_without_their_values(self, lake, table, said):
        sink = io.BytesIO()
        pq.write_table(table, sink)
        lake.put("k", sink.getvalue())
        with pytest.raises(BadData, match=said) as raised:
            lake.read_parquet("k", SALES)
        assert "secret" not in str(raised.value)

    @pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1", b"x" * 50])
    def test_what_is_no_parquet_is_told(self, lake, content):
        lake.put("k", content)
        with pytest.raises(BadData, match="no Parquet") as raised:
            lake.read_parquet("k", SALES)
        assert raised.value.__context__ is None


class TestPublishing:
    def test_what_is_published_is_seen_and_nothing_else(self, lake):
        parts = [lake.write_parquet("sales/d1", sales(n), by="step") for n in (1, 2)]
        lake.write_parquet("sales/d1", sales(3), by="step")
        made = lake.publish("sales/d1", parts, by="step")
        assert (made.rows, made.parts) == (2, sorted(parts))
        assert lake.manifest("sales/d1") == made
        assert sorted(ids(lake)) == [1, 2]

    def test_no_part_at_all_is_a_table_without_rows(self, lake):
        lake.publish("sales/d1", [], by="step")
        assert lake.read_published("sales/d1", SALES).equals(SALES.empty_table())

    def test_the_same_data_are_published_once_under_the_keys_that_are_there(self, lake):
        first = lake.publish("f", [lake.write_parquet("f", sales(1), by="s")], by="s")
        again = [lake.write_parquet("f", sales(1), by="s")]
        assert lake.publish("f", again, by="s") == first
        assert lake.publish("f", again, by="another run") == first
        assert lake.manifest("f") == first

    @pytest.mark.parametrize("replace", [False, True])
    def test_the_same_rows_in_another_order_and_other_parts_are_the_same_data(self, lake, replace):
        first = lake.publish("f", [lake.write_parquet("f", sales(1, 2, 3), by="s")], by="s")
        again = [lake.write_parquet("f", sales(*ids), by="s") for ids in ((3,), (2, 1))]
        assert lake.publish("f", again, by="s", replace=replace) == first
        twice = [lake.write_parquet("f", sales(1, 2, 2), by="s")]
        with pytest.raises(KeyReused):
            lake.publish("f", twice, by="s", replace=replace)

    def test_the_same_rows_of_other_types_are_other_data(self, lake):
        lake.publish("f", [lake.write_parquet("f", sales(1), by="s")], by="s")
        table = pa.table({"id": pa.array([1], pa.int32()), "name": pa.array([None], pa.string())})
        other = [lake.write_parquet("f", table, by="s")]
        with pytest.raises(KeyReused):
            lake.publish("f", other, by="s")

    def test_a_manifest_that_could_not_be_read_is_not_written(self, lake, monkeypatch):
        monkeypatch.setattr(manifests, "LARGEST", 300)
        parts = [lake.write_parquet("f", sales(n), by="s") for n in range(3)]
        with pytest.raises(BadData, match="3 parts are too many"):
            lake.publish("f", parts, by="s")
        assert lake.manifest("f") is None

    def test_the_same_step_with_other_data_is_told(self, lake):
        lake.publish("f", [lake.write_parquet("f", sales(1), by="s")], by="s")
        other = [lake.write_parquet("f", sales(2), by="s")]
        for replace in (False, True):
            with pytest.raises(KeyReused):
                lake.publish("f", other, by="s", replace=replace)
        assert ids(lake, "f") == [1]

    def test_another_step_puts_its_data_in_place_only_if_it_says_so(self, lake):
        lake.publish("f", [lake.write_parquet("f", sales(1), by="s")], by="s")
        other = [lake.write_parquet("f", sales(2), by="t")]
        with pytest.raises(Refused, match="replace=True"):
            lake.publish("f", other, by="t")
        assert ids(lake, "f") == [1]
        lake.publish("f", other, by="t", replace=True)
        assert ids(lake, "f") == [2]
        assert lake.publish("f", other, by="t", replace=True) == lake.manifest("f")

    @pytest.mark.parametrize(
        "key",
        ["f/x.parquet", "g/part-0123456789abcdef-0123456789abcdef.parquet", "f/manifest.json"],
    )
    def test_what_is_no_part_of_the_folder_is_refused(self, lake, key):
        lake.put(key, b"x")
        with pytest.raises(BadData, match="no part"):
            lake.publish("f", [Part(key, 1, 1)], by="s")

    def test_a_part_that_is_gone_or_another_or_given_twice_is_not_published(self, lake):
        part = lake.write_parquet("f", sales(1), by="s")
        with pytest.raises(BadData, match="given twice"):
            lake.publish("f", [part, part], by="s")
        lake.put(part.key, b"other")
        with pytest.raises(Missing, match="1 of 1 parts"):
            lake.publish("f", [part], by="s")
        lake.delete([part.key])
        with pytest.raises(Missing, match="1 of 1 parts"):
            lake.publish("f", [part], by="s")
        assert lake.manifest("f") is None

    @pytest.mark.parametrize(
        "content",
        [
            b"", b"{}", b"[]", b"null", b"\xff", b'{"fwf":2,"by":"s","rows":0,"parts":[]}',
            b'{"fwf":1,"by":"s","rows":0,"parts":[{"name":"../x","rows":1,"size":1}]}',
            b'{"fwf":1,"by":"s","rows":0,"parts":[{"name":"x","rows":1,"size":1}]}',
            b"[" * 100_000,
        ],
        ids=range(9),
    )  # fmt: skip
    def test_what_is_no_manifest_is_told_and_never_written_over(self, lake, content):
        lake.put("f/manifest.json", content)
        part = lake.write_parquet("f", sales(1), by="s")
        for use in (
            lambda: lake.manifest("f"),
            lambda: lake.publish("f", [part], by="s", replace=True),
            lambda: lake.sweep("f", older=timedelta(days=-1)),
        ):
            with pytest.raises(BadData, match="no manifest"):
                use()
        assert lake.get("f/manifest.json") == content and lake.exists(part.key)

    @pytest.mark.parametrize("before", [False, True], ids=["new", "replaced"])
    def test_a_lost_answer_to_what_succeeded_is_recognised(self, make, before):
        lake = make("s3")
        if before:
            lake.publish("f", [lake.write_parquet("f", sales(0), by="old")], by="old")
        part = lake.write_parquet("f", sales(1), by="s")
        put = lake._put_if

        def lost(*given):
            assert put(*given)
            raise MaybeDone("the answer was cut")

        lake._put_if = lost
        with pytest.raises(MaybeDone):
            lake.publish("f", [part], by="s", replace=before)
        del lake._put_if
        assert lake.publish("f", [part], by="s", replace=before).parts == [part]
        anew = lake.write_parquet("f", sales(1), by="s")
        assert lake.publish("f", [anew], by="s", replace=before).parts == [part]

    @pytest.mark.parametrize("kind", ["memory", "file", "s3"])
    def test_of_many_that_publish_at_once_one_does(self, make, kind):
        lake = make(kind)
        parts = [lake.write_parquet("f", sales(n), by=str(n)) for n in range(8)]
        outcomes: list[object] = []

        def publish(n):
            try:
                outcomes.append(lake.publish("f", [parts[n]], by=str(n)))
            except (Conflict, Refused) as error:
                outcomes.append(error)

        threads = [threading.Thread(target=publish, args=(n,)) for n in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        made = [each for each in outcomes if not isinstance(each, Exception)]
        assert len(outcomes) == 8 and made == [lake.manifest("f")]

    @pytest.mark.parametrize("kind", ["memory", "s3"])
    def test_who_replaces_what_is_no_longer_there_is_told(self, make, kind):
        lake = make(kind)
        lake.publish("f", [lake.write_parquet("f", sales(0), by="0")], by="0")
        one, other = (lake.write_parquet("f", sales(n), by=str(n)) for n in (1, 2))
        replace = lake.replace

        def late(found, data):
            lake.replace = replace
            lake.publish("f", [other], by="2", replace=True)
            return replace(found, data)

        lake.replace = late
        with pytest.raises(Conflict, match="somebody else"):
            lake.publish("f", [one], by="1", replace=True)
        assert ids(lake, "f") == [2]


class TestSweep:
    def test_only_old_parts_that_no_manifest_names_are_removed(self, lake):
        kept = lake.write_parquet("sales/d1", sales(1), by="s")
        left = lake.write_parquet("sales/d1", sales(1, 2, 3), by="s")
        never = lake.write_parquet("sales/d2", sales(4), by="s")
        lake.publish("sales/d1", [kept], by="s")
        lake.put("sales/d1/part-of-mine.parquet", b"x")
        lake.put("sales/notes.txt", b"x")
        other = lake.write_parquet("other", sales(4), by="s")
        assert lake.sweep("sales/", older=timedelta(hours=1)) == (0, 0)
        later = datetime.now(UTC) + timedelta(hours=2)
        swept = lake.sweep("sales/", older=timedelta(hours=1), now=later)
        assert swept == (2, left.size + never.size)
        assert ids(lake, "sales/d1") == [1]
        assert {each.key for each in lake.list()} == {
            kept.key, other.key, "sales/d1/manifest.json", "sales/d1/part-of-mine.parquet",
            "sales/notes.txt",
        }  # fmt: skip


KILLED = """
import os, sys
import pyarrow as pa
from fwf.connectors.objects import store
from tests.connectors.objects.test_publishing import SALES, sales

def batches():
    for n in range(5):
        yield sales(*range(1000)).to_batches()[0]
    os.kill(os.getpid(), 9)

lake = store(sys.argv[1])
lake.write_parquet("f", pa.RecordBatchReader.from_batches(SALES, batches()), by="s")
"""


def test_an_attempt_that_is_killed_has_written_nothing_that_is_seen(make):
    lake = make("file")
    assert lake.list() == []
    command = [sys.executable, "-c", KILLED, lake.url]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    killed = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    assert lake.manifest("f") is None and lake.list() == []
    lake.publish("f", [lake.write_parquet("f", sales(1), by="s")], by="s")
    assert json.loads(lake.get("f/manifest.json"))["rows"] == 1 and ids(lake, "f") == [1]
