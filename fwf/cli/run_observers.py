"""`--log-file`, `--history`, `--openlineage`, OpenTelemetry: who else is told of a run?"""

import json
import logging
import os
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial, wraps
from typing import Any, Final, TypeVar, final

import click

from fwf.algebra.workflow import AnyWorkflow
from fwf.cli.output import complain, tell
from fwf.cli.refused_commands import Misuse
from fwf.cli.tally import Harmless
from fwf.interpreters.run import Observer
from fwf.printing import one_line
from fwf.records import record

F = TypeVar("F", bound=Callable[..., Any])
LEVELS: Final = ("debug", "info", "warning", "error", "critical")


@final
@record()
class Telling:
    """What is asked for."""

    log_file: str | None = None
    log_level: str = "info"
    history: str | None = None
    openlineage: str | None = None

    @contextmanager
    def observers(self, w: AnyWorkflow | None = None) -> Generator[list[Observer]]:
        """Whom the run of a workflow is to tell; files are open before it starts, or it is misuse.

        w: of which lineage is told.
        """
        with ExitStack() as stack:
            observers: list[Observer] = []
            if self.history is not None:
                observers.append(stack.enter_context(_history(self.history)))
            if self.log_file is not None:
                observers.append(stack.enter_context(_logs(self.log_file, self.log_level)))
            for events in () if w is None else _lineage(w, self.openlineage):
                observers.append(stack.enter_context(events))
            if (traced := _spans()) is not None:
                observers.append(stack.enter_context(traced))
            yield observers


def telling_options(function: F) -> F:
    """Who else is told of a run: adds the argument `telling`."""

    @wraps(function)
    def with_telling(
        *args: Any,
        log_file: str | None,
        log_level: str,
        history: str | None,
        openlineage: str | None,
        **kwargs: Any,
    ) -> Any:
        telling = Telling(log_file, log_level, history, openlineage)
        return function(*args, telling=telling, **kwargs)

    log_file = click.option(
        "--log-file", metavar="FILE", callback=_file,
        help="Append what happens, and what tasks log with Python's logging, to this file.",
    )  # fmt: skip
    log_level = click.option(
        "--log-level", type=click.Choice(LEVELS, case_sensitive=False), default="info",
        help="What goes to the log file, from this level on; info if not given.",
    )  # fmt: skip
    history = click.option(
        "--history", metavar="FILE", callback=_file,
        help="Append a line of JSON for each event, when it happens.",
    )  # fmt: skip
    openlineage = click.option(
        "--openlineage", metavar="FILE", callback=_file,
        help="Append OpenLineage run events, a line of JSON each; to a collector they go where "
        "OPENLINEAGE_URL is set.",
    )  # fmt: skip
    schema = click.option(
        "--history-schema", is_flag=True, is_eager=True, expose_value=False, callback=_schema,
        help="Print the JSON schema of such a line, and end.",
    )  # fmt: skip
    decorated: Any = log_file(log_level(history(schema(openlineage(with_telling)))))
    command: F = decorated
    return command


def _file(ctx: click.Context, option: click.Parameter, path: str | None) -> str | None:
    if path is not None and (not path or path == "-"):
        raise click.BadParameter("it must be a file's name; one called - is ./-", ctx, option)
    return path


def _schema(ctx: click.Context, option: click.Parameter, is_given: bool) -> None:
    if is_given:
        from fwf.telling.history import schema

        tell(schema().rstrip())
        ctx.exit()


@contextmanager
def _history(path: str) -> Generator[Observer]:
    from fwf.telling.history import History

    history = _open("--history", path, partial(History, path))
    try:
        yield Harmless(history, complain, "the history can't be written", again=True)
    finally:
        history.close()


@contextmanager
def _logs(path: str, level: str) -> Generator[Observer]:
    from fwf.telling.log_records import LogFile, Logs

    lowest = logging.getLevelNamesMapping()[level.upper()]
    handler = _open("--log-file", path, partial(LogFile, path, complain, lowest))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(min(before, lowest) if before else lowest)
    try:
        yield Harmless(Logs(handler.located), complain, "the log can't be written", again=True)
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
        handler.close()


def _lineage(w: AnyWorkflow, file: str | None) -> list[AbstractContextManager[Observer]]:
    """Those who are told of lineage: a file, and the collector of the environment."""
    if file is None and "OPENLINEAGE_URL" not in os.environ:
        return []
    from fwf.telling.openlineage_events import environment

    address, key, namespace = environment(os.environ)
    observers: list[AbstractContextManager[Observer]] = []
    if file is not None:
        observers.append(_lines(w, file, namespace))
    if address:
        observers.append(_collected(w, address, key, namespace))
    return observers


@contextmanager
def _lines(w: AnyWorkflow, path: str, namespace: str) -> Generator[Observer]:
    from fwf.telling.appended import Appended
    from fwf.telling.openlineage_events import RunEvents

    file = _open("--openlineage", path, partial(Appended, path))
    try:
        events = RunEvents(w, lambda event: file.write(json.dumps(event)), namespace=namespace)
        yield Harmless(events, complain, "lineage can't be written", again=True)
    finally:
        file.close()


@contextmanager
def _collected(w: AnyWorkflow, address: str, key: str, namespace: str) -> Generator[Observer]:
    from fwf.telling.collector import Collector
    from fwf.telling.openlineage_events import RunEvents

    try:
        collector = Collector(address, key)
    except ValueError as error:
        raise Misuse(f"OPENLINEAGE_URL: {error}") from None
    events = RunEvents(w, collector.send, namespace=namespace)
    try:
        yield Harmless(events, complain, "lineage can't be told")
    finally:
        lost = collector.close()
        if lost is not None:
            complain(f"fwf: {lost}")


def _spans() -> AbstractContextManager[Observer] | None:
    """Spans, if the workflow's module or `opentelemetry-instrument` has set who makes them."""
    from fwf.telling import spans

    observer = spans.spans()
    return None if observer is None else _exporting(observer)


@contextmanager
def _exporting(observer: Observer) -> Generator[Observer]:
    from fwf.telling import spans

    try:
        yield Harmless(observer, complain, "spans can't be made")
    finally:
        if not spans.exported(spans.PATIENCE):
            complain(
                f"fwf: OpenTelemetry: not all spans were exported within {spans.PATIENCE:g} s; "
                "the run isn't concerned"
            )


def _open(option: str, path: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (OSError, ValueError) as error:
        why = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        raise Misuse(one_line(f"{option} {path}: it can't be written: {why.lower()}")) from None
