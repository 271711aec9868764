"""What a command writes: text for people, JSON for machines, files, and what a terminal can't show.

A closed pipe ends the writing, not the program; a character that the terminal lacks is replaced
by one that it has.
"""

import codecs
import dataclasses
import enum
import errno
import json
import math
import os
import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from datetime import date, time
from pathlib import Path
from typing import Any, Final, TextIO, cast

from returns.result import Result

from fwf.algebra.result_values import content_of
from fwf.cli.refused_commands import Misuse
from fwf.faults import Fault
from fwf.faults.fault_form import fault_to_json
from fwf.printing import one_line, printable
from fwf.secrets import masked

MOST_LINES: Final = 20
MOST_CHARACTERS: Final = 4_000
MAX_DEPTH: Final = 100
_INSTEAD: Final = str.maketrans("─│┌└├┬┴┤┐┘▸→←↑↓⟶…·", "-|..|--|..>><^v>~.")
"""One ASCII character for each that pictures and messages are drawn with."""


# Streams


def ready_streams() -> None:
    """Make standard streams that take every character, whatever the terminal can show."""
    codecs.register_error("fwf", _replaced)
    sys.stdout = _usable(sys.stdout)
    sys.stderr = _usable(sys.stderr)


def _usable(stream: Any) -> TextIO:
    if stream is None:  # closed by whoever started us
        return open(os.devnull, "w", encoding="utf-8")
    with suppress(AttributeError):
        stream.reconfigure(errors="fwf")
    return cast(TextIO, stream)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """Error handler ⟶ ASCII that stands for what can't be encoded, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_INSTEAD)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


def tell(text: str) -> None:
    """Write a text and a line break to stdout; raises `Misuse` where that can't be done."""
    try:
        _write(sys.stdout, text)
    except (OSError, ValueError) as error:
        raise Misuse(f"can't write to standard output: {reason_of(error)}") from error


def in_colour() -> bool:
    """Whether what goes to stdout may be coloured: to a terminal, unless NO_COLOR is set."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") in ("dumb", "unknown", "")
    return sys.stdout.isatty() and not plain


def complain(text: str, *, to: TextIO | None = None) -> None:
    """Write lines to stderr, as a terminal may have them; nothing can be done if that fails."""
    with suppress(OSError, ValueError):
        _write(to or sys.stderr, "\n".join(map(_visible, masked(text).split("\n"))))


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except BrokenPipeError:
        silence(stream)
    except OSError:
        silence(stream)
        raise


def silence(stream: TextIO) -> None:
    """Let nothing written to a stream from now on go anywhere, so that no later flush fails."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def streams_kept() -> Generator[None]:
    """While tasks run, which may put others in the place of the standard streams.

    Two that use `redirect_stdout` side by side leave that of the one behind, and with it what is
    told afterwards would be lost.
    """
    out, err = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout, sys.stderr = _given_back(out, sys.stdout), _given_back(err, sys.stderr)


def _given_back(ours: Any, theirs: Any) -> Any:
    """Our stream, unless theirs writes to the same file, which it closes when it is let go."""
    if theirs is None:
        return ours
    try:
        same = ours.closed or theirs.buffer is ours.buffer
    except ValueError:  # the file was taken out of ours
        same = True
    except AttributeError:
        same = False
    return theirs if same else ours


@contextmanager
def stdout_kept_for(machine: bool) -> Generator[None]:
    """With `--json`, whatever tasks and their processes write to stdout goes to stderr instead."""
    if not machine:
        yield
        return
    with _descriptor_redirected(sys.stdout), redirect_stdout(sys.stderr):
        yield


@contextmanager
def _descriptor_redirected(stream: TextIO) -> Generator[None]:
    try:
        stream.flush()
        number, duplicate = stream.fileno(), os.dup(stream.fileno())
        os.dup2(2, number)
    except (OSError, ValueError):  # not a real file, or stderr is closed
        yield
        return
    try:
        yield
    finally:
        stream.flush()
        os.dup2(duplicate, number)
        os.close(duplicate)


# Files


def write_file(path: str | Path, text: str, *, remark: str = "") -> None:
    """Write a whole file, and say so on stderr; raises `Misuse` where that can't be done.

    remark: what more there is to say of it.

    The text is written beside its place and moved there, so that the file holds all of it or what
    it held before. A link stays a link; a device or a pipe is written to as it stands.
    """
    content = f"{text}\n" if text and not text.endswith("\n") else text
    try:
        _put(_followed(path), content.encode("utf-8", "backslashreplace"))
    except (OSError, ValueError) as error:
        raise Misuse(f"can't write {path}: {_why_not(Path(path), error)}") from error
    complain(one_line(f"wrote {path}{remark}"))


def _followed(path: str | Path) -> Path:
    """A path without the links in it."""
    return Path(os.path.realpath(path))


def _put(place: Path, content: bytes) -> None:
    if place.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if place.is_fifo():
        _pour(place, content)
        return
    if place.exists() and not place.is_file():
        place.write_bytes(content)
        return
    part = place.with_name(f".fwf-{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
        if place.exists():
            part.chmod(place.stat().st_mode & 0o7777)
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _pour(pipe: Path, content: bytes) -> None:
    """Write to a named pipe, unless nobody reads it: that would last until somebody does."""
    descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    with suppress(BrokenPipeError), open(descriptor, "wb") as file:
        file.write(content)


def _why_not(place: Path, error: OSError | ValueError) -> str:
    if os.path.isdir(place):
        return f"it is a folder; name a file in it, such as {place.name}/workflow.svg"
    if isinstance(error, FileNotFoundError):
        folder = _followed(place).parent if os.path.islink(place) else place.parent
        if not os.path.exists(folder):
            return f"there is no folder {folder}; make it, or name another place"
    if isinstance(error, OSError) and error.errno == errno.ENXIO:
        return "it is a named pipe that nobody reads; start what reads it first"
    state = "nothing was changed there" if os.path.exists(place) else "nothing is left there"
    return f"{reason_of(error)}; {state}: name another place"


def reason_of(error: OSError | ValueError) -> str:
    """What the system says of an error, as a part of a sentence."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{text[:1].lower()}{text[1:]}"


# Text


def text_of(value: object) -> str:
    """Value ⟶ `str` of it, whatever that raises."""
    try:
        return masked(str(value))
    except Exception as error:
        return f"<{type(value).__qualname__}: str() of it raises {type(error).__qualname__}>"


def elided(text: str) -> str:
    """Text ⟶ its first lines, and how many more there are.

    On a terminal each shows what it holds; elsewhere it is data, and stays as it is.
    """
    if sys.stdout.isatty():
        lines = list(map(_visible, text.splitlines()))
    else:
        lines = text.removesuffix("\n").split("\n")
    if len(lines) <= MOST_LINES:
        return "\n".join(map(_cut, lines))
    first = [_cut(line) for line in lines[: MOST_LINES - 1]]
    more = len(lines) - len(first)
    return "\n".join([*first, f"… and {more:,} more lines (--json gives all)"])


def _visible(line: str) -> str:
    """A line with what it holds that doesn't show; tabs are as wide as they are."""
    return printable(line.expandtabs())


def _cut(line: str) -> str:
    if len(line) <= MOST_CHARACTERS:
        return line
    more = len(line) - MOST_CHARACTERS
    return f"{line[:MOST_CHARACTERS]}… and {more:,} more characters (--json gives all)"


# JSON


def tell_json(content: Mapping[str, object]) -> None:
    """Write one JSON object to stdout."""
    tell(as_json(content))


def as_json(content: Mapping[str, object]) -> str:
    """Object ⟶ valid JSON, in ASCII, keys in the order given."""
    return json.dumps(plain(content), indent=2, allow_nan=False)


def plain(value: Any, depth: int = 0) -> Any:
    """Value ⟶ the same as JSON can say it.

    Named tuples and dataclasses become objects, enums their names, dates and times ISO 8601,
    results an object with `success` or `failure`, faults what `fault_to_json` makes of them.
    Whatever JSON lacks (NaN, decimals, tables) becomes its `str`.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, str):
        return masked(str(value))
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return text_of(value) if depth >= MAX_DEPTH else _inside(value, depth + 1)


def _number(value: float) -> float | str:
    """A number, unless JSON has none like it, or it is a secret."""
    if not isinstance(value, int) and not math.isfinite(value):
        return text_of(value)
    number = int(value) if isinstance(value, int) else float(value)
    return number if masked(json.dumps(number)) == json.dumps(number) else text_of(number)


def _inside(value: Any, depth: int) -> Any:
    kind = cast(Any, type(value))
    if isinstance(value, Fault):
        return fault_to_json(value)
    if isinstance(value, Result):
        is_failure, inside = content_of(value)
        return {"failure" if is_failure else "success": plain(inside, depth)}
    if (fields := _fields(value, kind)) is not None:
        return {_key(key): plain(each, depth) for key, each in fields}
    if issubclass(kind, set | frozenset):
        return sorted((plain(each, depth) for each in value), key=text_of)
    if issubclass(kind, list | tuple):
        return [plain(each, depth) for each in value]
    return text_of(value)


def _fields(value: Any, kind: Any) -> Iterable[tuple[object, object]] | None:
    """The fields of what becomes an object; None for what doesn't."""
    if issubclass(kind, Mapping):
        return list(value.items())
    if hasattr(kind, "_fields") and tuple in kind.__mro__:
        return list(zip(value._fields, value, strict=False))
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind) if field.repr]
        return [(name, getattr(value, name, None)) for name in names]
    return None


def _key(key: object) -> str:
    return masked(key) if type(key) is str else text_of(plain(key, MAX_DEPTH))
