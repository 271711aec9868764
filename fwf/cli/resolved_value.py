"""`--value` of `fwf resolve` ⟶ what a task gave, by the type that it declares."""

from collections.abc import Callable
from typing import Any

from fwf.algebra.nodes import Task
from fwf.cli.refused_commands import Misuse
from fwf.forms.by_type.given_texts import NoText, Unreadable, example, read
from fwf.forms.documents import DocumentError, json_of
from fwf.printing import one_line
from fwf.types.aliases import ANY, bare
from fwf.types.fitting import fits
from fwf.types.hints import name_of


def result_reader(text: str | None) -> Callable[[Task[Any, Any]], Any]:
    """The text, or None for nothing ⟶ what a task is said to have given; raises `Misuse`."""

    def result_of(task: Task[Any, Any]) -> Any:
        kind = task.contract.output
        if text is None:
            if not fits(None, kind):
                raise Misuse(
                    f"--skip: {task.name} gives {name_of(kind)}, so what follows can't go on with "
                    f"None; write --value, such as --value {example(kind)!r}"
                )
            return None
        if bare(kind) in (ANY, object):
            return _undeclared(text)
        try:
            return read([text], kind)
        except NoText as error:
            raise Misuse(
                f"--value: {task.name} gives {name_of(kind)}, and no text says one; write --again, "
                "or --skip, or give it in Python, to fwf.interpreters.run.resolve"
            ) from error
        except Unreadable as error:
            value = one_line(text, 40)
            more = error.told("it")
            or_null = " or null" if fits(None, kind) else ""
            raise Misuse(
                f"--value {value!r}: {task.name} gives {name_of(kind)}, such as "
                f"{example(kind)!r}{or_null}{more and f'; {more}'}"
            ) from None

    return result_of


def _undeclared(text: str) -> Any:
    """What a task gave that doesn't say what it gives: the JSON that it is, or else the text."""
    try:
        return json_of(text, "it", DocumentError)
    except DocumentError:
        return text
