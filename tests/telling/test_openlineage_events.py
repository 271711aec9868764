"""OpenLineage run events: valid by the published schemas, told once, and harmless."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from returns.result import Failure, Success

from fwf import Workflow, it, map_each, named, retry, seconds, task, timeout
from fwf.cli import fwf as program
from fwf.faults import Interrupted
from fwf.interpreters.run import Note, Try, VirtualClock, execute
from fwf.telling.collector import Collector
from fwf.telling.openlineage_events import PARENT, RunEvents, environment, run_of
from tests.telling.nights import BROKEN, HOSTILE, night

SCHEMAS = Path(__file__).parents[3] / "shared" / "data" / "openlineage"
FACETS = ("ParentRunFacet", "NominalTimeRunFacet", "ErrorMessageRunFacet")
RUN = "01989c5e-0000-7000-8000-000000000001"
SOURCE = """
from fwf import named, task

@task(effect="read", reads=["s3://lake/a"])
def one() -> int:
    return 1

workflow = named("w", one)
"""


def told(w: Workflow[Any, Any], **given: Any) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    execute(w, observe=RunEvents(w, events.append), clock=VirtualClock(), **given)
    return events


def named_so(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["eventType"], each["job"]["name"]) for each in events]


def this(number: int = 1, died: str | None = None, **params: str) -> Try:
    return Try(RUN, "night", None, 1, number, datetime(2026, 6, 1, tzinfo=UTC), 0, params, died)


@pytest.fixture(scope="module")
def valid() -> Callable[[dict[str, Any]], None]:
    """Raises for an event, or a facet of its run, that the schemas don't allow."""
    if not SCHEMAS.exists():
        pytest.skip("the OpenLineage schemas are not beside the checkout")
    jsonschema = pytest.importorskip("jsonschema")
    referencing = pytest.importorskip("referencing")
    files = [SCHEMAS / "OpenLineage.json", *sorted((SCHEMAS / "facets").glob("*.json"))]
    schemas = {path.stem: json.loads(path.read_text("utf-8")) for path in files}
    registry = referencing.Registry().with_resources(
        (schema["$id"], referencing.Resource.from_contents(schema)) for schema in schemas.values()
    )

    def validator(schema: dict[str, Any]) -> Any:
        return jsonschema.Draft202012Validator(
            schema, registry=registry, format_checker=jsonschema.FormatChecker()
        )

    whole = validator({"$ref": f"{schemas['OpenLineage']['$id']}#/$defs/RunEvent"})
    facets = [validator(schemas[name]) for name in FACETS]

    def check(event: dict[str, Any]) -> None:
        whole.validate(event)
        for each in facets:
            each.validate(event["run"]["facets"])

    return check


def test_events_and_facets_are_valid(
    valid: Callable[[dict[str, Any]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PARENT, f"airflow/nightly/{RUN}")
    events = told(night)
    maker = RunEvents(night, events.append)
    maker.began(this(2, "ended without a word", day="2026-06-01"))
    maker.ended(this(), Failure(Interrupted()))
    for each in events:
        valid(json.loads(json.dumps(each)))
    assert {each["eventType"] for each in events} == {"START", "COMPLETE", "FAIL", "ABORT"}
    facets = {name for each in events for name in each["run"]["facets"]}
    assert facets == {"parent", "nominalTime", "errorMessage"}


def test_a_broken_event_is_not_valid(valid: Callable[[dict[str, Any]], None]) -> None:
    (event, *_) = told(night)
    with pytest.raises(Exception, match="runId"):
        valid({**event, "run": {"facets": {}}})
    with pytest.raises(Exception, match="is not a 'uuid'"):
        valid({**event, "run": {**event["run"], "runId": "x"}})


def test_a_run_and_its_tasks_start_and_end() -> None:
    assert named_so(told(night)) == [
        ("START", "night"),
        ("START", "night > par > orders"),
        ("START", "night > par > visits"),
        ("COMPLETE", "night > par > orders"),
        ("FAIL", "night > par > visits"),
        ("START", "night > par > visits"),
        ("FAIL", "night > par > visits"),
        ("START", "night > par > visits"),
        ("FAIL", "night > par > visits"),
        ("START", "night > loads > load"),
        ("START", "night > total"),
        ("FAIL", "night > total"),
        ("FAIL", "night > loads > load"),
        ("FAIL", "night"),
    ]


def test_items_are_one_run_that_fails_if_one_of_them_does(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [each for each in told(night) if each["job"]["name"].endswith("load")]
    assert [each["eventType"] for each in events] == ["START", "FAIL"]
    assert "'c' is negative" in events[-1]["run"]["facets"]["errorMessage"]["message"]
    monkeypatch.setattr("tests.telling.nights.BROKEN", set())
    assert BROKEN
    events = [each for each in told(night) if each["job"]["name"].endswith("load")]
    assert [each["eventType"] for each in events] == ["START", "COMPLETE"]


@task(effect="read", reads=["s3://lake/ids"])
def ids() -> list[str]:
    return ["a", "b"]


@task(effect="idempotent", writes=["redshift://dw/t"])
def flaky(item: str) -> str:
    if item not in SEEN:
        SEEN.add(item)
        raise ConnectionError("no route")
    return item


SEEN: set[str] = set()


def test_an_item_that_is_fine_at_last_has_not_failed() -> None:
    SEEN.clear()
    w = named("w", ids >> map_each(retry(flaky, attempts=2), key=it))
    assert named_so(told(w)) == [
        ("START", "w"),
        ("START", "w > ids"),
        ("COMPLETE", "w > ids"),
        ("START", "w > map_each > flaky"),
        ("COMPLETE", "w > map_each > flaky"),
        ("COMPLETE", "w"),
    ]


def test_each_start_has_one_end_of_the_same_id() -> None:
    events = told(night)
    starts = [each["run"]["runId"] for each in events if each["eventType"] == "START"]
    ends = [each["run"]["runId"] for each in events if each["eventType"] != "START"]
    assert sorted(starts) == sorted(ends)
    assert len({*starts}) == len(starts) == 7
    assert all(UUID(each).version == 5 for each in starts)


def test_ids_are_of_the_run_and_of_which_try() -> None:
    assert run_of(RUN, 1) == run_of(RUN, 1) != run_of(RUN, 2)
    assert run_of("no uuid", 1) == run_of("no uuid", 1)
    assert run_of(RUN, 1, "a") != run_of(RUN, 1)


def test_tasks_have_the_run_as_parent_and_what_they_declare() -> None:
    first, *rest = told(night)
    tasks = [each for each in rest if each["job"]["name"] != first["job"]["name"]]
    assert tasks
    for each in tasks:
        parent = each["run"]["facets"]["parent"]
        assert parent["run"]["runId"] == first["run"]["runId"]
        assert parent["job"]["name"] == first["job"]["name"]
        assert each["inputs"] or each["outputs"]
    assert [each["name"] for each in first["inputs"]] == ["orders", "visits"]
    assert [each["name"] for each in first["outputs"]] == ["sales", "totals"]


def test_the_day_is_nominal_and_only_where_it_is_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert nominal(day="2026-03-29") == {
            "nominalStartTime": "2026-03-29T00:00:00+01:00",
            "nominalEndTime": "2026-03-30T00:00:00+02:00",
        }
        assert nominal(day="yesterday") is None
        assert nominal(date="2026-03-29") is None
        assert nominal() is None
    finally:
        monkeypatch.undo()
        time.tzset()


def nominal(**params: str) -> dict[str, Any] | None:
    events: list[dict[str, Any]] = []
    RunEvents(night, events.append).began(this(**params))
    found: dict[str, Any] | None = events[0]["run"]["facets"].get("nominalTime")
    return found and {name: value for name, value in found.items() if name[0] != "_"}


def test_a_try_that_died_is_closed_by_the_next_one() -> None:
    events: list[dict[str, Any]] = []
    maker = RunEvents(night, events.append)
    maker.began(this(2, "ended without a word after 02:10, in night > total, attempt 1"))
    maker.ended(this(2), Success(None))
    assert [(each["eventType"], each["run"]["runId"]) for each in events] == [
        ("ABORT", run_of(RUN, 1)),
        ("START", run_of(RUN, 2)),
        ("COMPLETE", run_of(RUN, 2)),
    ]
    assert "without a word" in events[0]["run"]["facets"]["errorMessage"]["message"]


def test_a_run_that_is_stopped_aborts_with_what_is_at_work() -> None:
    events: list[dict[str, Any]] = []
    maker = RunEvents(night, events.append)
    maker.began(this())
    maker.note(Note("start", "night > total", "total", (), 5))
    maker.note(Note("start", "night > loads[a] > load", "load", (), 5))
    maker.note(Note("cut", "night > total", "total", (), 6))
    maker.ended(this(), Failure(Interrupted("", "SIGTERM")))
    assert [each["eventType"] for each in events] == ["START"] * 3 + ["ABORT"] * 3


def test_a_task_that_is_cut_aborts() -> None:
    w = named("w", timeout(waits, seconds(0.05)))
    events: list[dict[str, Any]] = []
    execute(w, observe=RunEvents(w, events.append))
    GONE.set()
    assert named_so(events) == [
        ("START", "w"), ("START", "w > w"), ("ABORT", "w > w"), ("FAIL", "w"),
    ]  # fmt: skip


GONE = threading.Event()


@task(effect="read", reads=["s3://lake/x"])
def waits() -> None:
    GONE.wait(60)


@pytest.mark.parametrize("given", ["", "x", "a/b", "a/b/no uuid"])
def test_a_parent_that_is_none_is_left_out(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PARENT, given)
    assert "parent" not in told(night)[0]["run"]["facets"]


def test_hostile_texts_stay_texts() -> None:
    assert (
        HOSTILE.split("\x1b")[0]
        in json.loads(json.dumps(told(night)[4]))["run"]["facets"]["errorMessage"]["stackTrace"]
    )


# To a collector


class Received:
    """A collector of this process: what it was sent, and how it answers."""

    def __init__(self, status: int = 200, hangs: threading.Event | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        received = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                received.events.append(json.loads(self.rfile.read(size)))
                received.headers.append(dict(self.headers))
                received.paths.append(self.path)
                if hangs is not None:
                    hangs.wait(60)
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def collecting(*args: Any) -> Iterator[Received]:
    received = Received(*args)
    thread = threading.Thread(target=received.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        received.server.shutdown()
        received.server.server_close()


def sent(url: str, count: int = 3, **given: Any) -> str | None:
    collector = Collector(url, **given)
    for n in range(count):
        collector.send({"n": n})
    return collector.close()


def test_events_go_to_a_collector_in_their_order() -> None:
    with collecting() as received:
        assert sent(f"{received.url}/api/v1/lineage", 100, key="k4711") is None
    assert [each["n"] for each in received.events] == list(range(100))
    assert received.headers[0]["Authorization"] == "Bearer k4711"
    assert received.headers[0]["Content-Type"] == "application/json"
    assert set(received.paths) == {"/api/v1/lineage"}


def test_a_name_in_the_address_is_a_header_and_is_not_told() -> None:
    with collecting(500) as received:
        said = sent(received.url.replace("//", "//etl:hunter2@"))
    assert received.headers[0]["Authorization"] == "Basic ZXRsOmh1bnRlcjI="
    assert said is not None and "hunter2" not in said


def test_what_a_collector_refuses_is_told_once_and_it_is_left_alone() -> None:
    with collecting(503) as received:
        said = sent(received.url, 50)
    assert len(received.events) == 3
    assert said == (
        f"OpenLineage: 50 of 50 events couldn't be sent to {received.url}: it answers 503 Service "
        "Unavailable; the run isn't concerned"
    )


def test_a_collector_that_is_not_there_is_told_once() -> None:
    with collecting() as received:
        url = received.url
    said = sent(url)
    assert said is not None and "3 of 3 events" in said and "refused" in said.lower()


def test_a_collector_that_hangs_is_not_waited_for() -> None:
    hangs = threading.Event()
    with collecting(200, hangs) as received:
        said = sent(received.url, within=0.2)
        hangs.set()
    assert said is not None and "3 of 3 events couldn't be sent" in said


def test_no_more_events_wait_than_may() -> None:
    hangs = threading.Event()
    with collecting(200, hangs) as received:
        said = sent(received.url, 100, within=0.2, most=10)
        hangs.set()
    assert said is not None and "more than 10 waited" in said


def test_closing_twice_tells_once() -> None:
    collector = Collector("http://127.0.0.1:9")
    collector.send({})
    assert collector.close() is not None
    assert collector.close() is None
    assert Collector("http://127.0.0.1:9").close() is None


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "localhost:5000", "notaurl", "ftp://x", "http://"]
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(ValueError, match="http or https") as refused:
        Collector(address)
    assert "None" not in str(refused.value)


def test_the_environment_is_that_of_other_clients() -> None:
    address = {"OPENLINEAGE_URL": "http://ol:5000/", "OPENLINEAGE_API_KEY": "k"}
    assert environment(address) == ("http://ol:5000/api/v1/lineage", "k", "fwf")
    more = {**address, "OPENLINEAGE_ENDPOINT": "/x", "OPENLINEAGE_NAMESPACE": "prod"}
    assert environment(more) == ("http://ol:5000/x", "k", "prod")
    assert environment({**address, "OPENLINEAGE_DISABLED": "True"})[0] == ""
    assert environment({}) == ("", "", "fwf")


# On the command line


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    (folder / "w.py").write_text(SOURCE)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    return CliRunner().invoke(program, ["run", "w.py", "--journal", "off", *words])


def test_the_command_line_appends_events_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        assert run(tmp_path, monkeypatch, "--openlineage", "ol.jsonl").exit_code == 0
    events = [json.loads(line) for line in (tmp_path / "ol.jsonl").read_text().splitlines()]
    once = [("START", "w"), ("START", "w > w"), ("COMPLETE", "w > w"), ("COMPLETE", "w")]
    assert named_so(events) == once * 2
    assert len({each["run"]["runId"] for each in events}) == 4


def test_the_command_line_sends_events_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting() as received:
        monkeypatch.setenv("OPENLINEAGE_URL", received.url)
        monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "prod")
        done = run(tmp_path, monkeypatch)
    assert (done.exit_code, done.stdout) == (0, "1\n")
    assert [each["job"]["namespace"] for each in received.events] == ["prod"] * 4
    assert "OpenLineage" not in done.stderr


def test_a_collector_that_fails_is_no_concern_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting(500) as received:
        monkeypatch.setenv("OPENLINEAGE_URL", received.url)
        done = run(tmp_path, monkeypatch)
    assert (done.exit_code, done.stdout) == (0, "1\n")
    assert done.stderr.count("fwf: OpenLineage: 4 of 4 events couldn't be sent to") == 1


@pytest.mark.parametrize(
    ("words", "url", "said"),
    [
        (["--openlineage", "no/such/folder/x"], None, "it can't be written"),
        (["--openlineage", "-"], None, "must be a file's name"),
        ([], "ftp://x", "OPENLINEAGE_URL: ftp://x: events go to an address of http"),
    ],
)
def test_misuse_is_told_before_anything_runs(
    words: list[str], url: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if url is not None:
        monkeypatch.setenv("OPENLINEAGE_URL", url)
    done = run(tmp_path, monkeypatch, *words)
    assert done.exit_code == 2
    assert said in done.stderr and "start" not in done.stderr
