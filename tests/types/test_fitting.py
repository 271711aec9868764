import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, NewType, TypedDict

import pytest

from fwf import check, dry_run, run, task
from fwf.testing.generated_pieces import local
from fwf.types.fitting import fits, wrong_part
from tests.samples import Visits

Day = NewType("Day", date)


@dataclass
class Size:
    limit: int
    parts: "list[Size] | None" = None


class Loose(TypedDict, total=False):
    rows: list[int]


MISFITS: list[tuple[Any, Any, str]] = [
    ((1,), tuple[int, str], ""),
    ((1, "a", 2), tuple[int, str], ""),
    ((1, 2), tuple[int, str], "[1]"),
    ((1,), tuple[()], ""),
    (("a",), tuple[int, ...], "[0]"),
    ([1], tuple[int, ...], ""),
    ([(1, "a"), (2, 3)], list[tuple[int, str]], "[1][1]"),
    ([[1], [2, "x"]], Sequence[Sequence[int]], "[1][1]"),
    ({"eu": 1, "us": "x"}, dict[str, int], "['us']"),
    ({1: 1}, Mapping[str, int], "{…}"),
    ({"a", 1}, set[str], "{…}"),
    (frozenset({1}), frozenset[str], "{…}"),
    ({1}, frozenset[int], ""),
    ([1, "a"], list[int] | None, "[1]"),
    ((1, [None]), tuple[int, list[int]] | str, "[1][0]"),
    ([date(2026, 1, 1), 3], list[Day], "[1]"),
    ([True], list[int], "[0]"),
    ([1, None], list[Literal[1, 2]], "[1]"),
    (Size("x"), Size, ".limit"),  # type: ignore[arg-type]
    (Size(1, [Size(2), Size(3, [Size(None)])]), Size, ".parts[1].parts[0].limit"),  # type: ignore[arg-type]
    (Visits(1, [2]), Visits, ".urls[0]"),  # type: ignore[list-item]
    ({"rows": ["a"]}, Loose, "['rows'][0]"),
    ([{"a": ({1: ["x"]},)}], list[dict[str, tuple[dict[int, list[int]]]]], "[0]['a'][0][1][0]"),
    ([1, [2]], list[Annotated[int, "rows"]], "[1]"),
]


@pytest.mark.parametrize(("value", "wanted", "place"), MISFITS)
def test_a_part_that_does_not_fit_is_told_by_its_place(value: Any, wanted: Any, place: str) -> None:
    wrong = wrong_part(value, wanted)
    assert wrong is not None and wrong.place == place
    assert not fits(value, wanted)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ((), tuple[()]),
        ((), tuple[int, ...]),
        ((1, "a", "b"), tuple[int, *tuple[str, ...]]),
        ((1, 2.5), tuple),
        ((1, "a"), typing.Tuple),  # noqa: UP006
        (Size(1, []), Size),
        ({}, Loose),
        ({"a": [1, None]}, Mapping[str, list[int | None]]),
        ([1], list),
        ("ab", Sequence[str]),
        (len, Callable[[int], str]),
        (int, type[int]),
    ],
)
def test_what_fits_or_cannot_be_decided_is_taken(value: Any, wanted: Any) -> None:
    assert fits(value, wanted)


def test_a_value_that_is_in_itself_is_looked_at_only_so_deep() -> None:
    round_: Any = Size(1)
    round_.parts = [round_]
    assert fits(round_, Size)


def test_a_parameter_with_a_wrong_part_says_which_wherever_it_is_given() -> None:
    @task(effect="pure")
    def takes(*, pairs: list[tuple[int, str]]) -> int:
        return len(pairs)

    wrong: Any = [(1, "a"), (2, 3)]
    part = "pairs[1][1] is an int, not a str"
    assert part in str(run(takes, params={"pairs": wrong}).failure())
    assert part in str(run(local(takes, pairs=wrong)).failure())
    assert any(part in issue.message for issue in check(local(takes, pairs=wrong)))
    assert part in str(dry_run(takes, params={"pairs": wrong}).result)
    short = run(takes, params={"pairs": [(1,)]}).failure()
    assert "pairs[0] is a tuple of 1, not a tuple[int, str]" in str(short)
    assert run(takes, params={"pairs": [(1, "a")]}).unwrap() == 1
