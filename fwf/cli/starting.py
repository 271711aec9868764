"""From the options of `fwf run` and `fwf rerun` to a run, its report and the exit status."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

from fwf.cli.checking import errors_of, refuse_errors
from fwf.cli.journals import OFF, is_new, keep_from_git, place_of, refusals
from fwf.cli.output import complain, stdout_kept_for, tell_json
from fwf.cli.params import given
from fwf.cli.placing import placed
from fwf.cli.profile_option import Chosen, chosen, with_profile
from fwf.cli.program import debugging
from fwf.cli.refused_commands import Misuse, collected
from fwf.cli.run_observers import Telling
from fwf.cli.running import DEGRADED, degraded_line, ran, report, status_of, tell_result
from fwf.cli.targets import FORMS, Target, load
from fwf.journal.story import short
from fwf.printing import one_line
from fwf.records import record

if TYPE_CHECKING:
    from fwf.cli.resuming import Resumed
    from fwf.cli.timetables.alert_delivery import Around
    from fwf.interpreters.run import Journal


@final
@record()
class Start:
    """What is asked for.

    resumed: the run that is gone on with, whatever it is named by; its target needn't be given.
    taken_back: whether it was over, and a part of it is done again.
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
    resumed: "Resumed | None" = None
    taken_back: bool = False
    part_of: str | None = None
    strict: bool = False
    on: str | None = None


@final
@record()
class Checked:
    """What is asked for, looked at: a run of it can be started.

    by: the profile, if one was asked for.
    """

    target: Target
    values: Mapping[str, Any]
    sizes: Mapping[str, Any]
    by: Chosen | None


def started(asked: Start) -> int:
    """Run it ⟶ the exit status."""
    with stdout_kept_for(asked.as_json):
        found = _target(asked)
    return _done(asked, checked(asked, found))


def checked(
    asked: Start, found: Target, others: Mapping[str, Any] = MappingProxyType({})
) -> Checked:
    """Look at all that is asked for ⟶ what a run needs; raises `Misuse` with all that is wrong.

    others: parameters that are given in another way.
    """
    wrong: list[str] = []
    nothing: tuple[Any, Any] = ({}, {})
    before = asked.resumed
    with stdout_kept_for(asked.as_json):
        errors = [] if asked.anyway else errors_of(found, asked.journal)
        kept = dict(others) if before is None else before.kept(found)
        if before is not None:
            before.refuse_another(found, kept)
        names = [pair.partition("=")[0].strip() for pair in asked.params]
        profile = asked.profile or (None if before is None else before.profile)
        by = chosen(found, profile, asked.profiles, [*names, *kept])
        found = found if by is None else with_profile(found, by)
        wrong += [] if by is None else by.lines
        values, sizes = collected(wrong, lambda: _given(asked, found, kept), nothing)
        if found.timetable is not None and before is None and asked.key is None:
            from fwf.cli.timetables.by_hand import as_planned

            values = as_planned(found, values, anyway=asked.anyway)
        wrong += [] if wrong or errors or by is None else by.refused()
    refuse_errors(found, errors, wrong, as_json=asked.as_json)
    if by is not None:
        complain(one_line(f"fwf: {by.where}"))
    return Checked(found, values, sizes, by)


def _target(asked: Start) -> Target:
    if asked.resumed is not None:
        return asked.resumed.loaded(asked.target)
    if asked.target is None:
        raise Misuse(f"Missing argument 'TARGET': {FORMS}; or --resume RUN")
    return load(asked.target, to_run=True)


def _given(asked: Start, target: Target, kept: Mapping[str, Any]) -> tuple[Any, Any]:
    """Parameters and pools; those of a run that is gone on with as they were."""
    journal = place_of(asked.journal) is not None
    away = asked.on is not None
    values, sizes = given(
        target, asked.params, asked.pools, kept=kept, journal=journal, elsewhere=away
    )
    if asked.resumed is not None:
        values = asked.resumed.agreed(kept, values)
    return values, sizes


def _done(asked: Start, this: Checked) -> int:
    if this.target.timetable is None:
        return _ran(asked, this)
    from fwf.cli.timetables.alert_delivery import around

    if asked.salvage:
        from fwf.cli.timetables.salvage import salvaged

        salvaged(this.target.workflow, asked.journal, _say)
    with stdout_kept_for(asked.as_json):
        alerts = around(asked, this, _say).__enter__()
    try:
        return _ran(asked, this, alerts)
    finally:
        alerts.__exit__()


def _say(text: str) -> None:
    complain(one_line(f"fwf: {text}"))


def _ran(asked: Start, this: Checked, alerts: "Around | None" = None) -> int:
    target, values, sizes, by = this.target, this.values, this.sizes, this.by
    key = asked.key if asked.resumed is None else asked.resumed.key
    again: str | bool = asked.again
    if target.timetable is not None and key is None and place_of(asked.journal) is not None:
        from fwf.cli.timetables.by_hand import begins_again

        again = begins_again(target, values, asked.journal, anyway=asked.anyway, again=asked.again)
    journal = _journal(asked, target, key, by, again)
    with stdout_kept_for(asked.as_json), refusals(), placed(asked.on, target) as on:
        observers = [] if alerts is None else alerts.observers
        given = values, sizes, asked.workers, key, asked.telling, journal, observers, on
        went, began = ran(target, *given)
    if went.complete is not None:
        complain(one_line(f"fwf: {_complete(target, went.complete)}"))
    if asked.as_json:
        more = {} if by is None else {"profile": by.named()}
        tell_json({**report(target, went, began), **more})
    else:
        tell_result(went.result, debug=debugging())
    if went.degraded:
        complain(one_line(f"fwf: {target.name}: {degraded_line(went.degraded)}"))
    if alerts is not None:
        with stdout_kept_for(asked.as_json):
            alerts.over(anew=went.complete is None)
    return DEGRADED if asked.strict and went.degraded else status_of(went.result)


def _complete(target: Target, run: str) -> str:
    return (
        f"{target.name}: run {short(run)} is complete, and nothing was done; --again does it once "
        "more, with new keys"
    )


def _journal(
    asked: Start, target: Target, key: str | None, by: Chosen | None, again: str | bool
) -> "Journal | None":
    """Where the run is kept; None if nowhere.

    again: whether it is to be done once more; or the run that is, if it is still the last one.
    """
    from fwf.interpreters.run import Journal

    place = place_of(asked.journal)
    if place is None:
        wanted = {"--again": asked.again, "--accept-changes": asked.accept_changes,
                  "--salvage": asked.salvage}  # fmt: skip
        for option, is_given in wanted.items():
            if is_given:
                raise Misuse(f"{option} is of no use with --journal {OFF}: nothing is remembered")
        return None
    if asked.journal is None:
        keep_from_git(Path(place).parent)
    if is_new(place):
        complain(one_line(f"fwf: a new journal: {place}"))
    about = {"target": target.text, "profile": None if by is None else by.profile.name, "key": key}
    return Journal(
        place,
        again=again,
        accept_changes=asked.accept_changes,
        salvage=asked.salvage,
        about={name: each for name, each in about.items() if each is not None},
    )
