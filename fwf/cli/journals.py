"""`--journal`, RUN ⟶ the journal that is meant, and the run in it."""

import os
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from fwf.cli.output import complain
from fwf.cli.refused_commands import Misuse, either
from fwf.faults import near
from fwf.journal.story import short
from fwf.printing import one_line

if TYPE_CHECKING:
    from fwf.journal.run_records import RunRow
    from fwf.journal.store import Store

F = TypeVar("F", bound=Callable[..., Any])
VARIABLE: Final = "FWF_JOURNAL"
OFF: Final = "off"
DEFAULT: Final = Path(".fwf", "runs.db")
MARKS: Final = ("fwf.toml", "pyproject.toml", ".git")
"""What a project's folder has in it, one of them at least."""
HELD: Final = 75
"""The exit status where somebody else goes on with the run: `EX_TEMPFAIL`, to be tried later."""
_BETWEEN: Final[re.Pattern[str]] = re.compile(r"\+(?=\w+=|[0-9a-f-]+\Z)")
"""Where RUN goes on with a parameter, or with a part of an id: values have a + too, as in times."""
FEW: Final = 1_000
"""So many runs, the newest, are looked through for what a text may have been meant to be."""


def journal_options(function: F) -> F:
    """Where runs are remembered."""
    return click.option(
        "--journal", "journal", metavar="FILE|URL", envvar=VARIABLE, callback=_place,
        help="Where runs are remembered: a file, a PostgreSQL database (postgresql://…), or off; "
        f"{VARIABLE} in the environment if not given; else .fwf/runs.db in the project's folder.",
    )(function)  # fmt: skip


def _place(ctx: click.Context, option: click.Parameter, place: str | None) -> str | None:
    if place is not None and not place.strip():
        raise click.BadParameter(f"it names no journal; to have none, write {OFF}", ctx, option)
    return place


def place_of(option: str | None) -> str | None:
    """`--journal` as given ⟶ the file or URL of the journal; None where it is to be off."""
    if option is not None:
        return None if option == OFF else option
    return str(project() / DEFAULT)


def keep_from_git(folder: Path) -> None:
    """Make the folder of a project's journal, if it isn't there, so that git leaves it out.

    What keeps it from being made, the journal tells.
    """
    with suppress(OSError):
        folder.mkdir(mode=0o700)
        folder.joinpath(".gitignore").write_text("*\n", encoding="ascii")


def project() -> Path:
    """The nearest folder, from the working one upwards, that is a project's; else the working one.

    It is one by a fwf.toml, a pyproject.toml or a .git in it.
    """
    from fwf.cli.targets import folder

    here = folder()
    projects = (each for each in (here, *here.parents) if any(map(os.path.exists, _marks(each))))
    return next(projects, here)


def _marks(place: Path) -> list[Path]:
    return [place / mark for mark in MARKS]


def is_new(place: str) -> bool:
    """Whether a file is to be made for a journal: nothing is remembered there yet."""
    return "://" not in place and not any(map(os.path.lexists, (place, f"{place}-heads")))


def open_journal(option: str | None, *, make: bool = False, salvage: bool = False) -> "Store":
    """`--journal` as given ⟶ the journal; raises `Misuse` where it is off, or can't be opened.

    make: whether a file that isn't there is made, so that git leaves a project's own out; else it
        is misuse, as of a command that only looks.
    """
    place = place_of(option)
    if place is None:
        raise Misuse("--journal off: no run is remembered there; name a file or a database")
    if not make and is_new(place):
        raise Misuse(f"there is no journal {place} yet: fwf run begins it, or --journal names one")
    if make and option is None:
        keep_from_git(Path(place).parent)
    from fwf.journal.opening import open_store

    with refusals():
        return open_store(place, salvage=salvage)


def journal_argument(option: str | None, store: "Store") -> str | None:
    """What further commands need as their `--journal`: nothing if this one wasn't given any.

    A password in it isn't told; who comes by the environment has it there.
    """
    source = click.get_current_context().get_parameter_source("journal")
    if option is None or source is not ParameterSource.COMMANDLINE:
        return None
    return store.where if "://" in option else option


@contextmanager
def refusals() -> Generator[None]:
    """What a journal refuses ⟶ misuse; where another goes on, one line and its own exit status."""
    from fwf.journal.errors import Held, JournalError, Replaced

    try:
        yield
    except (Held, Replaced) as error:
        complain(one_line(f"fwf: {error}"))
        raise click.exceptions.Exit(HELD) from error
    except JournalError as error:
        raise Misuse(str(error)) from error


# Runs


def find_run(store: "Store", text: str) -> "RunRow":
    """RUN ⟶ the run; raises `Misuse` where there is none, or more than one.

    It is any part of its id; or its workflow's name, and what else tells it from others, after +:
    a part of the id or a parameter, as in daily+day=2026-06-01. Of generations it is the last,
    unless the text is of an id.
    """
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    if not parts:
        raise Misuse(f"{text!r} is no RUN: write a part of its id, or workflow+name=value")
    rows = _closest(_fitting(store, parts), parts)
    if len(rows) == 1:
        return rows[0]
    raise Misuse(_several(text, rows) if rows else _none(store, text, parts))


def _fitting(store: "Store", parts: Sequence[str]) -> "Sequence[RunRow]":
    name = next((part for part in parts if "=" not in part), None)
    with refusals():
        rows = store.runs(like=name)
        if not rows and name is not None:
            rows = store.runs(like=name.lower())
    return [row for row in rows if all(_is(row, each) for each in parts)]


def _is(row: "RunRow", part: str) -> bool:
    if "=" in part:
        return part in parameters(row)
    return part.lower() in row.id.lower() or part in row.workflow


def parameters(row: "RunRow") -> list[str]:
    """`name=value` for each parameter of a run, and the key that it was given."""
    facts = row.facts
    key = {"key": facts["key"]} if "key" in facts else {}
    return [f"{name}={value}" for name, value in {**facts.get("shown", {}), **key}.items()]


def _closest(rows: "Sequence[RunRow]", parts: Sequence[str]) -> "Sequence[RunRow]":
    """Runs that a text fits ⟶ those that it says exactly; of generations of one, the last."""
    rows = [row for row in rows if row.id in parts] or rows
    rows = [row for row in rows if row.workflow in parts] or rows
    by_id = any("=" not in part and part.lower() in row.id for row in rows for part in parts)
    if not by_id and len({row.key for row in rows}) == 1:
        return [max(rows, key=lambda row: row.generation)]
    return rows


def _several(text: str, rows: "Sequence[RunRow]") -> str:
    names = either([run_in_words(row) for row in rows], 5)
    named = next((row for row in rows if row.workflow and parameters(row)), None)
    example = "daily+day=2026-06-01" if named is None else one_line(_by_parameter(named), 60)
    remedy = f"write more of the id, or add a parameter after the workflow: {example}"
    return f"RUN {text!r} stands for {len(rows):,} runs: {names}; {remedy}"


def _by_parameter(row: "RunRow") -> str:
    return f"{row.workflow}+{parameters(row)[0]}"


def _none(store: "Store", text: str, parts: Sequence[str]) -> str:
    with refusals():
        rows = store.runs(newest=FEW)
    if not rows:
        return f"there is no run {text!r}: {store.where} has none yet"
    names = [
        name for row in rows for name in (row.workflow, short(row.id), row.id, *parameters(row))
    ]
    strange = [part for part in parts if not any(_is(row, part) for row in rows)]
    close = next(filter(None, (near(part, names) for part in strange)), "")
    listed = (
        f"; the newest are {either([run_in_words(row) for row in rows[:3]])}; fwf runs lists them"
    )
    return f"there is no run {text!r} in {store.where}{close or listed}"


def run_in_words(row: "RunRow") -> str:
    """A run in a few words: `8a1b44c0 (daily day=2026-06-01)`."""
    name = " ".join([row.workflow or "workflow", *parameters(row)])
    again = f", generation {row.generation}" if row.generation > 1 else ""
    return one_line(f"{short(row.id)} ({name}{again})", 120)
