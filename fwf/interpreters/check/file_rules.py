"""Rules about files: what a step leaves on its machine, and another machine goes on without."""

from collections.abc import Iterator
from typing import Any

from fwf.algebra.instances import PATH, path_place
from fwf.faults import Issue
from fwf.forms.mentioned import types_in
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
    kinds = types_in([annotation])
    return any(isinstance(kind, type) and path_place(kind) == PATH for kind in kinds)
