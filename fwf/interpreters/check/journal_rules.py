"""Rules about what a journal keeps: what can't be kept, and files for another machine."""

from collections.abc import Iterator
from typing import Final

from fwf.faults import Issue
from fwf.forms.mentioned import has_path
from fwf.forms.textless_types import textless
from fwf.interpreters.check.subject import Subject, last
from fwf.types.aliases import bare

_OR_NONE: Final = '; if there is never one in what it gives, silence="unkept-result"'


def local_file(subject: Subject) -> Iterator[Issue]:
    """A step leaves a file for those after it, and the journal outlasts its machine's disk."""
    if "://" not in (subject.journal or ""):
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


def unkept_result(subject: Subject) -> Iterator[Issue]:
    """A step gives what no journal can keep, so that it fails when it is done."""
    if subject.journal is None:
        return
    for here, task in subject.tasks():
        cls = textless(task.contract.output)
        if cls is not None:
            or_none = "" if bare(task.contract.output) is cls else _OR_NONE
            yield Issue(
                subject.path(here),
                "unkept-result",
                f"{task.name} gives a {cls.__qualname__}, which a journal can't keep: give plain "
                "data, a dataclass or a pyarrow table, call fwf.register_codec where the class is "
                f"defined, or run with --journal off{or_none}",
                "error",
            )
