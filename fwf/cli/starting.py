"""From the options of `fwf run` and `fwf rerun` to a run, its report and the exit status."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

from fwf.cli.checking import errors_of, refuse_errors
from fwf.cli.journals import OFF, is_new, keep_from_git, place_of, refusals
from fwf.cli.output import complain, stdout_kept_for, tell_json
from fwf.cli.params import values_and_sizes
from fwf.cli.placing import placed
from fwf.cli.profile_option import ChosenProfile, choose_profile, with_profile
from fwf.cli.program import debugging
from fwf.cli.refused_commands import Misuse, collected
from fwf.cli.run_observers import Telling
from fwf.cli.running import DEGRADED, degraded_line, report, run_target, status_of, tell_result
from fwf.cli.targets import FORMS, Target, folder, load
from fwf.journal.story import short
from fwf.printing import one_line
from fwf.records import record

if TYPE_CHECKING:
    from fwf.cli.resuming import EarlierRun
    from fwf.cli.timetables.alert_delivery import Around
    from fwf.interpreters.run import Again, Journal


@final
@record()
class Start:
    """What is asked for.

    resumed: the run that is gone on with, whatever it is named by; its target needn't be given.
    take_back: what is to be done again of that.
    part_of: what it is one of many of, such as a backfill.
    strict: whether a run that is done, but not as it was meant, has an exit status of its own.
    on: where tasks are called, if not here.
    """

    target: str | None
    params: tuple[str, ...] = ()
    key: str | None = None
    workers: int | None = None
    pools: tuple[str, ...] = ()
    profile: str | None = None
    profiles: str | None = None
    anyway: bool = False
    telling: Telling = Telling()
    as_json: bool = False
    journal: str | None = None
    again: bool = False
    accept_changes: bool = False
    salvage: bool = False
    resumed: "EarlierRun | None" = None
    take_back: "Again | None" = None
    part_of: str | None = None
    strict: bool = False
    on: str | None = None


@final
@record()
class Ready:
    """What is asked for, looked at: a run of it can be started.

    by: the profile, if one was asked for.
    """

    target: Target
    values: Mapping[str, Any]
    sizes: Mapping[str, Any]
    by: ChosenProfile | None


def start_run(start: Start) -> int:
    """Run what is asked for ⟶ the exit status."""
    with stdout_kept_for(start.as_json):
        target = _target(start)
    return _run_with_alerts(start, check_start(start, target))


def check_start(
    start: Start, target: Target, others: Mapping[str, Any] = MappingProxyType({})
) -> Ready:
    """Look at all that is asked for ⟶ what a run needs; raises `Misuse` with all that is wrong.

    others: parameters that are given in another way.
    """
    wrong: list[str] = []
    nothing: tuple[Any, Any] = ({}, {})
    before = start.resumed
    with stdout_kept_for(start.as_json):
        errors = [] if start.anyway else errors_of(target, place_of(start.journal))
        params = dict(others) if before is None else before.params_for(target)
        if before is not None:
            before.refuse_another(target, params)
        names = [pair.partition("=")[0].strip() for pair in start.params]
        profile = start.profile or (None if before is None else before.profile)
        by = choose_profile(target, profile, start.profiles, [*names, *params])
        target = target if by is None else with_profile(target, by)
        wrong += [] if by is None else by.lines
        values, sizes = collected(wrong, lambda: _values(start, target, params), nothing)
        if target.timetable is not None and before is None and start.key is None:
            from fwf.cli.timetables.by_hand import as_planned

            values = as_planned(target, values, anyway=start.anyway)
        wrong += [] if wrong or errors or by is None else by.refused()
    refuse_errors(target, errors, wrong, as_json=start.as_json)
    if by is not None:
        complain(one_line(f"fwf: {by.where}"))
    return Ready(target, values, sizes, by)


def _target(start: Start) -> Target:
    if start.resumed is not None:
        return start.resumed.load(start.target)
    if start.target is None:
        raise Misuse(f"Missing argument 'TARGET': {FORMS}; or --resume RUN")
    return load(start.target, to_run=True)


def _values(start: Start, target: Target, params: Mapping[str, Any]) -> tuple[Any, Any]:
    """Parameters and pools; those of a run that is gone on with as they were."""
    journal = place_of(start.journal) is not None
    away = start.on is not None
    values, sizes = values_and_sizes(
        target, start.params, start.pools, others=params, journal=journal, elsewhere=away
    )
    if start.resumed is not None:
        values = start.resumed.merge(params, values)
    return values, sizes


def _run_with_alerts(start: Start, this: Ready) -> int:
    if this.target.timetable is None:
        return _run(start, this)
    from fwf.cli.timetables.alert_delivery import around

    if start.salvage:
        from fwf.cli.timetables.salvage import salvage_logs

        salvage_logs(this.target.workflow, start.journal, _say)
    with stdout_kept_for(start.as_json):
        alerts = around(start, this, _say).__enter__()
    try:
        return _run(start, this, alerts)
    finally:
        alerts.__exit__()


def _say(text: str) -> None:
    complain(one_line(f"fwf: {text}"))


def _run(start: Start, this: Ready, alerts: "Around | None" = None) -> int:
    target, values, sizes, by = this.target, this.values, this.sizes, this.by
    key = start.key if start.resumed is None else start.resumed.key
    again: str | bool = start.again
    if target.timetable is not None and key is None and place_of(start.journal) is not None:
        from fwf.cli.timetables.by_hand import begins_again

        again = begins_again(
            target,
            values,
            start.journal,
            anyway=start.anyway,
            again=start.again,
            taken_back=start.take_back is not None,
        )
    journal = _journal(start, target, key, by, again)
    with stdout_kept_for(start.as_json), refusals(), placed(start.on, target) as on:
        observers = [] if alerts is None else alerts.observers
        arguments = values, sizes, start.workers, key, start.telling, journal, observers, on
        outcome, began = run_target(target, *arguments)
    if outcome.complete is not None:
        complain(one_line(f"fwf: {_complete(target, outcome.complete)}"))
    if start.as_json:
        more = {} if by is None else {"profile": by.name_and_file()}
        tell_json({**report(target, outcome, began), **more})
    else:
        tell_result(outcome.result, debug=debugging())
    if outcome.degraded:
        complain(one_line(f"fwf: {target.name}: {degraded_line(outcome.degraded)}"))
    if alerts is not None:
        with stdout_kept_for(start.as_json):
            alerts.over(anew=outcome.complete is None)
    return DEGRADED if start.strict and outcome.degraded else status_of(outcome.result)


def _complete(target: Target, run: str) -> str:
    return (
        f"{target.name}: run {short(run)} is complete, and nothing was done; --again does it once "
        "more, with new keys"
    )


def _journal(
    start: Start, target: Target, key: str | None, by: ChosenProfile | None, again: str | bool
) -> "Journal | None":
    """Where the run is kept; None if nowhere.

    again: whether it is to be done once more; or the run that is, if it is still the last one.
    """
    from fwf.interpreters.run import Journal

    place = place_of(start.journal)
    if place is None:
        options = {"--again": start.again, "--accept-changes": start.accept_changes,
                  "--salvage": start.salvage}  # fmt: skip
        for option, is_given in options.items():
            if is_given:
                raise Misuse(f"{option} is of no use with --journal {OFF}: nothing is remembered")
        return None
    if start.journal is None:
        keep_from_git(Path(place).parent)
    if is_new(place):
        complain(one_line(f"fwf: a new journal: {place}"))
    about = {
        "target": target.text,
        "folder": str(folder()),
        "profile": None if by is None else by.profile.name,
        "key": key,
    }
    before, what = start.resumed, start.take_back
    return Journal(
        place,
        again=again,
        accept_changes=start.accept_changes,
        salvage=start.salvage,
        about={name: each for name, each in about.items() if each is not None},
        take_back=None if before is None or what is None else (before.row.id, what),
    )
