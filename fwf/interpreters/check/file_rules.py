"""Rules about files: what a step leaves on its machine, and another machine goes on without."""

from collections.abc import Iterator

from fwf.faults import Issue
from fwf.forms.mentioned import has_path
from fwf.interpreters.check.subject import Subject, last


def local_file(subject: Subject) -> Iterator[Issue]:
    """A step leaves a file for those after it, and the journal outlasts its machine's disk."""
    if not subject.elsewhere:
        return
    end = subject.end(last, subject.root)
    for here, task in subject.tasks():
        if task is not end and has_path(task.contract.output):
            yield Issue(
                subject.path(here),
                "local-file",
                f"{task.name} gives a Path, a file of its machine, but a run in this journal may "
                "go on at another one, where it isn't: give what is in it, or the key of an object "
                'that all machines read; if all of them mount it, silence="local-file"',
                "error",
            )
