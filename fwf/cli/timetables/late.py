"""What of a timetable isn't as it should be, by schedule and journal: lines, JSON, exit status."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from fwf.cli.output import complain, stdout_kept_for, tell as write, tell_json
from fwf.cli.params import values_and_sizes
from fwf.cli.running import FAILED
from fwf.cli.timetables.alert_delivery import Post, now, tell
from fwf.cli.timetables.partition_states import timetable_of
from fwf.cli.timetables.standings import Look, Subject, look
from fwf.cli.told_runs import local
from fwf.durations import SECOND
from fwf.faults import counted
from fwf.printing import one_line
from fwf.schedules.news import PartitionState
from fwf.schedules.zones import FIRST, LAST

QUIET: Final = 3 * 3_600
"""A run that is under way and has given no sign for so many seconds is told of. Our choice: a step
may take long, and one that hangs is to be found before the day is over."""
MOST: Final = 40
"""So many partitions are told in lines; the others are counted."""


def late(
    text: str,
    params: Sequence[str],
    journal: str | None,
    profile: tuple[str | None, str | None],
    *,
    as_json: bool = False,
    at: datetime | None = None,
) -> int:
    """Tell what is wrong, and whom it concerns ⟶ the exit status."""
    when = now() if at is None else at
    with stdout_kept_for(as_json):
        target, timetable = timetable_of("fwf late", text, journal)
        last = timetable.last_due(when)
        some = last or next(timetable.runs(FIRST, LAST), None)
        params_of_last: Mapping[str, Any] = {} if some is None else some.params
        values, _ = values_and_sizes(target, params, (), dry=True, others=params_of_last)
        subject = Subject(target, values, journal, *profile)
        standings = look(subject, when)
        wrong = [
            (word, fact) for fact in standings.facts if (word := _word(fact, when)) is not None
        ]
        posts = tell(subject, _say, at=when)
    if as_json:
        tell_json(_data(subject, standings, wrong, posts))
    else:
        for line in _lines(subject, standings, wrong, posts):
            write(line)
    return FAILED if wrong else 0


def _say(text: str) -> None:
    complain(one_line(f"fwf: {text}"))


def _word(fact: PartitionState, at: datetime) -> str | None:
    """What is wrong with a partition; None if nothing is."""
    if fact.standing in ("failed", "held", "died"):
        return fact.standing
    if fact.late:
        return "late"
    quiet = (
        fact.standing == "running" and at.timestamp() * SECOND - fact.last_sign >= QUIET * SECOND
    )
    return "quiet" if quiet else None


def _lines(
    subject: Subject, standings: Look, wrong: list[tuple[str, PartitionState]], posts: list[Post]
) -> Iterator[str]:
    name = subject.target.name
    if standings.pause is not None:
        since = standings.pause.told(subject.timetable)
        yield one_line(f"{name}: {since}; nothing of it is late, what failed is told here")
    for word, fact in wrong[:MOST]:
        yield one_line(f"{name} {fact.label}: {word}: {fact.reason}")
    if len(wrong) > MOST:
        yield f"… and {len(wrong) - MOST:,} more (--json gives all)"
    for post in posts:
        if not post.wrong:
            yield one_line(f"told: {post.alert.label}, {post.alert.state}")
    if not wrong:
        yield f"{name}: {counted(len(standings.facts), 'run')} of it, and nothing is late"


def _data(
    subject: Subject, standings: Look, wrong: list[tuple[str, PartitionState]], posts: list[Post]
) -> dict[str, object]:
    pause = standings.pause
    return {
        "target": subject.target.text,
        "workflow": subject.target.name,
        "paused": None if pause is None else pause.data(),
        "partitions": [_partition(word, fact) for word, fact in wrong],
        "alerts": [
            {
                "state": post.alert.state,
                "labels": post.alert.labels,
                "reason": post.alert.reason,
                "key": post.alert.key,
                "wrong": post.wrong or None,
            }
            for post in posts
        ],
    }


def _partition(word: str, fact: PartitionState) -> dict[str, Any]:
    return {
        "label": fact.label,
        "state": word,
        "reason": fact.reason,
        "since": local(fact.since),
        "run": fact.run or None,
        "paths": fact.paths,
    }
