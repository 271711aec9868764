"""A place has one name on an engine, which tells it from every other and can be read."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from fwf.interpreters.engines.engine_names import Alphabet, Names

STEPS = Alphabet(80, "-_.")
LABELS = Alphabet(30, "-", lower=True, letter=True)
ALPHABETS = [STEPS, LABELS, Alphabet(250, "._-"), Alphabet(20, "_", letter=True)]
PATTERNS = {
    STEPS: r"[A-Za-z0-9._-]{1,80}",
    LABELS: r"[a-z]([a-z0-9-]{0,28}[a-z0-9])?",
    ALPHABETS[2]: r"[A-Za-z0-9._-]{1,250}",
    ALPHABETS[3]: r"[A-Za-z][A-Za-z0-9_]{0,19}",
}
PATHS = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(["par", "a", "A", "b#2", "load", "x" * 90, "é", "a-b", "[1]"]))
    .map(" > ".join),
)  # fmt: skip
HOSTILE = (
    "", " ", "-", "--", "'; drop", '"', "{{ x }}", "${x}", "$.a", '"""', "a\nb", "\0", "../..",
    "%s", "x" * 10_000, "日本", "\ud800", "-a", "1", "a-", "A", "a", "a-0123456789ab",
)  # fmt: skip


@pytest.mark.parametrize("alphabet", ALPHABETS)
@given(paths=st.lists(PATHS, unique=True))
def test_names_fit_and_are_told_apart(alphabet: Alphabet, paths: list[str]) -> None:
    names = Names(alphabet)
    found = [names.name(path) for path in [*paths, *HOSTILE]]
    distinct = {*paths, *HOSTILE}
    assert all(re.fullmatch(PATTERNS[alphabet], name) for name in found), found
    assert len({*found}) == len(distinct)
    assert {names.path(name) for name in found} == distinct == {*names.table.values()}


@given(paths=st.lists(PATHS, min_size=2, unique=True))
def test_a_name_depends_on_nothing_but_its_path(paths: list[str]) -> None:
    one, other = Names(STEPS), Names(STEPS)
    forward = {path: one.name(path) for path in paths}
    assert forward == {path: other.name(path) for path in reversed(paths)}
    assert all(one.name(path) == name for path, name in forward.items())


def test_what_is_a_name_stays_so_and_what_is_not_can_be_read() -> None:
    assert STEPS.name("visits") == "visits"
    assert STEPS.name("daily > par > visits#2").startswith("daily-par-visits-2-")
    assert STEPS.name("x" * 81).startswith("x" * 60)
    assert LABELS.name("Daily > 2nd").startswith("daily-2nd-")
    assert LABELS.name("2nd").startswith("x-2nd-")


def test_nobody_can_write_a_name_that_is_made_for_another() -> None:
    made = STEPS.name("daily > visits")
    assert STEPS.name(made) != made


def test_two_paths_with_one_digest_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    class Same:
        def __init__(self, text: bytes) -> None:
            self.text = text

        def hexdigest(self) -> str:
            return "0" * 12 + hashlib.md5(self.text).hexdigest()

    monkeypatch.setattr("fwf.interpreters.engines.engine_names.hashlib.sha256", Same)
    names = Names(STEPS)
    found = [names.name(path) for path in ("a b", "a  b", "a   b")]
    assert len({*found}) == 3 and all(one != other for one, other in pairwise(found))


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(KeyError):
        Names(STEPS).path("visits")
