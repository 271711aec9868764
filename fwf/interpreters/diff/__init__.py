"""What changed between two workflows: by path and content, and whether behaviour did."""

from fwf.algebra.nodes import Named, Task
from fwf.algebra.traverse import visit
from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.analysis.identity import digest_of
from fwf.interpreters.diff.changes import Change, Diff, Level
from fwf.interpreters.diff.compare import edits
from fwf.interpreters.diff.key_changes import other_keys_besides
from fwf.interpreters.diff.levels import Levels
from fwf.interpreters.diff.matches import Edit
from fwf.interpreters.diff.moves import with_moves

__all__ = ["Change", "Diff", "diff"]


def diff(old: AnyWorkflow, new: AnyWorkflow, /) -> Diff:
    """Workflow, workflow ⟶ what changed from the old one to the new one.

    Each change has a level: `none` for notes, `refactoring` where the laws of level S say that
    the work is the same (names of parts don't count, but see its reason for idempotency keys),
    `behaviour` for all else. Function bodies aren't looked at: a task is what it declares. An
    edit of a part that occurs in many places is told at the first.

    >>> from fwf import it, pure, retry, seconds
    >>> print(diff(retry(pure(it.n), attempts=3, wait=seconds(1)), retry(pure(it.n), attempts=2)))
    workflow: behaviour changes in 1 place
    ! pure: retry(attempts=3, wait=1s) → retry(attempts=2): weaker, 1 attempt fewer, shorter
    waits, 0s in all instead of 1s
    """
    one, other = as_workflow(old, "diff"), as_workflow(new, "diff")
    name = other.name if isinstance(other, Named | Task) else "workflow"
    if digest_of(one) == digest_of(other):
        return Diff(name, "none", ())
    changes = with_moves(edits(visit(one), visit(other)))
    levels = Levels(one, other)
    changes += [] if levels.whole == "none" else other_keys_besides(one, other, changes)
    level_of: list[Level] = [levels.of(edit) for edit in changes]
    if levels.whole == "behaviour" and "behaviour" not in level_of:
        # Each edit alone keeps the normal form, but not all of them together.
        level_of = ["none" if level == "none" else "behaviour" for level in level_of]
    return Diff(name, levels.whole, tuple(map(_change, changes, level_of)))


def _change(edit: Edit, level: Level) -> Change:
    return Change(edit.kind, level, edit.was, edit.now, edit.reason)
