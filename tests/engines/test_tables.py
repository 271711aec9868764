"""Every engine says of everything what it does, and the page of engines has it as it is."""

from typing import Any

import pytest
from hypothesis import given

from fwf import (
    Workflow,
    bracket,
    branch,
    cached,
    it,
    join,
    keep_input,
    loop_until,
    on_failure,
    optional,
    paginate,
    poll,
    recover,
    recursive,
    seconds,
    state,
    switch,
    task,
    when,
)
from fwf.algebra.extension_layout import layout
from fwf.algebra.nodes import Extension
from fwf.algebra.parts import children
from fwf.algebra.traverse import walk
from fwf.derived import CLASSES
from fwf.derived.recursion import Again
from fwf.interpreters.engines import ENGINES, SUPPORT, table_text
from fwf.interpreters.engines.compositions import WORDS, row_of
from fwf.interpreters.engines.features import (
    OUTSIDE,
    contents_of,
    features_of,
    inherited,
)
from fwf.interpreters.engines.support import FEATURES, Feature
from fwf.testing.strategies import workflows
from tests.engines.page import PAGE, text


@task(effect="read")
def ask(n: Any) -> Any: ...


@task(effect="read")
def yes(n: Any) -> bool: ...


@task(effect="read")
def both(left: Any, right: Any) -> Any: ...


@task(effect="read")
def page(cursor: int | None) -> dict[str, Any]: ...


seen = state("seen", int, first=0)
SAMPLES: dict[str, Any] = {
    "when": when(it > 1, ask),
    "switch": switch(it, {1: ask}, otherwise=ask),
    "branch by a workflow": branch(yes, then=ask, otherwise=ask),
    "loop_until by a workflow": loop_until(ask, yes, limit=3),
    "keep_input": keep_input(ask),
    "join": join(both, left=ask, right=ask),
    "recover": recover(ask, 0),
    "optional": optional(ask),
    "on_failure": on_failure(ask, then=ask),
    "bracket": bracket(ask, ask, ask),
    "poll": poll(ask, it > 1, every=seconds(1), limit=3),
    "paginate": paginate(page, limit=3),
    "recursive": recursive(lambda again: branch(it > 1, then=ask, otherwise=again), limit=3),
    "moved_by": seen.moved_by(ask, to=it),
    "cached": cached(ask),
}
BY_OPTIONS: dict[str, set[Feature]] = {
    "paginate": {"fallback", "fallback(on=…)", "loop_until(within=…)"},
    "poll": {"loop_until(within=…)", "delay of a part of a second"},
    "loop_until by a workflow": {"loop_until(within=…)"},
    "recover": {"fallback(on=…)"},
    "optional": {"fallback(on=…)"},
    "cached": {"constant"},
}
"""What the options of a word add."""
BY_PLACE: set[Feature] = {"branch in an arm", "pool over several parts", "part for each item"}
"""What the parts of a word, and what is around it, add."""


def made_of(w: Any) -> set[Feature]:
    """What a word's meaning has besides its parts and words in it."""
    known, of = contents_of(w), layout(w)
    found = set[Feature]()
    todo = [(w.meaning, OUTSIDE)]
    while todo:
        node, around = todo.pop()
        if of is not None and of.is_part(node):
            continue
        found.update(features_of(node, around, known))
        todo.extend((part, inherited(node, around)) for part in children(node))
    return found - {"extension"}


@pytest.mark.parametrize("name", ENGINES)
def test_a_table_says_something_of_every_feature(name: str) -> None:
    table = ENGINES[name].table
    assert [*table] == [*FEATURES]
    for row in table.values():
        assert row.support in SUPPORT
        assert len(row.hint) > 5 and row.hint == row.hint.strip() and not row.hint.endswith(".")


def test_every_word_has_a_line() -> None:
    assert [*WORDS] == [*SAMPLES]
    assert {type(w) for w in SAMPLES.values()} == {*CLASSES} - {Again}
    for name, w in SAMPLES.items():
        assert name.partition(" ")[0] == w.word


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_made_of_what_its_line_says(word: str) -> None:
    assert made_of(SAMPLES[word]) == {*WORDS[word]}


@given(workflows(max_leaves=6))
def test_words_are_made_of_no_more_than_is_said(w: Workflow[Any, Any]) -> None:
    names = {type(sample): word for word, sample in SAMPLES.items()}
    for here in walk(w):
        if isinstance(here.node, Extension) and type(here.node) in names:
            word = names[type(here.node)]
            allowed = {*WORDS[word]} | BY_OPTIONS.get(word, set()) | BY_PLACE
            assert made_of(here.node) <= allowed


def test_a_word_is_as_good_as_the_least_that_it_is_made_of() -> None:
    table = ENGINES["step-functions"].table
    row = row_of("poll", table)
    assert row.support == "block" and row.hint == "by its meaning: expression"
    assert row_of("bracket", table).support == "lossy"
    assert row_of("bracket", ENGINES["dask"].table) == (
        "native", "by its meaning: identity, seq, par, always inside",
    )  # fmt: skip


def test_the_table_has_a_line_for_each_feature_and_word() -> None:
    legend, _, head, rule, *lines = table_text().splitlines()
    assert all(f"**{support}**" in legend for support in SUPPORT)
    assert head.count("|") == rule.count("|") == len(ENGINES) + 2
    assert len(lines) == len(FEATURES) + len(WORDS)
    assert all(line.replace("\\|", "").count("|") == len(ENGINES) + 2 for line in lines)


def test_the_page_has_the_table_as_it_is() -> None:
    """`python -m tests.engines.page` writes it anew."""
    assert PAGE.read_text("utf-8") == text()
