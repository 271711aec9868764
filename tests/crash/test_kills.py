"""Runs that are killed at random moments and go on: nothing lost, nothing run again, all as it was.

And the judge of that: what it makes of runs that have no journal, or lose what they did.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.crash import figures, kill_runs
from tests.crash.kill_bugs import BUGS, SHOWN_BY
from tests.crash.kill_child import NONE
from tests.crash.kill_effects import Line
from tests.crash.kill_oracle import AGAIN, FAULTS, LOST, WRONG, judged
from tests.crash.kill_runs import Case, Night, cases, killed, whole
from tests.crash.kill_shapes import SHAPES

pytestmark = pytest.mark.services  # each kill is a process

CASES = cases(figures.amount(quick=8, full=1_000))
PROOF = "kill -9 of real runs"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_run_that_is_killed_goes_on_where_it_stopped(case: Case) -> None:
    story = killed(case, most_kills=1 + case.seed % 2)
    found = Counter(finding.fault for finding in story.findings)
    counts = {
        "runs": 1,
        "kills": story.kills,
        "stops": story.stops,
        "attempts_in_vain": story.repeated,
    }
    figures.add(PROOF, **counts, zero={fault: found[fault] for fault in FAULTS})
    assert not story.findings, f"{case}\n" + "\n".join(map(str, story.findings))


# What the judge sees


@pytest.mark.parametrize("bug", BUGS)
def test_a_seeded_mistake_is_seen(bug: str) -> None:
    fault, shape = SHOWN_BY[bug]
    for seed in range(figures.amount(quick=12, full=40)):
        story = killed(Case(f"{shape}-{seed}", seed, bug=bug))
        if any(finding.fault in fault for finding in story.findings):
            figures.add("seeded mistakes that are seen", mistakes=1)
            return
    pytest.fail(f"nobody noticed: {bug}")


def test_a_run_without_a_journal_is_seen_to_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(night: Night, folder: Path, case: Case) -> None:
        begin(night, folder, case)
        night.journal = Path(NONE)

    begin = Night.__init__
    monkeypatch.setattr(kill_runs.Night, "__init__", without)
    stories = (killed(Case(f"chain-{seed}", seed), most_kills=1) for seed in range(5))
    assert any(story.kills and _faults(story.findings) >= {AGAIN, WRONG} for story in stories)


def _faults(findings: Sequence[Any]) -> set[str]:
    return {finding.fault for finding in findings}


def dropped(lines: list[Line], at: int) -> list[Line]:
    return [*lines[:at], *lines[at + 1 :]]


def twice(lines: list[Line], at: int) -> list[Line]:
    """The same step once more, at the end."""
    again = lines[at]._replace(by=f"{lines[at].path}@other", attempt=9)
    return [*lines, again]


def renumbered(lines: list[Line], at: int) -> list[Line]:
    return [*lines[:at], lines[at]._replace(by=f"{lines[at].path}@other"), *lines[at:]]


def keyed(lines: list[Line], at: int) -> list[Line]:
    """The key of another step."""
    other = lines[at - 1].key
    return [*lines[:at], lines[at]._replace(key=other), *lines[at + 1 :]]


def fed(lines: list[Line], at: int) -> list[Line]:
    """Other data."""
    return [*lines[:at], lines[at]._replace(digest="other"), *lines[at + 1 :]]


TAMPERED: dict[Callable[[list[Line], int], list[Line]], str] = {
    dropped: LOST, twice: AGAIN, renumbered: WRONG, keyed: WRONG, fed: WRONG,
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_judge_finds_nothing_in_a_whole_run_and_any_line_that_is_wrong(shape: str) -> None:
    known = whole(f"{shape}-1")
    lines = list(known.lines)
    assert not judged(lines, known.value, known)
    chance = random.Random(shape)
    for tamper, fault in TAMPERED.items():
        did = [n for n, line in enumerate(lines) if n and line.what == "did"]
        at = chance.choice([n for n in did if " > lent > " not in lines[n].path])  # may come twice
        assert fault in _faults(judged(tamper(lines, at), known.value, known)), tamper
    assert WRONG in _faults(judged(lines, known.value | {"v": "other"}, known))
    assert LOST in _faults(judged(lines, known.value | {"by": "last@none"}, known))


def test_the_judge_sees_failures_that_are_not_counted() -> None:
    known = whole("patient-1")
    lines = list(known.lines)
    failed = next(n for n, line in enumerate(lines) if line.path.endswith("never"))
    more = [lines[failed]._replace(attempt=9, by="x")]
    assert not judged([*lines[:failed], *lines[failed:]], known.value, known)
    assert AGAIN in _faults(judged([*lines[:failed], *more, *lines[failed:]], known.value, known))


def test_the_judge_sees_what_works_beside_the_next_run() -> None:
    known = whole("chain-1")
    before, after = known.lines[:3], known.lines[3:]
    lines = [line._replace(starter=1) for line in before] + [
        line._replace(starter=2) for line in after
    ]
    assert not judged(lines, known.value, known)
    lines[-2] = lines[-2]._replace(starter=1)
    assert "left behind" in _faults(judged(lines, known.value, known))
