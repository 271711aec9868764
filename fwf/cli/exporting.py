"""What `fwf export` tells and writes: the gaps of an engine, and files in its language."""

from collections.abc import Callable, Sequence
from typing import Final

from fwf.algebra.counts import count_text
from fwf.cli.exported_files import write_export
from fwf.cli.output import complain, tell, tell_json
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import Target
from fwf.faults import shown_path
from fwf.interpreters.engines import SUPPORT, Cut, Engine, ExportFiles, Gap, Support
from fwf.printing import one_line

MOST_PATHS: Final = 5
"""Of one feature, for people; JSON has all."""


def tell_gaps(
    target: Target,
    engine: Engine,
    cut: Cut,
    gaps: Sequence[Gap],
    *,
    as_json: bool,
    aside: bool,
) -> None:
    """Write the gaps, feature by feature, and a line that counts them.

    aside: to stderr, since something else goes to stdout.
    """
    if as_json:
        about = {"target": target.text, "workflow": target.name, "engine": engine.name}
        counts = {"tasks": cut.tasks, "blocks": cut.blocks}
        tell_json({**about, **counts, "gaps": [_as_data(gap) for gap in gaps]})
        return
    write: Callable[[str], None] = complain if aside else tell
    for same in _by_feature(gaps):
        for line in _lines(same):
            write(line)
    if target.timetable is not None and engine.printer and not engine.schedules:
        hint = "its schedule isn't written down; start a run for each of its days or hours"
        write(one_line(f"{target.name} on {engine.title}: {hint}"))
    write(_summary(target, engine, cut, gaps))


def refused(gaps: Sequence[Gap], *, strict: bool) -> str:
    """Why nothing may be written: for what is impossible, if strict for what is lossy too."""
    wrong: tuple[Support, ...] = ("lossy", "impossible") if strict else ("impossible",)
    return _counts(gaps, wrong)


def write(export: ExportFiles, folder: str | None, of: str) -> None:
    """Write the files to a folder, or the only one to stdout; then say what to do with them.

    of: the target that they are of, as its tasks find it.
    """
    if folder is None:
        if len(export.files) != 1:
            names = ", ".join(export.files)
            raise Misuse(f"there are several files, {names}: say where they go, with -o DIR")
        tell(next(iter(export.files.values())).removesuffix("\n"))
    else:
        write_export(folder, export.files, of)
    for line in export.commands:
        complain(line)


def _by_feature(gaps: Sequence[Gap]) -> list[list[Gap]]:
    """Gaps of one feature and hint together; the worst first, else as they come."""
    groups: dict[tuple[str, str, str], list[Gap]] = {}
    for gap in gaps:
        groups.setdefault((gap.support, gap.feature, gap.hint), []).append(gap)
    order = [*SUPPORT]
    return sorted(groups.values(), key=lambda same: -order.index(same[0].support))


def _lines(same: list[Gap]) -> list[str]:
    """The gaps of one feature: what it is, and where."""
    first = same[0]
    paths = [*dict.fromkeys(gap.path for gap in same if gap.path)]
    lines = [one_line(shown_path(path)) for path in paths[:MOST_PATHS]]
    more = [f"… and {len(paths) - MOST_PATHS:,} more"] if len(paths) > MOST_PATHS else []
    head = one_line(f"{first.support}: {first.feature}: {first.hint}")
    return [head, *(f"  {each}" for each in [*lines, *more])]


def _summary(target: Target, engine: Engine, cut: Cut, gaps: Sequence[Gap]) -> str:
    blocks = f", {count_text(cut.blocks, 'block')} among them" if cut.blocks else ""
    counts = _counts(gaps, tuple(SUPPORT)) or "all native"
    tasks = count_text(cut.tasks, "task")
    return one_line(f"{target.name} on {engine.title}: {tasks}{blocks}; {counts}")


def _counts(gaps: Sequence[Gap], of: tuple[Support, ...]) -> str:
    """How many gaps there are of each kind: `2 emulated, 1 block`."""
    counts = {each: sum(gap.support == each for gap in gaps) for each in of}
    return ", ".join(f"{n:,} {each}" for each, n in counts.items() if n)


def _as_data(gap: Gap) -> dict[str, object]:
    return {
        "path": gap.path,
        "feature": gap.feature,
        "support": gap.support,
        "hint": gap.hint,
    }
