"""Secrets: what was revealed is seen nowhere, whatever a text has made of it."""

import base64
import gc
import html
import json
import re
import textwrap
import urllib.parse
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st
from returns.result import Failure

from fwf import (
    Scenario,
    Secret,
    const,
    fallback,
    hours,
    it,
    map_each,
    named,
    pure,
    retry,
    secrets as subject,
    task,
    timeout,
)
from fwf.cli import running
from fwf.cli.output import as_json, complain
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import Target
from fwf.faults import Failed
from fwf.interpreters.run import execute, run
from fwf.printing import one_line
from fwf.secrets import MOST, masked, remembered
from fwf.worlds.scenario import failing
from tests.interpreters.run.isolated import leaked, leaks_apart

MASK = "<Secret from environment variable TOKEN>"
NASTY = 'h"u\\n/t&er <2>\n|é\U0001f600 + 100%'


@pytest.fixture(autouse=True)
def nothing_revealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins and ends with nothing to hide."""
    monkeypatch.setattr(subject, "_revealed", {})


def reveal(value: str, where: str = "environment variable TOKEN") -> str:
    return Secret(lambda: value, where=where).reveal()


# One text

WHOLE: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "repr": repr,
    "ascii": ascii,
    "bytes": lambda text: repr(text.encode()),
    "JSON": json.dumps,
    "JSON with any character": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON in JSON": lambda text: json.dumps(json.dumps({"a": text})),
    "repr of JSON": lambda text: repr(json.dumps(text)),
    "URL": lambda text: urllib.parse.quote(text, safe=""),
    "URL's path": urllib.parse.quote,
    "URL, some characters kept": lambda text: urllib.parse.quote(text, safe="!$&'()*+,;=:@/?"),
    "URL's query": urllib.parse.quote_plus,
    "HTML": html.escape,
    "HTML's numbers": lambda text: text.encode("ascii", "xmlcharrefreplace").decode(),
    "Base64": lambda text: base64.b64encode(text.encode()).decode(),
    "Base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "Base64 of mail": lambda text: base64.encodebytes(text.encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "HEXADECIMAL": lambda text: text.encode().hex().upper(),
    "indented": lambda text: textwrap.indent(text, "    "),
    "in a traceback's margin": lambda text: textwrap.indent(text, "  | "),
    "broken into lines": lambda text: "\n   ".join(
        text[at : at + 5] for at in range(0, len(text), 5)
    ),
}
characters = st.characters(exclude_categories=["Cs"])
values = st.text(characters, min_size=4, max_size=60).filter(
    lambda text: len(re.sub(r"[\s|]", "", text)) >= 4
)
beside = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<>"), max_size=9)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values, beside, beside, st.sampled_from(sorted(WHOLE)))
@example(NASTY, "", "", "JSON in JSON")
@example("aaaa", "a", "aa", "as it is")
@example("00 00", "0000000", "", "broken into lines")
def test_no_form_of_a_secret_is_left(value: str, before: str, after: str, form: str) -> None:
    subject._revealed.clear()
    reveal(value)
    core = value.strip()
    told = masked(f"x {WHOLE[form](before + value + after)} y")
    assert MASK in told
    left = told.replace(MASK, "\0")
    assert core not in left
    assert WHOLE[form](core) not in left
    assert masked(told) == told


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(values, min_size=1, max_size=4), st.data())
def test_secrets_that_overlap_are_all_hidden(known: list[str], data: Any) -> None:
    subject._revealed.clear()
    cores = [reveal(value).strip() for value in known]
    parts = data.draw(st.lists(st.sampled_from([*cores, *(core[:3] for core in cores)])))
    left = masked("".join(parts)).replace(MASK, "\0")
    assert [core for core in cores if core in left] == []


def test_a_secret_inside_another_hides_no_less_of_it() -> None:
    reveal("abcdefgh", "outer")
    reveal("cdef", "inner")
    assert masked("-abcdefgh-") == "-<Secret from outer>-"


@given(st.text())
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert masked(text) == text


def test_what_stands_beside_a_secret_stays() -> None:
    reveal("hunter2")
    assert masked("a \\hunter2\\ b\n  c%41 &amp; d") == f"a \\{MASK}\\ b\n  c%41 &amp; d"
    assert masked("hunt\n  er2\n") == f"{MASK}\n"


def test_each_line_of_a_secret_is_one() -> None:
    key = "-----BEGIN KEY-----\nAAAABBBB\nCCCC/DDD\n-----END KEY-----\n"
    reveal(key, "key")
    mask = "<Secret from key>"
    assert masked("line 2 is CCCC/DDD") == f"line 2 is {mask}"
    for line in key.splitlines():
        assert line not in masked(one_line(f"the key {key} is bad"))


@pytest.mark.parametrize("value", ["", " ", "abc", " ab\n"])
def test_what_has_fewer_than_four_characters_is_not_hidden(value: str) -> None:
    reveal(value)
    assert (masked("abc ab "), remembered()) == ("abc ab ", [])


def test_the_values_that_are_remembered_are_the_last_ones() -> None:
    for n in range(3 * MOST):
        reveal("first value")
        reveal(f"token-{n:03}")
    assert len(remembered()) == MOST
    assert masked("first value") == MASK and masked(f"token-{3 * MOST - 1:03}") == MASK


def test_of_two_references_the_first_is_named() -> None:
    reveal("hunter2", "one")
    reveal("hunter2", "other")
    assert masked("hunter2") == "<Secret from one>"


def test_half_a_secret_at_a_cut_is_not_left() -> None:
    reveal("hunter2" * 9)
    assert "hunter" not in one_line("x" * 590 + "hunter2" * 9)


# All that fwf tells


@task(effect="read")
def leaks(x: Any, *, token: Secret) -> str:
    return leaked(x, token)


@task(effect="read")
async def leaks_async(x: Any, *, token: Secret) -> str:
    return leaked(x, token)


KINDS: dict[str, Any] = {
    "inline": leaks,
    "thread": timeout(leaks, hours(1)),
    "async": leaks_async,
    "isolated": leaks_apart,
}


def told(w: Any, value: Any, capsys: pytest.CaptureFixture[str]) -> str:
    """All that fwf tells of a run: as a library, on the command line, to machines."""
    resources = {"token": Secret.env("TOKEN")}
    ran = execute(w, value, resources=resources)
    parts = [repr(ran)]
    if isinstance(ran.result, Failure):
        fault: Any = ran.result.failure()
        parts += [str(fault), repr(fault), getattr(fault, "message", ""), *fault.tags]
        parts += [str(getattr(fault, "traceback", "")), repr(getattr(fault, "traceback", ""))]
    target = Target("t", w, resources, {})
    running.tell_result(ran.result, debug=True)
    parts.append(as_json(running.report(target, ran, datetime.now().astimezone())))
    return "\n".join([*parts, *capsys.readouterr()])


@pytest.mark.parametrize("secret", ["hunter2", NASTY])
@pytest.mark.parametrize("does", ["raises", "gives"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_task_that_leaks_a_secret_leaks_it_nowhere(
    kind: str,
    does: str,
    secret: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TOKEN", secret)
    text = told(KINDS[kind], does, capsys)
    for name, form in WHOLE.items():
        assert form(secret) not in text, name
    assert MASK in text


def test_progress_hides_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    w = named("n", fallback(retry(leaks, attempts=2), const("done")))
    running.run_target(
        Target("t", const("raises") >> w, {"token": Secret.env("TOKEN")}, {}), {}, {}, None
    )
    said = capsys.readouterr().err
    assert "hunter2" not in said and said.count(MASK) >= 2


@task(effect="read")
def shows(x: Any, *, token: Secret) -> Any:
    """Gives what the next steps put into a path, a tag, a key or a result."""
    text = token.reveal()
    return {"items": [{"id": text}, {"id": "b"}], "same": [{"id": text}, {"id": text}], text: text}


@task(effect="pure")
def refuses(x: Any) -> Any:
    return Failure(f"no {x['id']}")


@task(effect="pure")
def boom(x: Any) -> Any:
    raise ExceptionGroup(f"many {x}", [ValueError(x), KeyError(x)])


@pytest.mark.parametrize(
    "rest",
    [
        pure(it["items"]) >> map_each(refuses, key=it.id),
        pure(it["items"]) >> map_each(boom, key=it.id),
        pure(it["items"]) >> map_each(refuses, key=it.id, on_error="collect"),
        pure(it["same"]) >> map_each(refuses, key=it.id),
        pure(it["items"]),
        boom,
        pure(it),
    ],
)
def test_nor_does_it_show_in_paths_tags_keys_or_results(
    rest: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    text = told(shows >> rest, None, capsys)
    assert "hunter2" not in text and MASK in text


def test_a_dry_run_that_is_scripted_from_it_hides_it(dry_run: Any) -> None:
    text = reveal(NASTY)
    scenario = (
        Scenario()
        .task("shows", gives={"items": [{"id": text}], "n": text, text: 1})
        .task("boom", fails=[failing("ValueError", f"bad {text}")])
    )
    night = dry_run(shows >> pure(it["items"]) >> map_each(boom, key=it.id), scenario=scenario)
    said = "\n".join([str(night), night.json(), night.svg(), repr(night), repr(night.trace)])
    for name, form in WHOLE.items():
        assert form(text) not in said, name
    assert MASK in night.json() and MASK in str(night)


def test_misuse_and_complaints_hide_it(capsys: pytest.CaptureFixture[str]) -> None:
    reveal("hunter2")
    complain("no hunter2")
    assert Misuse("no hunter2").lines == (f"no {MASK}",)
    assert capsys.readouterr().err == f"no {MASK}\n"


def test_numbers_are_hidden_where_they_are_told() -> None:
    reveal("12345678")
    assert json.loads(as_json({"value": {"n": 12345678, "f": 12345678.5, "m": 1}})) == {
        "value": {"n": MASK, "f": f"{MASK}.5", "m": 1}
    }


def test_what_is_read_as_no_text_is_refused_by_where_it_is_from() -> None:
    number: Any = lambda: 12345678  # noqa: E731
    with pytest.raises(TypeError) as refused:
        Secret(number, where="the vault").reveal()
    assert str(refused.value) == "<Secret from the vault>: what it is read by gave a int, no str"


def test_what_reading_raises_stays_what_it_is_and_notes_where_it_is_from() -> None:
    def closed() -> str:
        raise ConnectionError("the safe is closed")

    with pytest.raises(ConnectionError, match="the safe is closed") as refused:
        Secret(closed, where="the safe").reveal()
    assert refused.value.__notes__ == ["<Secret from the safe> couldn't be read"]

    @task(effect="read")
    def opens(*, token: Secret) -> str:
        return token.reveal()

    fault = run(opens, resources={"token": Secret(closed, where="the safe")}).failure()
    assert isinstance(fault, Failed) and fault.traceback is not None
    assert "<Secret from the safe> couldn't be read" in str(fault.traceback)


def test_what_reads_one_is_a_function_and_not_the_value(recwarn: pytest.WarningsRecorder) -> None:
    value: Any = "hunter2"
    with pytest.raises(TypeError, match="read is a function that gives the value") as refused:
        Secret(value, where="the vault")
    assert "the vault" in str(refused.value) and "hunter2" not in str(refused.value)

    async def later() -> str:
        return "hunter2"

    reads: Any = later
    with pytest.raises(TypeError) as refused:
        Secret(reads, where="the vault").reveal()
    assert (
        str(refused.value)
        == "<Secret from the vault>: what it is read by is async def; make it def"
    )
    gc.collect()
    assert not [each for each in recwarn if "never awaited" in str(each.message)]


def test_the_value_itself_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    for w in KINDS.values():
        assert run(w, "gives", resources={"token": Secret.env("TOKEN")}).unwrap() == "token hunter2"
