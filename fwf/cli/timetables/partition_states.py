"""What a journal knows of a timetable's partitions: all in one look, one when its turn comes."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final, final

from fwf.analysis.requirements import requirements
from fwf.analysis.run_keys import RunName, name_of
from fwf.cli.journals import OFF, is_new, open_journal, place_of, refusals
from fwf.cli.refused_commands import Misuse, either
from fwf.cli.targets import FORMS, load, timetables_beside
from fwf.schedules.planning import Generation, standing_for_people

if TYPE_CHECKING:
    from fwf.cli.targets import Target
    from fwf.cli.told_runs import RunSummary
    from fwf.journal.run_records import RunRow
    from fwf.journal.store import Holder, Store
    from fwf.journal.story import Outcome
    from fwf.schedules import Run, Timetable

KEPT: Final = f"it is the journal that says what is done, and with --journal {OFF} there is none"


def timetable_of(
    word: str, text: str | None, journal: str | None
) -> "tuple[Target, Timetable[Any]]":
    """TARGET, which must be a timetable, as the command `word` needs it."""
    if text is None:
        raise Misuse(f"Missing argument 'TARGET': {FORMS}")
    if place_of(journal) is None:
        raise Misuse(f"{word}: {KEPT}; name a file or a database")
    target = load(text, to_run=True)
    if target.timetable is None:
        beside = timetables_beside(target)
        remedy = (
            f"; its module's timetables are {either(beside)}" if beside
            else ": write nightly = every_day(workflow, tz=…, param=…, start=…) beside it, and "
            "name that"
        )  # fmt: skip
        raise Misuse(f"{word}: {target.text} is a workflow, which says nothing of days{remedy}")
    return target, target.timetable


@contextmanager
def if_there(journal: str | None, *, salvage: bool = False) -> "Generator[Store | None]":
    """`--journal` as given ⟶ the journal; None where it is off, or nothing is remembered yet."""
    place = place_of(journal)
    if place is None or is_new(place):
        yield None
        return
    with closing(open_journal(journal, salvage=salvage)) as store, refusals():
        yield store


@final
class Partitions:
    """The runs of a target that are its partitions', by what they are named by.

    params: the parameters besides the one that the timetable gives.
    """

    def __init__(self, target: "Target", params: Mapping[str, Any], journal: str | None) -> None:
        self._required = requirements(target.workflow)
        self._name = name_of(target.workflow)
        self.params = params
        self._journal = journal
        self._keys = dict[int, str]()
        """By the instant at which a partition begins."""
        self._rows: dict[str, list[RunRow]] = {}
        self._holders: dict[str, Holder] = {}
        self._degraded = set[int]()
        """Of those that were looked at one by one, the numbers of the runs that are degraded."""

    def look(self) -> None:
        """Read how all stand: one query, whatever their number."""
        with if_there(self._journal) as store:
            rows: Sequence[RunRow] = () if store is None else store.runs(like=self._name)
            self._rows.clear()
            for row in reversed(rows):
                self._rows.setdefault(row.key, []).append(row)
            self._holders = {} if store is None else _holders(store, rows)

    def look_at(self, *runs: "Run[Any]") -> Sequence[Generation]:
        """Read how some stand now ⟶ how the first one does."""
        from fwf.cli.told_runs import degraded_in

        with if_there(self._journal) as store:
            for key in map(self.key, runs):
                rows = [] if store is None else [*store.generations(key)]
                self._rows[key] = rows
                self._holders.pop(key, None)
                if store is not None:
                    self._holders |= _holders(store, rows)
                    self._degraded |= {each.number for each in rows if degraded_in(store, each)}
        return self.generations(runs[0])

    def generations(self, run: "Run[Any]") -> Sequence[Generation]:
        """How one stood when it was last looked at."""
        return [self._generation(row) for row in self.rows(run)]

    def rows(self, run: "Run[Any]") -> "Sequence[RunRow]":
        """The generations of its run, the oldest first."""
        return self._rows.get(self.key(run), ())

    def holder(self, run: "Run[Any]") -> "Holder | None":
        """Who went on with it when it was last looked at."""
        return self._holders.get(self.key(run))

    def summaries(self, runs: "Sequence[Run[Any]]") -> "list[RunSummary | None]":
        """The generations that people are told of, with what their records tell; None: of no run.

        Those of which nothing can be told but that they are complete are left unread.
        """
        from fwf.cli.told_runs import outcome_of, with_stories

        rows = [self._telling(run) for run in runs]
        with if_there(self._journal) as store:
            rows_there = (row for row in rows if row is not None)
            there: list[tuple[RunRow, Outcome]] = [
                (row, outcome_of(row, row.key in self._holders)) for row in rows_there
            ]
            summaries = {} if store is None else {
                each.row.number: each for each in with_stories(store, there)
            }  # fmt: skip
        return [None if row is None else summaries.get(row.number) for row in rows]

    def _telling(self, run: "Run[Any]") -> "RunRow | None":
        """The generation that people are told of."""
        _, last = standing_for_people(run, self.generations(run))
        return next((row for row in self.rows(run) if last and row.generation == last.number), None)

    def key(self, run: "Run[Any]") -> str:
        """What its run is named by; the same as of one that is started by hand."""
        key = self._keys.get(run.begins)
        if key is None:
            params = {**self.params, **run.params}
            key = RunName(self._required, params, None, None).key
            if key is None:
                raise Misuse(f"{run.label}: a parameter has no canonical form, so nothing names it")
            self._keys[run.begins] = key
        return key

    def _generation(self, row: "RunRow") -> Generation:
        alive = row.state == "running" and row.key in self._holders
        state: Any = row.state
        degraded = row.number in self._degraded
        return Generation(row.generation, state, row.started, row.changed, alive, row.id, degraded)


def _holders(store: "Store", rows: "Sequence[RunRow]") -> "dict[str, Holder]":
    running = {row.key for row in rows if row.state == "running"}
    return {key: holder for key in running if (holder := store.holder(key)) is not None}
