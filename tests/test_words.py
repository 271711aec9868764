"""Words that stand for compositions keep their own name in all that people see."""

import pickle
from dataclasses import dataclass
from typing import Any

import pytest

from fwf import (
    Extension,
    MemoryMark,
    Workflow,
    as_result,
    bracket,
    branch,
    cached,
    check,
    diff,
    dry_run,
    fallback,
    identity,
    it,
    join,
    keep_input,
    load,
    loop_until,
    map_each,
    named,
    on_failure,
    optional,
    paginate,
    par,
    pick,
    plan,
    poll,
    pretty,
    pure,
    recover,
    recursive,
    registry,
    retry,
    run,
    seconds,
    state,
    switch,
    task,
    timeout,
    when,
)
from fwf.algebra.extensions import Arm
from fwf.algebra.traverse import desugared, walk
from fwf.analysis.identity import normal_id
from fwf.derived import CLASSES
from fwf.interpreters.diagram import dot, html, mermaid, svg
from fwf.interpreters.run import Ran, VirtualClock, execute
from fwf.worlds.trace import events


@task(effect="read")
def ask(n: object) -> int:
    return 1


@task(effect="read")
def work(n: object) -> object:
    return n


@task(effect="read")
def decide(n: object) -> bool:
    return True


@task(effect="read")
def refuse(n: object) -> bool:
    return False


seen = state("seen", int, first=0)
RESOURCES: Any = {"seen": MemoryMark[int]()}


@task(effect="read")
def fails(n: object) -> object:
    raise ConnectionError("down")


@task(effect="read")
def page(cursor: int | None) -> dict[str, Any]:
    return {"items": [cursor], "next": 1 if cursor is None else None}


@task(effect="pure")
def mixed(n: object) -> object:
    return n


@task(effect="pure")
def mix(left: int, right: int) -> int:
    return left + right


def paths_of(ran: Ran) -> list[str]:
    return [event.path for event in events(ran.trace)]


def tail(again: Any) -> Any:
    return branch(it > 3, then=work, otherwise=pure(it + 2) >> work >> again)


WORDS: list[tuple[Any, Any, list[str]]] = [
    (when(it > 0, work), 1, ["when > work"]),
    (when(decide, work), 1, ["when > decide", "when > work"]),
    (switch(it, {1: work, 2: ask}, otherwise=work), 1, ["switch[1] > work"]),
    (switch(it, {2: work}, otherwise=work), 1, ["switch[otherwise] > work"]),
    (switch(ask, {1: work}, otherwise=work), 7, ["switch > ask", "switch[1] > work"]),
    (keep_input(work), 1, ["work"]),
    (keep_input(work >> ask), 1, ["work", "ask"]),
    (join(mix, left=ask, right=ask), 1, ["join > ask", "join > ask#2", "join > mix"]),
    (recover(work, 0), 1, ["work"]),
    (optional(work) >> work, 1, ["work", "work#2"]),
    (bracket(work, work, work), 1,
     ["bracket > work", "bracket > work#2", "bracket[release] > work"]),
    (seen.moved_by(work, to=it), 1, ["work", "move_seen"]),
    (on_failure(work, then=ask), 1, ["work"]),
    (optional(on_failure(work >> fails, then=ask)), 1, ["work", "fails", "on_failure > ask"]),
    (poll(ask, it == 1, every=seconds(1), limit=3), 1, ["poll[1] > ask"]),
    (poll(ask, decide, every=seconds(1), limit=3), 1, ["poll[1] > ask", "poll[1] > decide"]),
    (paginate(page, limit=9), None, ["paginate[1] > page", "paginate[2] > page"]),
    (paginate(retry(page, attempts=2), limit=9, on_error="stop"), None,
     ["paginate[1] > page", "paginate[2] > page"]),
    (named("rates", paginate(page, limit=9)), None, ["rates[1] > page", "rates[2] > page"]),
    (paginate(page, limit=9) >> work, None, ["paginate[1] > page", "paginate[2] > page", "work"]),
    (recursive(tail, limit=9), 1,
     ["recursive[1] > otherwise > work", "recursive[2] > otherwise > work",
      "recursive[3] > then > work"]),
    (branch(decide, then=work, otherwise=ask), 1, ["decide", "then > work"]),
    (loop_until(work, decide, limit=3), 1, ["loop_until[1] > work", "loop_until[1] > decide"]),
    (cached(work >> ask), 1, ["cached > look_up", "work", "ask", "cached > remember"]),
    (poll(work >> ask, it == 1, every=seconds(1), limit=3), 1, ["poll[1] > work", "poll[1] > ask"]),
]  # fmt: skip
"""A workflow of each word, an input, and the places of what is then run."""


def test_there_is_a_row_for_every_word() -> None:
    there = {type(here.node) for w, _, _ in WORDS for here in walk(w)}
    assert set(CLASSES) - there == {cls for cls in CLASSES if cls.word == "again"}


@pytest.mark.parametrize(("w", "value", "paths"), WORDS, ids=repr)
def test_paths_speak_the_word(w: Any, value: Any, paths: list[str]) -> None:
    more: Any = {"clock": VirtualClock(), "resources": RESOURCES}
    ran = execute(w, value, **more)
    there = paths_of(ran)
    assert sorted(there) == sorted(paths)
    within = named("night", identity >> w >> identity)
    there = paths_of(execute(within, value, **more))
    assert sorted(there) == sorted(f"night > {path}" for path in paths)


@pytest.mark.parametrize(("w", "value", "paths"), WORDS, ids=repr)
def test_texts_and_pictures_speak_the_word_and_have_no_plumbing(
    w: Any, value: Any, paths: list[str]
) -> None:
    for text in (repr(w), pretty(w), mermaid(w), dot(w), svg(w), html(w)):
        for plumbing in ("pick(", "it[0]", "it[1]", "as_pages", "identity", "par"):
            assert plumbing not in text.partition("<style>")[0].partition("<script")[0]
    assert eval(repr(w), {**globals(), "tail": tail}) == w
    assert "Op(" not in repr(w)


@pytest.mark.parametrize(("w", "value", "paths"), WORDS, ids=repr)
def test_a_word_means_what_it_stands_for(w: Any, value: Any, paths: list[str]) -> None:
    plain = desugared(w)
    assert normal_id(plain) == normal_id(w) and plain != w
    assert not any(isinstance(here.node, Extension) for here in walk(plain))
    more: Any = {"clock": VirtualClock(), "resources": RESOURCES}
    assert run(plain, value, **more) == run(w, value, **more)


@pytest.mark.parametrize(("w", "value", "paths"), WORDS, ids=repr)
def test_a_word_comes_back_from_plans_and_pickles_as_itself(
    w: Any, value: Any, paths: list[str]
) -> None:
    for again in (load(plan(w)).unwrap(), load(plan(w), registry(w)).unwrap()):
        assert again == w and pretty(again) == pretty(w) and plan(again) == plan(w)
        assert [type(here.node) for here in walk(again)] == [type(here.node) for here in walk(w)]
    assert pickle.loads(pickle.dumps(w)) == w
    assert not [issue for issue in check(w) if issue.severity == "error"]


def test_a_plan_whose_word_means_something_else_is_refused() -> None:
    text = plan(paginate(page, limit=9))
    wrong = load(text.replace('"limit":{"value":9}', '"limit":{"value":8}'))
    assert text.count('"limit":{"value":9}') == 1
    assert "has come to mean something else" in str(wrong.failure())
    broken = load(text.replace('"limit":{"value":9}', '"limit":{"value":"x"}'))
    assert "TypeError" in str(broken.failure())


@pytest.mark.parametrize(
    ("w", "said"),
    [
        (poll(refuse, it == True, every=seconds(1), limit=3),
         "poll refuse: not true after 3 rounds"),
        (poll(refuse, it == True, every=seconds(1), limit=30, within=seconds(2)),
         "poll refuse: not true within 2 s (4 rounds)"),
        (poll(named("file", refuse), decide >> pure(it != True), every=seconds(1), limit=2),
         "poll file: not true after 2 rounds"),
        (named("files", poll(retry(refuse, attempts=2), it == True, every=seconds(1), limit=1)),
         "files refuse: not true after 1 round"),
        (paginate(page, limit=1), "paginate page: not the last page after 1 round"),
        (loop_until(work, refuse, limit=2), "loop_until refuse: not true after 2 rounds"),
        (recursive(lambda again: work >> again, limit=2), "recursive: not done after 2 rounds"),
        (loop_until(work, it == 0, limit=2), "loop_until: Exhausted: not done after 2 rounds"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_bound_used_up_is_said_in_the_words_of_the_word(w: Any, said: str) -> None:
    value = None if "page" in repr(w) else 1
    fault = run(w, value, clock=VirtualClock()).failure()
    assert str(fault) == said and fault.tags == ("Exhausted",)
    assert run(w, value, clock=VirtualClock()).failure() == fault


CHANGES: list[tuple[Any, Any, str]] = [
    (paginate(page, limit=9), paginate(page, limit=8),
     "paginate: limit 9 → 8"),
    (recover(work, 0), recover(work, 1), "recover: value 0 → 1"),
    (switch(it, {1: work}, otherwise=ask), switch(it, {1: work, 2: work}, otherwise=ask), "cases"),
    (poll(ask, it > 1, every=seconds(1), limit=3), poll(ask, it > 2, every=seconds(1), limit=3),
     "poll: done it > 1 → it > 2"),
    (when(it > 1, work), when(it > 1, work >> ask), "ask"),
    (join(mix, left=ask, right=ask), join(mix, left=ask, right=work >> pure(len)), "work"),
    (optional(work), work, "optional"),
    (work, keep_input(work), "keep_input"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), CHANGES, ids=repr)
def test_differences_speak_the_word(old: Any, new: Any, said: str) -> None:
    text = str(diff(old, new))
    assert said in text and "pick(" not in text and "it[" not in text
    assert diff(old, new).changes


# Extensions of other people


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Careful(Extension[Any, Any]):
    """Twice, and checked in between; the body in a loop, in wrappers, and side by side."""

    body: Any
    checks: Any
    word = "careful"

    def desugar(self) -> Workflow[Any, Any]:
        wrapped = timeout(retry(self.body, attempts=2), seconds(9))
        looped = loop_until(self.body, it.present(), limit=2)
        return wrapped >> self.checks >> par(self.body, looped) >> pick(1)

    def arms(self) -> tuple[Arm, ...]:
        return (Arm(self.body), Arm(self.checks, "checked by", tag="check"))


def test_parts_of_somebodys_extension_are_told_apart_however_often_they_occur() -> None:
    w = Careful(work, ask)
    there = paths_of(execute(w >> work, 1))
    assert sorted(there) == [
        "careful > work", "careful > work#2", "careful[1] > work#3", "careful[check] > ask", "work",
    ]  # fmt: skip
    assert "checked by: ask" in pretty(w) and repr(w) == "Careful(body=work, checks=ask)"
    assert len({event.path for event in dry_run(map_each(w), [1, 2]).events}) == 8


@pytest.mark.parametrize(
    ("w", "arrows"),
    [
        (on_failure(work, then=ask) >> mixed, ['-.->|"on failure"|', "--> "]),
        (switch(it, {1: work}, otherwise=ask), ['-->|"1"|', '-->|"otherwise"|']),
        (branch(decide, then=work, otherwise=ask), ['-->|"then"|', '-->|"otherwise"|']),
        (join(mix, left=ask, right=ask), ['-->|"left"|', '-->|"right"|']),
    ],
    ids=repr,
)
def test_pictures_say_how_the_parts_of_a_word_hang_together(w: Any, arrows: list[str]) -> None:
    lines = [
        line.strip() for line in mermaid(w).splitlines() if ">" in line and "<br/>" not in line
    ]
    assert len(lines) == len(arrows)
    assert all(arrow in line for arrow, line in zip(arrows, lines, strict=True)), lines
    assert svg(w) and dot(w)


def test_somebodys_word_comes_back_from_a_plan_alone() -> None:
    w = named("daily", Careful(work, retry(ask, attempts=2)) >> work)
    again = load(plan(w)).unwrap()
    assert again == w and plan(again) == plan(w) == plan(load(plan(w), registry(w)).unwrap())
    assert pretty(again) == pretty(w) and mermaid(again) == mermaid(w)
    there = [[event.path for event in dry_run(each, 1).events] for each in (again, w)]
    assert there[0] == there[1] and "daily > careful > work" in there[0]
    assert not diff(again, w).changes
    more = named("daily", Careful(work, retry(ask, attempts=3)) >> work)
    (change,) = diff(again, more).changes
    assert "retry(attempts=2) → retry(attempts=3)" in str(change)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"word":"careful"', '"word":"a > b"', "/word"),
        ('"word":"careful"', '"word":3', "/word"),
        ('"tag":"check"', '"tag":3', "/arms/1/tag"),
        ('"label":"checked by"', '"other":""', "/arms/1"),
        ('"segment":null', '"segment":"x[1]"', "/arms/0/segment"),
        ('"arms":[', '"arms":[3,', "/arms/0"),
        ('"arms":[{"part":0', '"arms":[{"part":99', "/arms/0/part"),
    ],
)
def test_a_plan_that_says_a_word_wrongly_is_refused(old: str, new: str, said: str) -> None:
    text = plan(Careful(work, ask))
    assert old in text, text
    assert said in str(load(text.replace(old, new, 1)).failure())


def test_an_extension_without_a_word_goes_by_its_meaning() -> None:
    @dataclass(frozen=True, slots=True, eq=False, repr=False)
    class Silent(Extension[Any, Any]):
        body: Any

        def desugar(self) -> Workflow[Any, Any]:
            return par(self.body, identity)

    assert paths_of(execute(Silent(work), 1)) == ["par > work"]


def test_recursions_can_not_start_one_another_again() -> None:
    with pytest.raises(TypeError, match="another `recursive`"):
        recursive(lambda outer: recursive(lambda inner: work >> outer, limit=2), limit=2)
    nested = recursive(lambda again: recursive(tail, limit=3) >> again, limit=2)
    assert "recursive[1] > recursive[2] > otherwise > work" in paths_of(execute(nested, 1))


def test_a_wide_and_a_deep_word() -> None:
    wide = switch(it, dict.fromkeys(range(1000), work), otherwise=ask)
    assert paths_of(execute(wide, 777)) == ["switch[777] > work"]
    deep: Any = work
    for _ in range(2_000):
        deep = optional(recover(deep, 0))
    assert paths_of(execute(deep >> work, 1)) == ["work", "work#2"]
    assert isinstance(fallback(deep, deep), Workflow) and pretty(deep)


def test_a_recursion_may_start_again_in_the_arms_of_words() -> None:
    rows: list[Any] = [
        lambda again: branch(past_three, then=identity, otherwise=grow >> again),
        lambda again: switch(it, {4: identity}, otherwise=grow >> again),
        lambda again: when(it < 4, grow >> again),
        lambda again: grow >> when(not_yet, again),
    ]
    for build in rows:
        w = recursive(build, limit=9)
        assert run(w, 1).unwrap() == 4 and eval(repr(w), {**globals()}) == w


@task(effect="read")
def grow(n: int) -> int:
    return n + 1


@task(effect="read")
def past_three(n: int) -> bool:
    return n > 3


@task(effect="read")
def not_yet(n: int) -> bool:
    return n < 4


def test_what_a_word_catches_by_itself_is_no_news() -> None:
    told: list[tuple[str, str]] = []
    w = on_failure(work >> fails, then=pure(it[0]))
    assert run(w, 1, observe=lambda note: told.append((note.kind, note.path))).failure()
    assert "caught" not in {kind for kind, _ in told}
    told.clear()
    assert run(as_result(w), 1, observe=lambda note: told.append((note.kind, note.path)))
    assert [kind for kind, _ in told].count("caught") == 1


def test_a_join_is_no_join_by_position() -> None:
    assert not check(join(mix, left=ask, right=ask))
    assert [issue.rule for issue in check(par(ask, ask) >> mix)] == ["positional-join"]


@task(effect="read", config={})
def gives_a_text(n: object) -> str:
    return "x"


@task(effect="read", config={})
def untyped(n):  # type: ignore[no-untyped-def]
    return {"n": 1}


@task(effect="read", config={})
def takes_a_number(n: int) -> int:
    return n


@pytest.mark.parametrize(
    ("w", "value", "said"),
    [
        (poll(untyped, it.foo > 2, every=seconds(1), limit=2), 1, "it is a dict: it has no field"),
        (poll(ask, untyped, every=seconds(1), limit=2), 1, "it is a dict, not True or False"),
        (branch(untyped, then=work, otherwise=ask), 1, "it is a dict, not True or False"),
        (when(untyped, work), 1, "it is a dict, not True or False"),
        (loop_until(work, untyped, limit=2), 1, "it is a dict, not True or False"),
        (switch(untyped, {1: work}, otherwise=ask), 1, "it == 1: "),
        (paginate(untyped, limit=2), None, "page is a dict: it has no field 'items'"),
    ],
    ids=repr,
)
def test_a_defect_within_a_word_speaks_of_what_its_author_wrote(
    w: Any, value: Any, said: str
) -> None:
    text = str(run(w, value, clock=VirtualClock()).failure())
    assert "it[" not in text and said in text


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: branch(gives_a_text, then=work, otherwise=ask), "must give True or False"),
        (lambda: when(gives_a_text, work), "must give True or False"),
        (lambda: loop_until(work, gives_a_text, limit=2), "must give True or False"),
        (lambda: poll(ask, gives_a_text, every=seconds(1), limit=1), "must give True or False"),
        (lambda: gives_a_text >> poll(takes_a_number, it > 1, every=seconds(1), limit=1),
         "but poll(takes_a_number, it > 1, every=seconds(1), limit=1) takes int"),
        (lambda: poll(gives_a_text, takes_a_number >> decide, every=seconds(1), limit=1),
         "what decides takes int, but is given str"),
        (lambda: keep_input(takes_a_number) >> takes_a_number,
         "keep_input(takes_a_number) gives tuple[int, int]"),
        (lambda: optional(gives_a_text) >> takes_a_number,
         "optional(gives_a_text) gives str | None"),
    ],
)  # fmt: skip
def test_a_wrong_edge_at_a_word_is_told_by_its_name(build: Any, said: str) -> None:
    with pytest.raises(TypeError) as told:
        build()
    assert said in str(told.value)
