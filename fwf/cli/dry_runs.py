"""What is given to a dry run of a target, and the forms in which it is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, final

from returns.result import Failure, Success

from fwf.cli.journals import open_journal, refusals
from fwf.cli.output import as_json, in_colour, tell, write_file
from fwf.cli.params import values_and_sizes as given_values
from fwf.cli.refused_commands import Misuse, collected
from fwf.cli.targets import Target
from fwf.durations import in_words
from fwf.forms.by_type.given_texts import Unreadable, example, read
from fwf.interpreters.dry_run import DryRun, TextLine, dry_run
from fwf.worlds.scenario import Scenario, ScenarioError

if TYPE_CHECKING:
    from fwf.journal.task_durations import DurationHistory

Form: TypeAlias = Literal["text", "json", "svg"]


@final
class Options(NamedTuple):
    """What the command line says of a dry run."""

    params: tuple[str, ...]
    pools: tuple[str, ...]
    key: str | None
    workers: int | None
    scenario: str | None
    seed: int | None
    start: str | None
    quantile: float | None = None
    """Of the durations in the journal's last runs; None if they aren't asked for."""
    journal: str | None = None


class Planned(NamedTuple):
    """A dry run, and where its durations come from, if that is a journal.

    due: of a partition for which somebody is told when it is late: when it is due, and late.
    """

    run: DryRun
    history: "DurationHistory | None"
    due: str | None = None


def form_of(form: Form | None, file: str | None, *, as_json: bool) -> Form:
    """The form asked for: by `--json`, by `--as`, by the ending of the file."""
    if as_json and form not in (None, "json"):
        raise Misuse(f"--json and --as {form} are two forms: leave one out")
    if as_json or form is not None:
        return form or "json"
    ending = (file or "").lower().rpartition(".")[2]
    return "svg" if ending == "svg" else "json" if ending == "json" else "text"


def dry_run_of(target: Target, options: Options) -> Planned:
    """Target, what is given ⟶ its dry run; raises `Misuse` with all that is wrong."""
    wrong: list[str] = []
    nothing: tuple[Any, Any] = ({}, {})
    scenario = collected(wrong, lambda: _scenario(options.scenario, options.seed), None)
    start = collected(wrong, lambda: _start(options.start), None)
    past = collected(wrong, lambda: _history(target, options), None)
    values, sizes = collected(
        wrong, lambda: given_values(target, options.params, options.pools, dry=True), nothing
    )
    if wrong:
        raise Misuse(*wrong)
    if past is not None:
        scenario = (scenario or Scenario()).over(past.scenario)
    try:
        run = dry_run(
            target.workflow,
            scenario=scenario,
            key=options.key,
            params=values,
            workers=options.workers,
            pools=sizes,
            start=start,
        )
    except ScenarioError as error:
        raise Misuse(*_lines(options.scenario or "", error)) from error
    except ValueError as error:
        raise Misuse(str(error)) from error
    _check_end(run, options.start)
    return Planned(run, past, _due(target, values))


def _due(target: Target, values: Mapping[str, Any]) -> str | None:
    if target.timetable is None:
        return None
    from fwf.cli.timetables.by_hand import partition_of
    from fwf.schedules.alerts import due_and_late

    run = partition_of(target.timetable, values)
    return None if run is None else due_and_late(run)


def _history(target: Target, options: Options) -> "DurationHistory | None":
    """What the journal says of durations, if it is asked."""
    if options.quantile is None:
        return None
    from fwf.journal.task_durations import history

    store = open_journal(options.journal)
    try:
        with refusals():
            return history(store, target.workflow, quantile=options.quantile)
    finally:
        store.close()


def _scenario(file: str | None, seed: int | None) -> Scenario:
    scenario = Scenario()
    if file is not None:
        result = Scenario.load(file)
        if isinstance(result, Failure):
            raise Misuse(*_lines(file, result.failure())) from result.failure()
        scenario = result.unwrap()
    return scenario if seed is None else scenario.seeded(seed)


def _lines(file: str, error: ScenarioError) -> list[str]:
    return [f"{file}: {problem}" for problem in error.problems]


def _start(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment: datetime = read([text], datetime)
    except Unreadable:
        raise Misuse(
            f"--start {text!r}: needs a time in ISO 8601, such as {example(datetime)}"
        ) from None
    return moment


def _check_end(run: DryRun, start: str | None) -> None:
    """A timeline can't show what ends after the last year that a date can have."""
    if run.start is not None:
        try:
            _ = run.start + run.took
        except OverflowError:
            raise Misuse(
                f"--start {start}: {in_words(run.end)} later is after the year 9999"
            ) from None


def text_in_form(target: Target, planned: Planned, form: Form, *, coloured: bool) -> str:
    """Dry run ⟶ it in one of its forms, coloured where a terminal can show that."""
    run, past, due = planned
    if form == "json":
        from_history = {} if past is None else {"history": counts_of(past)}
        return as_json(
            {"target": target.text, **run.data(), "workflow": target.name} | from_history
        )
    if form == "svg":
        return run.svg().rstrip()
    show = _painted if coloured and in_colour() else _plain
    lines = [*map(show, run.lines())]
    if due is not None:
        lines += ["", f"due {due}"]
    if past is not None:
        lines += ["", told_of(past, target.name)]
    return "\n".join(lines)


def counts_of(past: "DurationHistory") -> dict[str, int]:
    """The same for machines."""
    return {"runs": past.runs, "attempts": past.attempts}


def told_of(past: "DurationHistory", name: str) -> str:
    """A line for people: what the durations are made of."""
    if not past.runs:
        return f"durations as declared: the journal has no run of {name} that did something"
    return f"durations of {past} of {name}"


def _plain(line: TextLine) -> str:
    return line.text


def _painted(line: TextLine) -> str:
    import click

    if not (line.critical or line.failed):
        return line.text
    return click.style(line.text, fg="red" if line.failed else None, bold=line.critical)


def deliver(run: DryRun, text: str, file: str | None) -> int:
    """Write the text to stdout or to the file ⟶ the exit status: 1 if the run would fail."""
    ok = isinstance(run.result, Success)
    if file is None:
        tell(text)
    else:
        how = "ok" if ok else "fails"
        write_file(file, text, remark=f": {run.name} {how} after {in_words(run.end)}")
    return 0 if ok else 1
