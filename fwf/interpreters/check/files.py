"""Rules about files: what a step leaves on its machine, and another machine goes on without."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from fwf.algebra.aliases import bare
from fwf.algebra.instances import PATH, path_place
from fwf.algebra.types import MAX_PARTS, fields_of
from fwf.faults import Issue
from fwf.interpreters.check.subject import Subject, last


def local_file(subject: Subject) -> Iterator[Issue]:
    """A step leaves a file for those after it, and the journal outlasts its machine's disk."""
    if not subject.elsewhere:
        return
    end = subject.end(last, subject.root)
    for here, task in subject.tasks():
        if task is not end and _has_path(task.contract.output):
            yield Issue(
                subject.path(here),
                "local-file",
                f"{task.name} gives a Path, a file of its machine, but a run in this journal may "
                "go on at another one, where it isn't: give what is in it, or the key of an object "
                'that all machines read; if all of them mount it, silence="local-file"',
                "error",
            )


def _has_path(annotation: Any) -> bool:
    """Whether a path is in values of a type, as far as it declares them."""
    todo, seen = [annotation], list[Any]()
    while todo:
        each = bare(todo.pop())
        cls = get_origin(each) or each
        if isinstance(cls, type) and path_place(cls) == PATH:
            return True
        if each not in seen and len(seen) < MAX_PARTS:
            seen.append(each)
            todo += [*get_args(each), *(fields_of(each) or {}).values()]
    return False
