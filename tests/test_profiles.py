"""Profiles: what a file may say, what of it becomes an argument, and what is told of the rest."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from returns.result import Success

from fwf import Secret, run, task
from fwf.profiles import Opening, ProfileError, load, resources
from fwf.profiles.openers import SHORT
from fwf.secrets import masked
from tests.cli_support import environment

CANARY = "canary-4711"
HERE = __name__
Write = Callable[[str], Path]


# Openers


def plain(**given: Any) -> AbstractContextManager[Mapping[str, Any]]:
    """Takes whatever it is given."""
    return nullcontext(given)


def typed(
    url: str,
    /,
) -> AbstractContextManager[str]:
    return nullcontext(url)


def settings_of(
    *,
    token: Secret | None = None,
    url: str = "",
    either: str | Secret = "",
    wait: timedelta = timedelta(0),
    folder: Path | None = None,
    file: Path | str | None = None,
    count: int = 0,
    share: float = 0.0,
    day: date | None = None,
    hosts: tuple[str, ...] = (),
    names: frozenset[str] = frozenset(),
    headers: Mapping[str, str] | None = None,
    kept: Mapping[str, Secret] | None = None,
    act: "set[bytes] | bytes" = b"",
) -> AbstractContextManager[dict[str, Any]]:
    return nullcontext({name: each for name, each in locals().items() if each})


def unresolved(count: "NoSuchType", day: int = 0) -> AbstractContextManager[Any]:  # type: ignore[name-defined]  # noqa: F821
    return nullcontext((count, day))


def odd() -> int:
    return 1


constant = 1


class Client:
    """Opened once per run; its class is its opener."""

    per_run = True

    def __init__(self, token: Secret) -> None:
        self.token = token

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None: ...


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes fwf.toml, and goes there; what is put on the path of modules is taken off."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", CANARY)
    monkeypatch.delenv("NONE", raising=False)
    monkeypatch.setenv("EMPTY", "")

    def write(content: str) -> Path:
        (tmp_path / "fwf.toml").write_text(content.replace("HERE", HERE), encoding="utf-8")
        return tmp_path

    return write


def opened(arguments: str, opener: str = f"{HERE}:settings_of") -> Any:
    """What the resource of a profile gives, by the arguments as TOML has them."""
    text = f'[profile.p.resources.r]\nopener = "{opener}"\n{arguments}\n'
    Path("fwf.toml").write_text(text, encoding="utf-8")
    found: Any = resources("p")["r"]
    with found() as value:
        return value


def problems(content: str, name: str = "p", **more: Any) -> list[str]:
    """What is wrong with a profile, without the file."""
    Path("fwf.toml").write_text(content.replace("HERE", HERE), encoding="utf-8")
    try:
        return [str(each) for each in load(name, **more).problems]
    except ProfileError as error:
        here = f"{Path.cwd() / 'fwf.toml'}: "
        return [line.removeprefix(here) for line in str(error).split("\n")]


def wrong(arguments: str, opener: str = f"{HERE}:settings_of") -> list[str]:
    """What is wrong with a resource, its place cut down to what is within it."""
    found = problems(f'[profile.p.resources.r]\nopener = "{opener}"\n{arguments}\n')
    return [each.removeprefix("profile.p.resources.r").removeprefix(".") for each in found]


# Arguments


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('url = "x"', {"url": "x"}),
        ("count = 3", {"count": 3}),
        ("share = 1", {"share": 1}),
        ("day = 2026-07-15", {"day": date(2026, 7, 15)}),
        ('wait = "1m 30s"', {"wait": timedelta(seconds=90)}),
        ("wait = 2.5", {"wait": timedelta(seconds=2.5)}),
        ('hosts = ["a", "b"]', {"hosts": ("a", "b")}),
        ('names = ["a", "b", "a"]', {"names": frozenset("ab")}),
        ('headers = { A = "ä" }', {"headers": {"A": "ä"}}),
        ('url = "🦊"', {"url": "🦊"}),
    ],
)
def test_values_become_what_the_opener_says_it_takes(
    write: Write, written: str, value: object
) -> None:
    assert opened(written) == value


def test_paths_go_from_the_folder_of_the_file(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        '[profile.p.resources]\n'
        'r = { opener = "HERE:settings_of", folder = "data", file = "../a", url = "data" }'
    )  # fmt: skip
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    opener: Any = resources("p")["r"]
    with opener() as value:
        assert value == {"folder": tmp_path / "data", "file": tmp_path / ".." / "a", "url": "data"}


def test_a_secret_is_handed_over_as_one_where_one_is_taken(write: Write) -> None:
    value = opened('token = { env = "TOKEN" }\neither = { env = "TOKEN" }')
    assert isinstance(value["token"], Secret) and isinstance(value["either"], Secret)
    assert value["token"].reveal() == CANARY
    kept = opened('kept = { a = { env = "TOKEN" } }')["kept"]["a"]
    assert isinstance(kept, Secret)


def test_a_secret_where_a_text_is_taken_is_read_when_the_resource_is_opened(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        "[profile.p.resources]\n"
        'r = { opener = "HERE:settings_of", url = { env = "TOKEN" }, hosts = [{ env = "TOKEN" }], '
        'headers = { A = { env = "TOKEN" } } }'
    )
    opener: Any = resources("p")["r"]
    assert masked(CANARY) == CANARY
    monkeypatch.setenv("TOKEN", "another-one")
    with opener() as value:
        assert value == {
            "url": "another-one", "hosts": ("another-one",), "headers": {"A": "another-one"}
        }  # fmt: skip
    assert masked("another-one") == "<Secret from environment variable TOKEN>"


def test_a_secret_where_nobody_says_what_is_taken_stays_one(write: Write) -> None:
    value = opened('token = { env = "TOKEN" }', f"{HERE}:plain")
    assert isinstance(value["token"], Secret)


@pytest.mark.parametrize(
    ("content", "value"),
    [("s", "s"), ("s\n", "s"), ("s\r\n", "s"), ("s\n\n", "s\n"), (" s ", " s "), ("ä", "ä")],
)
def test_the_secret_of_a_file_is_its_text_without_one_line_break(
    write: Write, tmp_path: Path, content: str, value: str
) -> None:
    (tmp_path / "secret").write_bytes(content.encode())
    found = opened('token = { file = "secret" }')["token"]
    assert found.reveal() == value
    assert repr(found) == f"<Secret from file {tmp_path / 'secret'}>"


def test_a_resource_may_be_a_secret_itself(write: Write) -> None:
    write('[profile.p.resources]\ntoken = { env = "TOKEN" }')

    @task(effect="read")
    def length(*, token: Secret) -> int:
        return len(token.reveal())

    assert run(length, resources=resources("p")) == Success(len(CANARY))


def test_an_opener_whose_annotations_cant_be_had_takes_what_is_written(write: Write) -> None:
    assert opened("count = 3\nday = 4", f"{HERE}:unresolved") == (3, 4)
    assert wrong("cuont = 3", f"{HERE}:unresolved") == [
        f": {HERE}:unresolved needs count = …; did you mean 'cuont'?",
        f"cuont: {HERE}:unresolved takes no such argument; did you mean 'count'?",
    ]


def test_modules_are_found_beside_the_file_and_hide_nothing(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    for name in ("beside_the_file", "colorsys"):
        content = "from contextlib import nullcontext\ndef it(): return nullcontext(__file__)"
        (tmp_path / f"{name}.py").write_text(content)
    write('[profile.p.resources]\nr = { opener = "beside_the_file:it" }')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    opener: Any = resources("p")["r"]
    with opener() as value:
        assert value == str(tmp_path / "beside_the_file.py")
    import colorsys

    assert hasattr(colorsys, "rgb_to_hsv")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f")))
def test_any_text_arrives_as_it_is_written(write: Write, value: str) -> None:
    import json

    if "://" not in value and "=" not in value:
        assert opened(f"url = {json.dumps(value, ensure_ascii=False)}") == (
            {"url": value} if value else {}
        )


# What goes where


def test_openers_go_to_other_processes_without_the_text_of_a_secret(write: Write) -> None:
    write(
        "[profile.p.resources]\n"
        'r = { opener = "HERE:settings_of", url = { env = "TOKEN" }, token = { env = "TOKEN" } }'
    )
    opener: Any = resources("p")["r"]
    with opener():
        pass
    packed = pickle.dumps(opener)
    assert CANARY.encode() not in packed
    again = pickle.loads(packed)
    assert isinstance(again, Opening) and again.function is settings_of
    with again() as value:
        assert value["url"] == CANARY
    assert CANARY not in repr(opener) + str(opener.arguments)


def test_a_class_is_an_opener_and_is_opened_once_per_run(write: Write) -> None:
    write('[profile.p.resources]\nr = { opener = "HERE:Client", token = { env = "TOKEN" } }')

    @task(effect="read")
    def one(*, r: Client) -> int:
        return id(r)

    @task(effect="read")
    def two(before: int, *, r: Client) -> bool:
        return before == id(r)

    assert run(one >> two, resources=resources("p", of=one >> two)) == Success(True)


def test_only_what_a_workflow_asks_for_is_looked_at(write: Write) -> None:
    write(
        "[profile.p.resources]\n"
        'r = { opener = "HERE:Client", token = { env = "TOKEN" } }\n'
        'other = { opener = "no_such_module:x", token = { env = "NONE" } }'
    )

    @task(effect="read")
    def one(*, r: Client) -> int:
        return 1

    assert [*resources("p", of=one)] == ["r"]
    with pytest.raises(ProfileError, match="no_such_module"):
        resources("p")
    assert "no_such_module" not in sys.modules


# The file


def test_it_is_found_in_the_nearest_folder_upwards(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('[profile.p.resources]\nr = { opener = "HERE:plain", at = "top" }')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert load("p").file == tmp_path / "fwf.toml"
    (below.parent / "fwf.toml").write_text("[profile.p]\n")
    assert load("p").file == below.parent / "fwf.toml"
    assert load("p", file=tmp_path / "fwf.toml").names == ("r",)
    assert load("p", file="../../fwf.toml").names == ("r",)


def test_no_file_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProfileError) as caught:
        load("p")
    said = f"there is no file of profiles in {tmp_path}, nor above it: make one, fwf.toml, beside"
    assert str(caught.value).startswith(said)
    with pytest.raises(ProfileError, match=r"x\.toml: it can't be read: No such file"):
        load("p", file="x.toml")
    with pytest.raises(ProfileError, match="it can't be read: Is a directory"):
        load("p", file=tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = ", "it is no TOML: Invalid value (at end of document)"),
        (b"[profile.p]\n[profile.p]\n", "it is no TOML: Cannot declare ('profile', 'p') twice"),
        (b"[profile.p.resources]\nr = {a = 1}\nr = {a = 2}", "it is no TOML: Cannot overwrite"),
        (b"[profile.p.resources]\nr = {a = 1, a = 2}", "it is no TOML: Duplicate inline table key"),
        (b"a = \x00", "it is no TOML: "),
        (b"a = '\xff'", "it is not UTF-8: see byte 5"),
        (b"a = " + b"9" * 5000, "it is no TOML: Exceeds the limit"),
        (b"a = " + b"[" * 100_000, "it nests too deep"),
    ],
)
def test_what_is_no_toml_is_told_with_the_place(write: Write, content: bytes, said: str) -> None:
    folder = write("")
    (folder / "fwf.toml").write_bytes(content)
    with pytest.raises(ProfileError) as caught:
        load("p")
    assert str(caught.value).startswith(f"{folder / 'fwf.toml'}: {said}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_marks_and_line_breaks_of_windows_are_fine(write: Write, mark: bytes, end: bytes) -> None:
    folder = write("")
    (folder / "fwf.toml").write_bytes(mark + b"[profile.p]" + end + b"resources = {}" + end)
    assert load("p").names == ()


FORM = [
    ("[profiles.p.resources]", ["profiles: no such key; did you mean 'profile'?"]),
    ("x = 1\n[profile.p]", ["x: no such key: there is [profile.NAME] alone"]),
    ("profile = 1", ["profile: is a table: write [profile.NAME.resources]"]),
    ("profile.p = 1", ["profile.p: is a table: write [profile.p.resources]"]),
    ("profile.p.resources = []", ["profile.p.resources: is a table: write [profile.p.resources]"]),
    ("[profile.p.resorces]", ["profile.p.resorces: no such key; did you mean 'resources'?"]),
    (
        "[profile.p.parameters]",
        ["profile.p.parameters: a profile has no parameters, which name the run: give them by "
         "--param"],
    ),
    ("[profile.p]\nextends = 1", ["profile.p.extends: is the name of one other profile, a text"]),
    (
        '[profile.p.resources]\n"my-db" = { env = "A" }',
        ["profile.p.resources.my-db: a resource has a name that Python can write, as tasks ask "
         "for it"],
    ),
    (
        "[profile.p.resources]\nr = 1",
        ['profile.p.resources.r: is a table: write { opener = "…", … }, or { env = "…" }'],
    ),
    ("", ["there is no profile 'p'; write [profile.p.resources]"]),
    ("[profile.b]", ["there is no profile 'p'; the profiles are b"]),
    ("[profile.p2]\n[profile.a]", ["there is no profile 'p'; did you mean 'p2'?; the profiles are "
                                   "a, p2"]),
    # What another profile has that isn't in form is told too: nothing of it can be meant.
    ("[profile.p]\n[profile.q.resorces]", ["profile.q.resorces: no such key; did you mean "
                                           "'resources'?"]),
    ('[profile.p]\nextends = "q"', ["profile.p.extends: there is no profile 'q'; the profiles are "
                                    "p"]),
    (
        '[profile.p]\nextends = "p"',
        ["profile.p.extends: goes round in a circle: p → p; take one out"],
    ),
    (
        '[profile.p]\nextends = "a"\n[profile.a]\nextends = "b"\n[profile.b]\nextends = "a"',
        ["profile.b.extends: goes round in a circle: a → b → a; take one out"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("content", "said"), FORM)
def test_what_is_not_in_form_is_told_with_place_and_remedy(
    write: Write, content: str, said: list[str]
) -> None:
    assert problems(content) == said


def test_a_profile_extends_another_resource_by_resource(write: Write) -> None:
    write(
        """
        [profile.base.resources]
        a = { opener = "HERE:plain", x = 1 }
        b = { opener = "HERE:plain", x = 1, y = 1 }
        [profile.middle]
        extends = "base"
        [profile.p]
        extends = "middle"
        [profile.p.resources]
        b = { opener = "HERE:plain", x = 2 }
        c = { opener = "HERE:plain" }
        """
    )
    found: Any = resources("p")
    assert {name: dict(each.arguments) for name, each in found.items()} == {
        "a": {"x": 1}, "b": {"x": 2}, "c": {}
    }  # fmt: skip
    assert problems(
        '[profile.base.resources]\na = { env = "NONE" }\n[profile.p]\nextends = "base"'
    ) == ["profile.base.resources.a: the environment variable NONE is not set"]


# Openers and arguments that are wrong

FORMS = "one of dynamodb, http, objects, postgres, redshift, or module:function"
REFERENCES = '{ env = "VARIABLE" }, { file = "path" } or { aws_secret = "name" }'


@pytest.mark.parametrize(
    ("opener", "said"),
    [
        ("postgress", f"'postgress' is no opener; did you mean 'postgres'?; write {FORMS}"),
        ("", f"'' is no opener; write {FORMS}"),
        ("a:", f"'a:' is no opener; write {FORMS}"),
        ("a.b", f"'a.b' is no opener; write {FORMS}"),
        ("../a:b", f"'../a:b' is no opener; write {FORMS}"),
        (f"{HERE}:settngs_of", f"{HERE} has no 'settngs_of'; did you mean 'settings_of'?"),
        (f"{HERE}:constant", f"{HERE}:constant is a int, but an opener is a function"),
    ],
)
def test_an_opener_that_is_none_is_told(write: Write, opener: str, said: str) -> None:
    assert wrong("", opener) == [f"opener: {said}"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("import no_such_thing", "broken imports 'no_such_thing'"),
        (f"raise ValueError({CANARY!r})", "broken can't be imported: ValueError: <Secret from"),
        ("raise SystemExit(3)", "broken can't be imported: SystemExit: 3"),
        ("def f(:", "broken can't be imported: SyntaxError: "),
        ("from os import nothing_there", "cannot import name 'nothing_there' from 'os'"),
    ],
)
def test_a_module_that_cant_be_imported_is_told_in_a_line(
    write: Write, tmp_path: Path, content: str, said: str
) -> None:
    write("")
    Secret.env("TOKEN").reveal()
    (tmp_path / "broken.py").write_text(content)
    (found,) = wrong("", "broken:it")
    assert found.startswith(f"opener: {said}") and CANARY not in found
    assert "broken" not in sys.modules


def test_a_module_that_is_not_there_is_told_with_where_it_is_looked_for(
    write: Write, tmp_path: Path
) -> None:
    assert wrong("", "no.such_module:it") == [
        f"opener: there is no module 'no': it is looked for in {tmp_path} and where Python is "
        "installed"
    ]


WITHOUT = """
import sys
from fwf.profiles import load
for library in ("boto3", "botocore", "httpx", "httpcore", "obstore"):
    sys.modules[library] = None
print(*load("p").problems, sep="\\n")
"""


def test_an_extra_that_is_not_installed_is_told_with_how_to_install_it(write: Write) -> None:
    folder = write(
        "[profile.p.resources]\n"
        'api = { opener = "http" }\nhouse = { opener = "redshift" }\n'
        'items = { opener = "dynamodb" }\ntoken = { aws_secret = "a" }'
    )
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=folder, env=environment(), capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    found = done.stdout.splitlines()
    for line, (place, extra) in zip(found, {
        "api.opener": "http", "house.opener": "redshift", "items.opener": "dynamodb",
        "token": "dynamodb",
    }.items(), strict=True):  # fmt: skip
        assert line.startswith(f"profile.p.resources.{place}: the module '")
        assert line.endswith(f"is not installed: pip install 'fwf[{extra}]'")


ARGUMENTS = [
    ('urll = "x"', [f"urll: {HERE}:settings_of takes no such argument; did you mean 'url'?"]),
    ("count = true", ["count: needs int, but is a bool"]),
    ('count = "canary"', ["count: needs int, but is a str"]),
    ("url = 1", ["url: needs str, but is an int"]),
    ('wait = "canary"', ['wait: needs a duration: write "30s", "1m 30s", or a number of seconds']),
    ("wait = -1", ['wait: needs a duration: write "30s", "1m 30s", or a number of seconds']),
    ("wait = nan", ['wait: needs a duration: write "30s", "1m 30s", or a number of seconds']),
    ('hosts = ["a", 1]', ["hosts[1]: needs str, but is an int"]),
    ('headers = { A = 1 }', ["headers['A']: needs str, but is an int"]),
    ('token = "canary"', [f"token: needs Secret | None, but is a str: write {REFERENCES}"]),
    ('act = "canary"', ["act: needs set[bytes] | bytes, but is a str; what TOML can't write, an "
                        "opener of your own can make: module:function"]),
    ('token = { env = "NONE" }', ["token: the environment variable NONE is not set"]),
    ('token = { env = "EMPTY" }', ["token: the environment variable EMPTY is empty"]),
    ('token = { env = "" }', ["token.env: needs a text that can be printed, and isn't empty"]),
    ('token = { env = "A\\u0000B" }', ["token.env: needs a text that can be printed, and isn't "
                                       "empty"]),
    ("token = { env = 3 }", ["token.env: needs a text that can be printed, and isn't empty"]),
    ('token = { env = "TOKEN", feld = "a" }', ["token.feld: no such key; beside env stands "
                                               "nothing"]),
    ('token = { aws_secret = "a", feld = "b" }', ["token.feld: no such key; did you mean "
                                                  "'field'?"]),
    ('token = { env = "TOKEN", file = "a" }', ["token: names env and file: a secret is kept in "
                                               "one place"]),
    ('token = { evn = "TOKEN" }', [f"token: needs Secret | None, but is a dict: write "
                                   f"{REFERENCES}"]),
    ('headers = { A = { env = "NONE" } }', ["headers.A: the environment variable NONE is not set"]),
    ('url = "postgres://me:canary@host/db"', [f"url: has a password in it: keep it elsewhere, and "
                                              f"write {REFERENCES}"]),
    ('url = "host=h password=canary"', [f"url: has a password in it: keep it elsewhere, and write "
                                        f"{REFERENCES}"]),
    ('hosts = ["http://a:canary@b"]', [f"hosts[0]: has a password in it: keep it elsewhere, and "
                                       f"write {REFERENCES}"]),
]  # fmt: skip


@pytest.mark.parametrize(("written", "said"), ARGUMENTS)
def test_an_argument_that_is_wrong_is_told_by_place_rule_and_remedy(
    write: Write, written: str, said: list[str]
) -> None:
    assert wrong(written) == said
    assert "canary" not in "".join(said)


def test_all_problems_are_told_at_once(write: Write) -> None:
    found = wrong('count = "x"\nurll = "y"\ntoken = { env = "NONE" }\n')
    assert [each.partition(":")[0] for each in found] == ["count", "urll", "token"]


def test_openers_that_take_too_little_or_not_by_name_are_told(write: Write) -> None:
    assert wrong("", f"{HERE}:typed") == [
        f": {HERE}:typed takes 'url' by position alone, but a profile gives names"
    ]
    assert wrong("x = 1", f"{HERE}:odd") == [
        f"x: {HERE}:odd takes no such argument; it takes nothing"
    ]
    assert wrong("", f"{HERE}:Client") == [f": {HERE}:Client needs token = …"]


def test_a_resource_without_an_opener_is_told(write: Write) -> None:
    place = "profile.p.resources.r"
    said = f"needs opener = {FORMS}, as a text"
    secret = f"; or, for a secret, {REFERENCES}"
    assert problems('[profile.p.resources]\nr = { openr = "http" }') == [
        f"{place}: {said}; did you mean 'openr'?{secret}"
    ]
    assert problems("[profile.p.resources]\nr = { opener = 1 }") == [
        f"{place}.opener: {said}{secret}"
    ]


def test_files_of_secrets_are_looked_at(write: Write, tmp_path: Path) -> None:
    write("")
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    for name, said in [
        ("none", f"there is no file {tmp_path}/none"),
        ("empty", f"the file {tmp_path}/empty is empty"),
        ("folder", f"{tmp_path}/folder is a folder, not a file"),
    ]:
        assert wrong(f'token = {{ file = "{name}" }}') == [f"token: {said}"]


def test_a_file_that_is_taken_away_says_so_when_it_is_read(write: Write, tmp_path: Path) -> None:
    write("")
    (tmp_path / "secret").write_text("x")
    found = opened('token = { file = "secret" }')["token"]
    (tmp_path / "secret").unlink()
    with pytest.raises(LookupError, match=r"secret can't be read: No such file"):
        found.reveal()
    (tmp_path / "secret").write_bytes(b"\xff" + CANARY.encode())
    with pytest.raises(LookupError) as caught:
        found.reveal()
    assert str(caught.value) == f"the file {tmp_path}/secret is not UTF-8"
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


# Anything at all

KEYS = st.sampled_from(
    ["opener", "env", "file", "aws_secret", "field", "url", "token", "either", "wait", "folder",
     "count", "hosts", "names", "headers", "kept", "act", "auth", "base_url", "bearer", "header",
     "extends", "resources", "r", "a b", "ä", ""]
)  # fmt: skip
SCALARS = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.dates(),
    st.sampled_from(["canary", "canary://a:b@c", "canary 5s", "\0canary", "canary\n"]),
)  # fmt: skip
OPENERS = st.sampled_from(["settings_of", "plain", "typed", "odd", "Client", "unresolved"])


def toml(value: Any) -> str:
    """A value as TOML."""
    import json

    if isinstance(value, dict):
        pairs = (
            f"{json.dumps(key, ensure_ascii=False)} = {toml(each)}" for key, each in value.items()
        )
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


VALUES = st.recursive(
    SCALARS,
    lambda more: st.one_of(
        st.lists(more, max_size=3), st.dictionaries(KEYS, more, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(OPENERS, st.dictionaries(KEYS, VALUES, max_size=4), VALUES, st.booleans())
def test_whatever_a_file_says_ends_in_problems_that_tell_none_of_its_texts(
    write: Write, opener: str, arguments: dict[str, Any], other: Any, named: bool
) -> None:
    given = {**arguments, "opener": f"{HERE}:{opener}"} if named else arguments
    document = {"profile": {"p": {"resources": {"r": given, "other": other}}}}
    text = f"profile = {toml(document['profile'])}\n"
    told = "\n".join(problems(text))
    assert "it is no TOML" not in told
    for name in ("env", "file", "aws_secret", "opener"):  # which are names, and told
        if f'"{name}" = ' in text:
            return
    assert "canary" not in told


# fwf's own


WHOLE = {
    "postgres": 'url = { env = "SHOP_URL" }\nwithin = "5m"',
    "objects": 'url = "s3://shop/logs"\nregion = "eu-central-1"\naccess_key = { env = "TOKEN" }\n'
    'secret_key = { env = "TOKEN" }',
    "http": 'base_url = "https://api.example"\nauth = { bearer = { env = "TOKEN" } }',
    "dynamodb": 'region = "eu-central-1"\nwithin = 5',
    "redshift": 'database = "shop"\nworkgroup = "shop"\nstaging = "s3://shop/loads"',
}


def test_every_short_name_has_an_example_here() -> None:
    assert WHOLE.keys() == SHORT.keys()


@pytest.mark.parametrize("name", WHOLE)
def test_fwfs_own_openers_are_profiles_of_a_line_or_two_and_opened_once_per_run(
    write: Write, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("SHOP_URL", f"postgresql://shop:{CANARY}@db.example/shop")
    write("")
    assert wrong(WHOLE[name], name) == []
    opener: Any = resources("p")["r"]
    assert opener().per_run is True
    assert CANARY.encode() not in pickle.dumps(opener) and CANARY not in repr(opener)
    assert pickle.loads(pickle.dumps(opener)).function is opener.function
    assert wrong(f"{WHOLE[name]}\nnothing = 1", name)[0].startswith("nothing: ")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{ bearer = { env = "TOKEN" } }', []),
        ('{ header = { name = "X-Key", secret = { env = "TOKEN" } } }', []),
        (
            '{ client_credentials = { token_url = "https://a.example/t", client_id = "me", '
            'client_secret = { env = "TOKEN" }, scope = "read" } }',
            [],
        ),
        ('{ bearer = { env = "NONE" } }',
         ["auth.bearer: the environment variable NONE is not set"]),
        ('{ bearer = "canary" }',
         [f"auth.bearer: needs Secret, but is a str: write {REFERENCES}"]),
        ('{ bearrer = { env = "TOKEN" } }',
         ["auth: needs one of { bearer = … }, { header = … }, { client_credentials = … }; did you "
          "mean 'bearer'?"]),
        ('"canary"',
         ["auth: needs one of { bearer = … }, { header = … }, { client_credentials = … }"]),
        ('{ header = { env = "TOKEN" } }',
         ["auth.header: is a table: write { name = …, secret = … }"]),
        ('{ header = { name = "X", secrt = { env = "TOKEN" } } }',
         ["auth.header: header needs secret = …; did you mean 'secrt'?",
          "auth.header.secrt: header takes no such argument; did you mean 'secret'?"]),
    ],
)  # fmt: skip
def test_http_is_told_who_asks(write: Write, written: str, said: list[str]) -> None:
    write("")
    assert wrong(f'base_url = "https://api.example"\nauth = {written}', "http") == said


def test_the_values_of_fwfs_own_are_looked_at_by_themselves(write: Write) -> None:
    write("")
    assert wrong('base_url = "ftp://a"', "http")[0].startswith(": http.client(base_url=…)")
    assert wrong('database = "d"\nstaging = "s3://b/k"', "redshift") == [
        ": redshift.warehouse: needs workgroup= (serverless) or cluster=, one of them"
    ]


def test_a_secret_at_aws_is_asked_for_only_when_that_is_wanted(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fwf.connectors.shared import aws

    write("")
    monkeypatch.setattr(
        aws,
        "_read_secret",
        lambda name, field, settings: f"{name}/{field}" if name != "gone" else 1 / 0,
    )
    text = '[profile.p.resources.r]\nopener = "{}:plain"\na = {{ aws_secret = "{}", field = "f" }}'
    assert problems(text.format(HERE, "gone")) == []
    (found,) = load("p").problems_elsewhere()
    assert str(found) == "profile.p.resources.r.a: division by zero"
    assert problems(text.format(HERE, "there")) == []
    assert load("p").problems_elsewhere() == ()
    opener: Any = resources("p")["r"]
    with opener() as value:
        assert value["a"].reveal() == "there/f"


def test_nothing_of_the_environment_is_read_by_looking(write: Write) -> None:
    write('[profile.p.resources]\nr = { opener = "HERE:settings_of", url = { env = "TOKEN" } }')
    resources("p")
    assert masked(os.environ["TOKEN"]) == CANARY
