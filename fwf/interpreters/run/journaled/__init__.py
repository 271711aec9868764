"""A run that outlasts its process: what is written of it, and how the next one goes on.

    run_opening.py      whether a run begins, goes on, or is complete
    kept_parameters.py  its parameters: those of its first start, with the defaults of then
    kept_limits.py      how much a run does at once: its workers and pools
    earlier_tries.py    what counts of all that earlier tries left
    try_memory.py       what the machine asks about tasks, and what is written of their attempts
    frame_marks.py      ... and about other places: retries, deadlines, what was caught, lent
    lasting.py          for how long what a place gave counts
    journaled_world.py  the world around the one that does the work
    moved_states.py     the marks that one run hands to the next
    cached_results.py   ... and the results that it may use again
    record_writer.py    the records of this try, in order, written before anything depends on them
    stamps.py           how long ago something was, said by another process

**What is written when.** An attempt's start before it begins, how it ended before anything follows:
one transaction for a step of a chain, together with the start of the next one, one for all that
ended side by side. A step is acknowledged when what comes after it begins.

**What isn't done again.** A step instance whose result is there, on the same input. What goes on
from it is always what the journal would read, in the first try, too.

**After a crash** all goes on where it was: retries at the attempt that they were at, deadlines and
delays as they were, a fault that was caught stays so. **After a failure** what failed is tried
anew, with budgets and deadlines of its own; a fault that became data, or chose a handler that was
fine, stays so.

**Finalisers** are done once a try. Of a part whose finaliser was done as well, nothing is done
again; what a finaliser gave back, `bracket` acquires anew.

**Who holds a run up**: an unrepeatable attempt of which nobody knows how it ended, a change that
contradicts what is there, a journal that can't be written. What is beside it goes on to its end.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, final

from returns.result import Result, Success

from fwf.analysis.requirements import Requirements
from fwf.analysis.run_keys import RunName
from fwf.faults import Fault, Interrupted, leaves
from fwf.faults.fault_form import fault_to_json
from fwf.interpreters.run.journal import Journal
from fwf.interpreters.run.journaled import kept_limits
from fwf.interpreters.run.journaled.run_opening import begin, end, opened
from fwf.interpreters.run.journaled.stamps import Watch
from fwf.interpreters.run.journaled.try_memory import Remembered
from fwf.interpreters.run.observers import Try, warn
from fwf.journal.errors import JournalError, Replaced
from fwf.journal.run_records import State
from fwf.journal.story import short
from fwf.machine.machine import Machine
from fwf.records import changed
from fwf.states import kinds_of

if TYPE_CHECKING:
    from fwf.interpreters.run.doing import Asked
    from fwf.interpreters.run.resources import Opener

__all__ = ["Kept"]


@final
class Kept:
    """One try of a run that is in a journal. A context: others can't go on with the run meanwhile.

    Raises `JournalError` where the run can't be gone on with, and nothing is changed then.
    """

    __slots__ = ("_opened", "memory", "name")

    def __init__(
        self,
        journal: Journal,
        asked: Asked,
        name: RunName,
        required: Requirements,
        watch: Watch | None = None,
    ) -> None:
        bounds = kept_limits.written(asked.workers, asked.pools)
        marks = {each: kinds for each, kinds in kinds_of(required).items()
                 if each not in asked.resources}  # fmt: skip
        self._opened = found = opened(journal, required, name, asked.params, bounds, watch, marks)
        generation = found.row.generation
        self.name = name.again(generation) if generation > 1 else name
        if self.complete:
            return
        try:
            begin(found)
            key = self.name.key
            assert key is not None, "it was looked at when the run was opened"
            told = found.past, found.writer, found.values
            run, accepts = short(found.row.id), journal.accept_changes
            self.memory = Remembered(*told, run=run, key=key, accepts=accepts)
        except BaseException:
            found.close()
            raise

    def __enter__(self) -> Kept:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self._opened.complete

    def result(self) -> Result[Any, Fault]:
        """What a complete run gave."""
        return Success(self._opened.value())

    def asked(self, what: Asked) -> Asked:
        """What a run is asked for, with what it had resolved when it first started."""
        row = self._opened.row
        return changed(
            what,
            params=self._opened.params,
            resources={**self._opened.openers(), **self._results(), **what.resources},
            workers=what.workers or row.facts.get("workers"),
            pools={**kept_limits.pools_of(row), **what.pools},
        )

    def _results(self) -> dict[str, Opener]:
        """The results of earlier runs, if the run asks for them."""
        required, found = self.name.required, self._opened
        marks = kinds_of(required)
        if not any(each.from_journal and each.name not in marks for each in required.resources):
            return {}
        from fwf.interpreters.run.journaled.cached_results import openers  # for none but those

        return openers(required, found.store, found.row, found.watch)

    @property
    def degraded(self) -> tuple[str, ...]:
        """Of a complete run, the paths where it isn't what was meant."""
        return self._opened.degraded

    def run_id(self) -> str:
        """What the run is known by, the same for all its tries."""
        return self._opened.row.id

    @property
    def started(self) -> datetime:
        """When its first try began."""
        return datetime.fromtimestamp(self._opened.row.started / 1e6, UTC)

    def try_of(self, made: Try) -> Try:
        """What an observer is told of this try."""
        row = self._opened.row
        return changed(
            made,
            id=row.id,
            generation=row.generation,
            number=self._opened.past.number + 1,
            died=self._opened.died,
            remarks=self._opened.remarks,
        )

    def ended(self, result: Result[Any, Fault], machine: Machine) -> Result[Any, Fault]:
        """Write how the try ended ⟶ how it did: of what can't be written, that it can't."""
        try:
            if isinstance(result, Success):
                end(self._opened, "ok", value=result.unwrap(), degraded=machine.degraded)
                return result
            fault = result.failure()
            self.memory.marks.take_back(fault)
            end(self._opened, _outcome(fault, machine), fault=fault_to_json(fault))
        except Replaced:
            raise
        except JournalError as error:
            if isinstance(result, Success):
                raise
            if not any("JournalError" in leaf.tags for leaf in leaves(result.failure())):
                warn(f"the journal couldn't be told how the run ended: {error}")
        return result


def _outcome(fault: Fault, machine: Machine) -> State:
    if machine.at_a_hold:
        return "held"
    stopped = any(isinstance(leaf, Interrupted) for leaf in leaves(fault))
    return "interrupted" if stopped else "failed"
