"""What does a log say of a run that was killed: what is lost, was run again, is wrong?

Judged by the log of the run, and by that of one which wasn't killed; no journal is asked.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from tests.crash.kill_effects import Line, Value
from tests.crash.kill_shapes import TRIES

LOST: Final = "lost"
AGAIN: Final = "run again"
WRONG: Final = "wrong"
LEFT: Final = "left behind"
ENDED: Final = "ended badly"
FAULTS: Final = (LOST, AGAIN, WRONG, LEFT)
"""What must never be: a step is missing; runs again after others used what it gave; works on other
data, under another key or number, or to another end; or outlives its run and works beside the next.
"""


class Whole(NamedTuple):
    """What a run leaves that is not killed, and how long it takes (s)."""

    lines: Sequence[Line]
    value: Value
    seconds: float


class Finding(NamedTuple):
    """One thing that must not be."""

    fault: str
    what: str


def judged(lines: Sequence[Line], value: Any, whole: Whole, *, stops: int = 0) -> list[Finding]:
    """All that is wrong with a run that was killed, or stopped so often, and went on to its end."""
    return [
        *_lost(lines, value, whole),
        *_again(lines, value),
        *_too_often(lines, stops),
        *_wrong(lines, value, whole),
        *_given_back(lines),
        *_left(lines),
    ]


def _lost(lines: Sequence[Line], value: Any, whole: Whole) -> Iterator[Finding]:
    """Steps without a line, and lines that somebody used and nobody has left."""
    did = {line.path for line in lines if line.what == "did"}
    for path in sorted({line.path for line in whole.lines if line.what == "did"} - did):
        yield Finding(LOST, f"{path} was never done")
    left = {line.by for line in lines}
    used = {name for line in lines for name in line.used if name}
    for name in sorted((used | {_by(value)}) - left):
        yield Finding(LOST, f"{name} was used, and left no line")


def _by(value: Any) -> str:
    return str(value["by"]) if isinstance(value, dict) and "by" in value else "?"


def _again(lines: Sequence[Line], value: Any) -> Iterator[Finding]:
    """Steps that ran again after others had gone on with what they gave.

    Where a part fails that is tried again as a whole, all that is in it may run again. A finaliser
    isn't one who went on: it is done even where what it was given could not be written.
    """
    gave: dict[str, str] = {}
    """For each step that others went on with, the line by which it gave that."""
    for line in lines:
        for name in line.used if line.what != "tidied" else ():
            path = name.rpartition("@")[0]
            if name and gave.setdefault(path, name) != name:
                yield Finding(AGAIN, f"{path} gave two values, and both were used")
        if line.what == "released":
            gave = {path: name for path, name in gave.items() if not _in(path, _lent(line.path))}
        elif line.path in gave and line.what != "tidied":
            yield Finding(AGAIN, f"{line.path} ran again after others used what it gave")
        if line.what == "failed" and line.reopens:
            gave = {path: name for path, name in gave.items() if not _in(path, line.reopens)}
    path = _by(value).rpartition("@")[0]
    if [line.by for line in lines if line.path == path][-1:] != [_by(value)]:
        yield Finding(AGAIN, f"{path} ran again after the run ended with what it gave")


def _lent(release: str) -> str:
    """The path of a finaliser that gives something back ⟶ that of the part that borrows it."""
    return release.rpartition("[release]")[0]


def _given_back(lines: Sequence[Line]) -> Iterator[Finding]:
    """Steps that used what had been given back, and what nobody gave back."""
    gone: set[str] = set()
    for line in lines:
        if line.what == "released":
            gone.add(line.used[-1])
        elif gone.intersection(line.used):
            yield Finding(WRONG, f"{line.path} used what had been given back")
    acquired = {line.by for line in lines if line.path.endswith(" > acquire")}
    used = {name for line in lines for name in line.used}
    for name in sorted(acquired & used - gone):
        yield Finding(LOST, f"{name} was never given back")


def _in(path: str, scope: str) -> bool:
    return path.startswith(f"{scope} > ")


def _too_often(lines: Sequence[Line], stops: int) -> Iterator[Finding]:
    """Steps that failed more often than they may.

    A kill undoes a failure at most, that which was not committed when it came; a run that was
    stopped has all its tries again.
    """
    failed = Counter(line.path for line in lines if line.what == "failed")
    last = lines[-1].starter if lines else 0
    for path, times in failed.items():
        killed = {line.starter for line in lines if line.path == path} - {last}
        if times > TRIES * (1 + stops) + len(killed):
            yield Finding(AGAIN, f"{path} failed {times} times; {TRIES} tries, {len(killed)} kills")


def _wrong(lines: Sequence[Line], value: Any, whole: Whole) -> Iterator[Finding]:
    """Another end, other data, other keys; keys that two steps share; numbers that come twice."""
    if not isinstance(value, dict) or value.get("v") != whole.value["v"]:
        yield Finding(WRONG, f"it ended with {value}, not with {whole.value}")
    known = {line.path: (line.key, line.digest) for line in whole.lines}
    borrowers: set[str] = set()
    for line in lines:
        key, given = known.get(line.path, ("", ""))
        again = any(_in(line.path.replace("[release]", ""), scope) for scope in borrowers)
        if line.digest != given or (line.key != key and not again):
            yield Finding(WRONG, f"{line.path} ran under another key, or on other data")
        if line.what == "released":  # what is acquired anew is another thing: so are its keys
            borrowers.add(_lent(line.path))
    keys = {(line.key, line.path) for line in lines}
    for key, times in Counter(key for key, _ in keys).items():
        if times > 1:
            yield Finding(WRONG, f"{times} steps share the key {key}")
    # A finaliser is done even where nobody can write that it begins, so its numbers may come twice.
    numbers = Counter((line.path, line.attempt) for line in lines if line.what in ("did", "failed"))
    for (path, number), times in numbers.items():
        if times > 1:
            yield Finding(WRONG, f"{path}: {times} attempts are number {number}")


def _left(lines: Sequence[Line]) -> Iterator[Finding]:
    """Lines of a process that was followed by another one, whose lines come before."""
    seen: list[int] = []
    for line in lines:
        if line.starter in seen[:-1]:
            yield Finding(LEFT, f"{line.path} was done by a run that was followed by another one")
        if line.starter not in seen:
            seen.append(line.starter)
