"""Where an exception was raised, as data: lines of code instead of frames and what they hold."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Final, final

from fwf.faults.error_texts import named_text, parts_of, text
from fwf.records import record
from fwf.secrets import masked

MOST_LINES: Final = 100
"""Lines kept of one exception, the innermost."""
MOST_LINKED: Final = 100
"""Exceptions kept of all that one comes from or consists of."""
_OURS: Final = __file__.removesuffix("tracebacks.py")[: -len("faults/")]
_CALLERS: Final = tuple(
    _OURS + _OURS[-1].join(each)
    for each in (("interpreters", "run", ""), ("machine", "task_results.py"))
)
_FOREIGN: Final = (_OURS, enum.__file__.removesuffix("enum.py"), "<frozen ")
_INSTALLED: Final = ("site-packages", "dist-packages")
_cause, _context, _suppress, _traceback = (
    vars(BaseException)[name]
    for name in ("__cause__", "__context__", "__suppress_context__", "__traceback__")
)
_obj = vars(AttributeError)["obj"]
"""How to reach what Python itself keeps in an exception, whatever its class makes of the name."""
_CAUSE: Final = "The above exception was the direct cause of the following exception:"
_CONTEXT: Final = "During handling of the above exception, another exception occurred:"


@final
@record()
class CodeLine:
    """A line of code, and the function that it stands in."""

    file: str
    number: int
    name: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number} in {self.name}"


@final
@record()
class Traceback:
    """Where an exception was raised, and what it comes from. `str` reads the lines of code.

    `where` is the innermost line of the user's own code, `lines` all of them, outermost first.
    `cause` is what it was raised `from` or, if `implied`, while that was handled. `parts` are the
    exceptions of a group.
    """

    error: str
    where: CodeLine | None
    lines: tuple[CodeLine, ...] = ()
    notes: tuple[str, ...] = ()
    cause: Traceback | None = None
    implied: bool = False
    parts: tuple[Traceback, ...] = ()

    def __str__(self) -> str:
        texts: list[str] = []
        one: Traceback | None = self
        while one is not None:
            texts.append(one._own())
            if one.cause is not None:
                texts.append(_CONTEXT if one.implied else _CAUSE)
            one = one.cause
        return "\n\n".join(reversed(texts))

    def _own(self) -> str:
        from traceback import StackSummary  # slow to import, and only for who reads it

        entries = [(line.file, line.number, line.name, None) for line in self.lines]
        texts = ["Traceback (most recent call last):"] if entries else []
        texts += [each.rstrip("\n") for each in StackSummary.from_list(entries).format()]
        texts += [self.error, *self.notes]
        for number, part in enumerate(self.parts, 1):
            inside = str(part).replace("\n", "\n    ")
            texts.append(f"  {number} of {len(self.parts)}:\n    {inside}")
        return "\n".join(texts)


def traceback_of(
    error: BaseException,
    handled: BaseException | None = None,
    fn: Callable[..., Any] | None = None,
) -> Traceback:
    """Exception ⟶ where it was raised; it and all that it is linked to let go of their frames.

    handled: what the caller is handling, which is none of the task's business: it stays whole.
    fn: the function that was called; its line stands in where the user's code has no other.
    """
    if handled is error:
        handled = None
    linked = list(_linked(error, handled))
    code = getattr(fn, "__code__", None)
    tracebacks: dict[int, Traceback] = {}
    for each in reversed(linked):
        tracebacks[id(each)] = _one(each, tracebacks, code)
    for each in linked:
        _let_go(each, handled)
    return tracebacks[id(error)]


def _linked(error: BaseException, handled: BaseException | None) -> Iterator[BaseException]:
    """An exception, and those that it comes from or consists of; each once, it first."""
    todo, seen_ids = deque([error]), {id(handled)}
    while todo and len(seen_ids) <= MOST_LINKED:
        one = todo.popleft()
        if id(one) not in seen_ids:
            seen_ids.add(id(one))
            yield one
            todo.extend(parts_of(one))
            before = _cause.__get__(one), _context.__get__(one)
            todo.extend(each for each in before if each is not None)


def _one(error: BaseException, tracebacks: dict[int, Traceback], code: Any) -> Traceback:
    """One exception, with those linked to it. They leave `tracebacks`: each is told of once."""
    lines = tuple(_lines(_traceback.__get__(error)))
    cause = _cause.__get__(error)
    implied = cause is None
    if implied and not _suppress.__get__(error):
        cause = _context.__get__(error)
    return Traceback(
        named_text(error),
        _where(lines, code),
        lines,
        _notes(error),
        tracebacks.pop(id(cause), None),
        implied,
        tuple(tracebacks.pop(id(part)) for part in parts_of(error) if id(part) in tracebacks),
    )


def _notes(error: BaseException) -> tuple[str, ...]:
    try:
        notes: list[object] = list(getattr(error, "__notes__", ()))
    except KeyboardInterrupt:
        raise
    except BaseException:  # whatever somebody's property raises
        return ()
    return tuple(masked(note) if isinstance(note, str) else text(note) for note in notes)


def _lines(at: TracebackType | None) -> Iterator[CodeLine]:
    """The lines below those of whoever called the task."""
    while at is not None and at.tb_frame.f_code.co_filename.startswith(_CALLERS):
        at = at.tb_next
    code_lines: deque[CodeLine] = deque(maxlen=MOST_LINES)
    while at is not None:
        code = at.tb_frame.f_code
        code_lines.append(
            CodeLine(code.co_filename, at.tb_lineno or code.co_firstlineno, code.co_name)
        )
        at = at.tb_next
    yield from code_lines


def _where(lines: tuple[CodeLine, ...], code: Any) -> CodeLine | None:
    home = getattr(code, "co_filename", None)
    for line in reversed(lines):
        if line.file == home or not _is_foreign(line.file):
            return line
    if code is not None:
        return CodeLine(code.co_filename, code.co_firstlineno, code.co_name)
    return lines[-1] if lines else None


def _is_foreign(file: str) -> bool:
    """Whether code belongs to Python, to fwf, or to an installed package."""
    return file.startswith(_FOREIGN) or any(each in file for each in _INSTALLED)


def _let_go(error: BaseException, handled: BaseException | None) -> None:
    """Take from an exception what keeps the data of a failed attempt alive."""
    _traceback.__set__(error, None)
    if handled is not None and _context.__get__(error) is handled:
        _context.__set__(error, None)
    if issubclass(type(error), AttributeError):
        _obj.__set__(error, None)  # whatever lacked the attribute: a table, say
