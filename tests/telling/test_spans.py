"""OpenTelemetry spans of a run: which there are, what they say, and that nobody waits for them."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from fwf import Workflow, it, map_each, named, par, pure, retry, seconds, task, timeout
from fwf.interpreters.run import Note, Try, VirtualClock, run, several
from fwf.secrets import Secret
from fwf.telling.spans import Spans, exported, spans
from tests.cli_support import ROOT, environment
from tests.telling.nights import night

pytest.importorskip("opentelemetry.sdk")

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import (
    InMemorySpanExporter,
)


class Traced:
    """A provider of its own, and what came of it."""

    def __init__(self) -> None:
        self._memory = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._memory))
        self.tracer = self.provider.get_tracer("own")

    def run(self, w: Workflow[Any, Any], *others: Any, **given: Any) -> list[ReadableSpan]:
        run(w, observe=several(Spans(self.tracer), *others), **given)
        return self.spans

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._memory.get_finished_spans())


@pytest.fixture
def traced() -> Iterator[Traced]:
    traced = Traced()
    yield traced
    traced.provider.shutdown()


def said(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def parent(span: ReadableSpan, spans: list[ReadableSpan]) -> str | None:
    found = [each.name for each in spans if span.parent and each.context == span.parent]
    return found[0] if found else None


@task(effect="pure")
def one() -> int:
    return 1


@task(effect="pure")
def rows() -> list[int]:
    return [1, 2, 3]


def test_a_try_has_a_span_and_in_it_one_for_each_attempt(traced: Traced) -> None:
    found = traced.run(named("night", rows >> map_each(pure(it + 1)) >> par(one, one)))
    assert [(each.name, parent(each, found)) for each in found] == [
        ("rows", "night"), ("one", "night"), ("one", "night"), ("night", None),
    ]  # fmt: skip
    assert said(found[0])["fwf.path"] == "night > rows"
    assert said(found[0])["fwf.rows"] == 3
    assert said(found[2])["fwf.path"] == "night > par > one#2"
    assert said(found[-1])["fwf.try"] == 1
    assert {said(each)["fwf.run.id"] for each in found} == {said(found[0])["fwf.run.id"]}
    assert len({each.context.trace_id for each in found if each.context}) == 1


def test_spans_have_the_times_of_the_run(traced: Traced) -> None:
    notes: list[Note] = []
    found = traced.run(night, notes.append, clock=VirtualClock())
    tries = [each for each in found if each.name == "visits"]
    starts = [each.start_time or 0 for each in tries]
    assert [(later - starts[0]) / 1e9 for later in starts] == [0, 90, 180]
    assert all((each.end_time or 0) >= (each.start_time or 0) for each in found)
    root = found[-1]
    assert (root.end_time or 0) >= max(each.end_time or 0 for each in found)


def test_failures_are_errors_with_events_of_exceptions(traced: Traced) -> None:
    found = traced.run(night, clock=VirtualClock())
    failed = next(each for each in found if each.name == "total")
    assert not failed.status.is_ok and failed.status.description == "KeyError: 'sum'"
    (event,) = failed.events
    told = dict(event.attributes or {})
    assert (event.name, told["exception.type"]) == ("exception", "KeyError")
    assert 'raise KeyError("sum")' in str(told["exception.stacktrace"])
    root = found[-1]
    assert not root.status.is_ok
    events = [(each.name, dict(each.attributes or {}).get("fwf.path")) for each in root.events]
    assert ("retry", "night > par > visits") in events
    assert ("caught", "night > par > visits") in events or (
        "caught" in {name for name, _ in events}
    )


def test_what_is_cut_ends_as_an_error_and_no_span_stays_open(traced: Traced) -> None:
    gone = threading.Event()

    @task(effect="pure", config={"of": "a test"})
    def long() -> None:
        gone.wait(60)

    found = traced.run(named("w", timeout(long, seconds(0.05))))
    gone.set()
    assert [each.name for each in found] == ["long", "w"]
    assert found[0].status.description == "cut"


def test_what_a_task_traces_stands_in_the_span_of_its_attempt(traced: Traced) -> None:
    tracer = traced.tracer

    @task(effect="pure", config={"of": "a test"})
    def inline() -> int:
        with tracer.start_as_current_span("in inline"):
            return 1

    @task(effect="pure", config={"of": "a test"})
    def beside() -> int:
        with tracer.start_as_current_span(f"in {threading.current_thread().name[:4]}"):
            return 1

    @task(effect="pure", config={"of": "a test"})
    async def awaits() -> int:
        with tracer.start_as_current_span("in awaits"):
            await asyncio.sleep(0)
            return 1

    found = traced.run(named("w", inline >> named("side", par(beside, awaits))))
    parents = {each.name: parent(each, found) for each in found}
    assert parents["in inline"] == "inline"
    assert parents["in fwf-"] == "beside"
    assert parents["in awaits"] == "awaits"
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_a_run_stands_in_the_span_of_who_starts_it(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("caller"):
        traced.run(named("w", one >> pure(it)))
    assert [parent(each, traced.spans) for each in traced.spans] == ["w", "caller", None]


def test_each_attempt_of_a_retry_has_its_own(traced: Traced) -> None:
    tracer, count = traced.tracer, [0]

    @task(effect="idempotent", config={"of": "a test"})
    def fails_once() -> int:
        count[0] += 1
        with tracer.start_as_current_span(f"call {count[0]}"):
            if count[0] == 1:
                raise ConnectionError("no route")
            return 1

    found = traced.run(named("w", retry(fails_once, attempts=3)), clock=VirtualClock())
    attempts = [said(each)["fwf.tries"] for each in found if each.name == "fails_once"]
    assert attempts == [(1,), (2,)]
    inner = [each for each in found if each.name.startswith("call")]
    assert [parent(each, found) for each in inner] == ["fails_once", "fails_once"]
    assert len({each.parent.span_id for each in inner if each.parent}) == 2


def test_secrets_are_masked(traced: Traced) -> None:
    @task(effect="pure")
    def tells(*, token: Secret) -> None:
        raise ValueError(f"bad token {token.reveal()}")

    secret = Secret(lambda: "hunter2-hunter2", where="a test")
    found = traced.run(named("w", tells), resources={"token": secret})
    assert "hunter2" not in " ".join(each.to_json() for each in found)


def test_a_resumed_run_counts_what_was_kept_and_says_that_the_try_before_died(
    traced: Traced,
) -> None:
    from datetime import UTC, datetime

    from returns.result import Success

    this = Try("id", "w", None, 1, 2, datetime.now(UTC), 5, {"day": "x"}, "ended without a word")
    observer = Spans(traced.tracer)
    observer.began(this)
    observer.note(Note("kept", "w > one", "one", (), 5, None, 1))
    observer.ended(this, Success(None))
    (root,) = traced.spans
    assert said(root)["fwf.kept"] == 1 and said(root)["fwf.try"] == 2
    assert said(root)["fwf.param.day"] == "x"
    assert [each.name for each in root.events] == ["died"]


def test_what_is_still_at_work_when_a_try_is_over_ends_with_it(traced: Traced) -> None:
    from datetime import UTC, datetime

    from returns.result import Success

    this = Try("id", "w", None, 1, 1, datetime.now(UTC), 5, {})
    observer = Spans(traced.tracer)
    observer.began(this)
    observer.note(Note("start", "w > one", "one", (), 5))
    observer.ended(this, Success(None))
    assert [(each.name, each.status.description) for each in traced.spans] == [
        ("one", "cut"), ("w", None),
    ]  # fmt: skip


# With and without a provider, in a process of its own: it can be set but once

SOURCE = """
    import sys
    from fwf.telling.spans import exported, spans
"""


def python(source: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", dedent(SOURCE) + dedent(source)],
        cwd=ROOT, env=environment(**env), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_without_a_provider_nothing_is_made_or_imported() -> None:
    done = python(
        """
        assert spans() is None
        assert not [name for name in sys.modules if name.startswith("opentelemetry")]
        from opentelemetry import trace
        assert spans() is None
        """
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_without_the_library_nothing_is_made() -> None:
    done = python(
        """
        sys.modules["opentelemetry"] = None
        assert spans() is None
        """,
        OTEL_PYTHON_TRACER_PROVIDER="sdk_tracer_provider",
    )
    assert (done.returncode, done.stderr) == (0, "")


HANGS = """
    import time
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

    class Hangs(SpanExporter):
        def export(self, spans):
            time.sleep(600)
        def shutdown(self):
            time.sleep(600)

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Hangs()))
    trace.set_tracer_provider(provider)
"""


@pytest.mark.parametrize("processor", ["BatchSpanProcessor", "SimpleSpanProcessor"])
def test_an_exporter_that_hangs_does_not_keep_the_process(processor: str) -> None:
    answers = "return SpanExportResult.SUCCESS" if processor[0] == "S" else "time.sleep(600)"
    done = python(
        dedent(HANGS)
        .replace("BatchSpanProcessor", processor)
        .replace("time.sleep(600)", answers, 1)
        .replace("SpanExporter\n", "SpanExporter, SpanExportResult\n", 1)
        + dedent(
            """
            from fwf import const
            from fwf.interpreters.run import run
            run(const(1), observe=spans())
            print(exported(0.2))
            """
        )
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")


def test_the_command_line_tells_in_one_line_what_was_not_exported(tmp_path: Path) -> None:
    more = """
        import fwf.telling.spans
        fwf.telling.spans.PATIENCE = 0.2
        from fwf import named, task

        @task(effect="pure")
        def one() -> int:
            return 1

        workflow = named("w", one)
    """
    (tmp_path / "w.py").write_text(dedent(HANGS) + dedent(more))
    done = subprocess.run(
        [sys.executable, "-m", "fwf", "run", "w.py", "--journal", "off"], cwd=tmp_path,
        env=environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert done.stderr.count("fwf: OpenTelemetry: not all spans were exported within 0.2 s") == 1


def test_what_is_exported_is_told_to_be() -> None:
    assert exported(5)
    assert spans() is None
