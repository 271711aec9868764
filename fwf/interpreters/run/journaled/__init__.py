"""A run that outlasts its process: what is written of it, and how the next one goes on.

    run_opening.py      whether a run begins, goes on, or is complete
    kept_parameters.py  its parameters: those of its first start, with the defaults of then
    kept_limits.py      how much a run does at once: its workers and pools
    earlier_tries.py    what counts of all that earlier tries left
    try_memory.py       what the machine asks about tasks, and what is written of their attempts
    task_facts.py       ... by which names and digests
    left_files.py       ... and whether the files that they left are there
    frame_marks.py      ... and about other places: retries, deadlines, what was caught, lent
    validity.py         for how long what a place gave counts
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
from fwf.interpreters.run.journaled.run_opening import begin, end, open_run
from fwf.interpreters.run.journaled.stamps import Watch
from fwf.interpreters.run.journaled.try_memory import TryMemory
from fwf.interpreters.run.observers import Try, warn
from fwf.journal.errors import JournalError, Replaced
from fwf.journal.run_records import State
from fwf.journal.story import short
from fwf.machine.machine import Machine
from fwf.records import changed
from fwf.states import kinds_of

if TYPE_CHECKING:
    from fwf.interpreters.run.doing import RunRequest
    from fwf.interpreters.run.resources import Opener

__all__ = ["JournaledTry"]


@final
class JournaledTry:
    """One try of a run that is in a journal. A context: others can't go on with the run meanwhile.

    Raises `JournalError` where the run can't be gone on with, and nothing is changed then.
    """

    __slots__ = ("_run", "memory", "name")

    def __init__(
        self,
        journal: Journal,
        request: RunRequest,
        name: RunName,
        needs: Requirements,
        watch: Watch | None = None,
    ) -> None:
        bounds = kept_limits.limits_form(request.workers, request.pools)
        marks = {each: kinds for each, kinds in kinds_of(needs).items()
                 if each not in request.resources}  # fmt: skip
        self._run = kept_run = open_run(journal, needs, name, request.params, bounds, watch, marks)
        generation = kept_run.row.generation
        self.name = name.again(generation) if generation > 1 else name
        if self.complete:
            return
        try:
            begin(kept_run)
            key = self.name.key
            assert key is not None, "it was looked at when the run was opened"
            parts = kept_run.past, kept_run.writer, kept_run.values
            run, accepts = short(kept_run.row.id), journal.accept_changes
            self.memory = TryMemory(*parts, run=run, key=key, accepts=accepts)
        except BaseException:
            kept_run.close()
            raise

    def __enter__(self) -> JournaledTry:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run.close()

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self._run.complete

    def result(self) -> Result[Any, Fault]:
        """What a complete run gave."""
        return Success(self._run.value())

    def request_of(self, what: RunRequest) -> RunRequest:
        """What a run is asked for, with what it had resolved when it first started."""
        row = self._run.row
        return changed(
            what,
            params=self._run.params,
            resources={**self._run.openers(), **self._results(), **what.resources},
            workers=what.workers or row.facts.get("workers"),
            pools={**kept_limits.pools_of(row), **what.pools},
        )

    def _results(self) -> dict[str, Opener]:
        """The results of earlier runs, if the run asks for them."""
        needs, kept_run = self.name.required, self._run
        marks = kinds_of(needs)
        if not any(each.from_journal and each.name not in marks for each in needs.resources):
            return {}
        from fwf.interpreters.run.journaled.cached_results import openers  # for none but those

        return openers(needs, kept_run.store, kept_run.row, kept_run.watch)

    @property
    def degraded(self) -> tuple[str, ...]:
        """Of a complete run, the paths where it isn't what was meant."""
        return self._run.degraded

    def run_id(self) -> str:
        """What the run is known by, the same for all its tries."""
        return self._run.row.id

    @property
    def start_date(self) -> datetime:
        """When its first try began."""
        return datetime.fromtimestamp(self._run.row.started / 1e6, UTC)

    def try_of(self, this: Try) -> Try:
        """What an observer is told of this try."""
        row = self._run.row
        return changed(
            this,
            id=row.id,
            generation=row.generation,
            number=self._run.past.number + 1,
            died=self._run.died,
            remarks=self._run.remarks,
            taken_back=self._run.taken_back,
        )

    def record_end(self, result: Result[Any, Fault], machine: Machine) -> Result[Any, Fault]:
        """Write how the try ended ⟶ how it did: of what can't be written, that it can't."""
        try:
            if isinstance(result, Success):
                end(self._run, "ok", value=result.unwrap(), degraded=machine.degraded_paths)
                return result
            fault = result.failure()
            self.memory.marks.take_back(fault)
            end(self._run, _outcome(fault, machine), fault=fault_to_json(fault))
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
