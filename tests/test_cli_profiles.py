"""`--profile`: where resources come from, what is told before anything runs, what nobody sees."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fwf.cli import fwf
from tests.cli_support import command, environment, fwf as apart

CANARY = "canary/4711+ü"
SOURCE = """
import os
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

from fwf import Resource, Secret, named, par, task


class Client:
    per_run = True

    def __init__(self, folder: Path, token: Secret, limit: int = 1) -> None:
        self.folder, self.token, self.limit = folder, token, limit

    def __enter__(self) -> "Client":
        self.said = self.token.reveal()
        if self.folder.name == "refused":
            raise ConnectionError(f"no entry for {self.said}")
        self.tell("open")
        return self

    def __exit__(self, *_: object) -> None:
        self.tell("close")

    def tell(self, word: str) -> None:
        with open("told", "a") as file:
            file.write(f"{word} {os.getpid()}\\n")


def client(folder: Path, token: Secret, *, limit: int = 1) -> Client:
    return Client(folder, token, limit)


def text(token: str) -> "nullcontext[str]":
    return nullcontext(token)


def beside() -> Client:
    raise AssertionError("not asked for")


@task(effect="read")
def one(*, shop: Client) -> str:
    shop.tell("use")
    return f"{shop.folder.name} {shop.said}"


@task(effect="read", isolate=True)
def away(before: str, *, shop: Client) -> str:
    shop.tell("away")
    line = Path("/proc/self/cmdline").read_bytes()
    return f"{before} {shop.said in os.fsdecode(line)} {shop.said}"


@task(effect="read")
def fails(*, shop: Client) -> None:
    raise ValueError(f"not with {shop.said}")


@task(effect="read")
def sleeps(*, shop: Client) -> None:
    shop.tell("sleep")
    time.sleep(60)


@task(effect="read")
def reads(*, token: Secret) -> str:
    return token.reveal()


@task(effect="read")
def either(*, shop: Client, thing) -> str:
    return "fine"


@task(effect="read")
def unknown(*, thing: Annotated[str, Resource]) -> str:
    return thing

resources = {"shop": beside}
workflow = named("daily", one)
isolated = named("isolated", one >> away)
failing = named("failing", fails)
sleeping = named("sleeping", sleeps)
secret = named("secret", reads)
undecided = named("undecided", either)
worded = named("worded", unknown)
"""
PROFILES = """
[profile.base.resources]
shop = { opener = "profile_flow:client", folder = "data", token = { env = "SHOP_TOKEN" } }
token = { env = "SHOP_TOKEN" }
thing = { opener = "profile_flow:text", token = { env = "SHOP_TOKEN" } }
other = { opener = "no_such_module:x" }

[profile.prod]
extends = "base"

[profile.refused.resources]
shop = { opener = "profile_flow:client", folder = "refused", token = { env = "SHOP_TOKEN" } }

[profile.bad.resources]
shop = { opener = "profile_flow:client", foldr = "data", token = "canary/4711+ü", limit = "x" }

[profile.none.resources]
shp = { opener = "profile_flow:client", folder = "data", token = { env = "SHOP_TOKEN" } }

[profile.empty.resources]

[profile.crossed.resources]
shop = { env = "SHOP_TOKEN" }
token = { opener = "profile_flow:text", token = { env = "SHOP_TOKEN" } }

[profile.unset.resources]
shop = { opener = "profile_flow:client", folder = "data", token = { env = "NO_TOKEN" } }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "profile_flow.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "fwf.toml").write_text(PROFILES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("SHOP_TOKEN", CANARY)
    monkeypatch.delenv("FWF_PROFILE", raising=False)
    yield tmp_path
    sys.modules.pop("profile_flow", None)


def done(*words: str) -> Result:
    return CliRunner().invoke(fwf, words)


def lines(ran: Result) -> list[str]:
    """What is told of misuse, without the name of the program and the file's folder."""
    here = f"{Path.cwd()}{os.sep}"
    return [line.removeprefix("fwf: ").replace(here, "") for line in ran.stderr.splitlines()]


def told() -> list[str]:
    return [line.split()[0] for line in Path("told").read_text().splitlines()]


# Run


def test_a_run_takes_its_resources_from_the_profile_and_says_which(folder: Path) -> None:
    ran = done("run", "profile_flow", "--profile", "prod")
    assert ran.exit_code == 0
    assert ran.stdout == "data <Secret from environment variable SHOP_TOKEN>\n"
    assert ran.stderr.startswith(f"fwf: profile prod of {folder / 'fwf.toml'}\n")
    assert told() == ["open", "use", "close"]


def test_the_profile_may_come_from_the_environment_and_the_option_goes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FWF_PROFILE", "empty")
    assert done("run", "profile_flow").exit_code == 2
    assert done("run", "profile_flow", "--profile", "prod").exit_code == 0
    monkeypatch.setenv("FWF_PROFILE", "prod")
    assert done("run", "profile_flow").exit_code == 0
    assert done("needs", "profile_flow", "--json").stdout.count('"name": "prod"') == 1
    assert done("show", "profile_flow").exit_code == 0


def test_an_empty_variable_is_none_and_an_empty_option_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FWF_PROFILE", "")
    assert done("needs", "profile_flow").exit_code == 0
    for option in ("--profile", "--profiles"):
        ran = done("needs", "profile_flow", option, "")
        assert ran.exit_code == 2 and "it is empty" in ran.stderr


def test_the_file_may_be_named(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    place = folder / "elsewhere" / "mine.toml"
    (folder / "fwf.toml").rename(place)
    assert done("run", "profile_flow", "--profile", "prod").exit_code == 2
    ran = done("run", "profile_flow", "--profile", "prod", "--profiles", "elsewhere/mine.toml")
    assert ran.exit_code == 0 and str(place) in ran.stderr
    ran = done("run", "profile_flow", "--profiles", "elsewhere/mine.toml")
    assert lines(ran) == [
        "--profiles elsewhere/mine.toml: it is read with --profile NAME; add that"
    ]


def test_without_a_profile_the_module_has_the_resources() -> None:
    ran = done("run", "profile_flow")
    assert ran.exit_code == 1 and "not asked for" in ran.stderr


MISSING = [
    ("unset", "workflow", ["unset.resources.shop.token: the environment variable NO_TOKEN is not "
                           "set"]),
    ("bad", "workflow", [
        "bad.resources.shop: profile_flow:client needs folder = …; did you mean 'foldr'?",
        "bad.resources.shop.foldr: profile_flow:client takes no such argument; did you mean "
        "'folder'?",
        'bad.resources.shop.token: needs Secret, but is a str: write { env = "VARIABLE" }, '
        '{ file = "path" } or { aws_secret = "name" }',
        "bad.resources.shop.limit: needs int, but is a str",
    ]),
    ("none", "workflow", ["none.resources.shop: the resource (Client) is missing; did you mean "
                          "'shp'?"]),
    ("empty", "workflow", ["empty.resources.shop: the resource (Client) is missing; add shop = "
                           '{ opener = "profile_flow:beside" }']),
    ("empty", "secret", ["empty.resources.token: the secret (Secret) is missing; add token = "
                         '{ env = "TOKEN" }']),
    ("crossed", "workflow", ["crossed.resources.shop: is a secret, but the workflow asks for a "
                             'resource (Client): write { opener = "profile_flow:beside" }']),
    ("crossed", "secret", ["crossed.resources.token: is an opener, but the workflow asks for a "
                           'secret (Secret): write { env = "TOKEN" }']),
]  # fmt: skip


@pytest.mark.parametrize(("profile", "attribute", "said"), MISSING)
def test_what_is_missing_is_told_before_anything_runs(
    profile: str, attribute: str, said: list[str]
) -> None:
    ran = done("run", f"profile_flow:{attribute}", "--profile", profile)
    assert ran.exit_code == 2 and not Path("told").exists()
    assert lines(ran) == [f"fwf.toml: profile.{each}" for each in said]
    needed = done("needs", f"profile_flow:{attribute}", "--profile", profile)
    assert needed.exit_code == 1
    assert [line.strip() for line in needed.stdout.splitlines() if "profile." in line] == [
        f"profile.{each}" for each in said
    ]
    assert CANARY not in ran.output + needed.output


def test_what_is_missing_is_told_with_what_else_is_wrong() -> None:
    ran = done("run", "profile_flow", "--profile", "unset", "--param", "day=1", "--pool", "x=1")
    assert ran.exit_code == 2
    assert [line.split()[0] for line in lines(ran)] == [
        "fwf.toml:", "there", "--pool"
    ]  # fmt: skip


def test_a_file_or_profile_that_isnt_there_is_told(folder: Path) -> None:
    for name in ("run", "needs"):
        ran = done(name, "profile_flow", "--profile", "prd")
        assert ran.exit_code == 2
        assert lines(ran) == [
            "fwf.toml: there is no profile 'prd'; did you mean 'prod'?; the profiles are bad, "
            "base, crossed, empty, none, prod, refused, unset"
        ]
    (folder / "fwf.toml").write_text("[profile.prod")
    (line,) = lines(done("run", "profile_flow", "--profile", "prod"))
    assert line.startswith("fwf.toml: it is no TOML: Expected ']' at the end of a table")
    (folder / "fwf.toml").unlink()
    (line,) = lines(done("run", "profile_flow", "--profile", "prod"))
    assert "there is no file of profiles in" in line and "--profiles FILE" in line


def test_a_name_that_is_either_may_be_given_both_ways() -> None:
    ran = done("run", "profile_flow:undecided", "--profile", "prod")
    assert ran.exit_code == 0 and ran.stdout == "fine\n"
    ran = done("run", "profile_flow:undecided", "--profile", "refused")
    assert ran.exit_code == 2 and "resource or parameter 'thing'" in ran.stderr
    ran = done("run", "profile_flow:undecided", "--profile", "refused", "--param", "thing=1")
    assert ran.exit_code == 1 and "ConnectionError" in ran.stderr


def test_a_text_that_is_a_secret_is_masked_where_it_comes_out() -> None:
    ran = done("run", "profile_flow:worded", "--profile", "prod")
    assert ran.stdout == "<Secret from environment variable SHOP_TOKEN>\n"
    assert done("run", "profile_flow:secret", "--profile", "prod").stdout == ran.stdout


def test_secrets_of_aws_are_asked_for_before_anything_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fwf.connectors.shared import aws
    from fwf.connectors.shared.errors import Missing

    def refused(*_: object) -> str:
        raise Missing("secretsmanager get_secret_value: ResourceNotFoundException (400)")

    (folder / "fwf.toml").write_text(
        PROFILES.replace('{ env = "NO_TOKEN" }', '{ aws_secret = "a" }')
    )
    monkeypatch.setattr(aws, "_read_secret", refused)
    assert done("needs", "profile_flow", "--profile", "unset").exit_code == 0
    ran = done("run", "profile_flow", "--profile", "unset")
    assert ran.exit_code == 2 and not Path("told").exists()
    assert lines(ran) == [
        "fwf.toml: profile.unset.resources.shop.token: secretsmanager get_secret_value: "
        "ResourceNotFoundException (400)"
    ]
    monkeypatch.setattr(aws, "_read_secret", lambda *_: CANARY)
    ran = done("run", "profile_flow", "--profile", "unset")
    assert ran.stdout == "data <Secret from AWS Secrets Manager, a>\n"


# Needs


def test_needs_says_that_nothing_is_missing_and_what_is_not_used(folder: Path) -> None:
    ran = done("needs", "profile_flow", "--profile", "prod")
    assert ran.exit_code == 0
    assert ran.stdout == (
        "resources\n  shop  Client  one\n\n"
        f"all there in profile prod of {folder / 'fwf.toml'}\n\n"
        "not used of it\n  token, thing, other\n"
    )
    assert ran.stderr == ""


def test_needs_has_it_as_json(folder: Path) -> None:
    ran = done("needs", "profile_flow", "--profile", "unset", "--json")
    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["profile"] == {
        "name": "unset",
        "file": str(folder / "fwf.toml"),
        "missing": [
            {
                "resource": "shop",
                "place": "profile.unset.resources.shop.token",
                "message": "the environment variable NO_TOKEN is not set",
            }
        ],
        "unused": [],
    }
    assert "profile" not in json.loads(done("needs", "profile_flow", "--json").stdout)


def test_run_has_it_as_json(folder: Path) -> None:
    ran = done("run", "profile_flow", "--profile", "prod", "--json")
    told = json.loads(ran.stdout)
    assert told["profile"] == {"name": "prod", "file": str(folder / "fwf.toml")}
    assert told["value"] == "data <Secret from environment variable SHOP_TOKEN>"


def test_a_plan_is_looked_at_too(folder: Path) -> None:
    assert done("plan", "profile_flow", "-o", "plan.json").exit_code == 0
    assert done("needs", "plan.json", "--profile", "prod").exit_code == 0
    assert done("needs", "plan.json", "--profile", "empty").exit_code == 1


# In processes of their own


@pytest.mark.parametrize("more", [(), ("--json",), ("--debug",)])
@pytest.mark.parametrize(
    ("attribute", "profile", "status"),
    [
        ("workflow", "prod", 0),
        ("isolated", "prod", 0),
        ("failing", "prod", 1),
        ("workflow", "refused", 1),
        ("workflow", "bad", 2),
    ],
)
def test_a_secret_is_in_nothing_that_is_told(
    attribute: str, profile: str, status: int, more: tuple[str, ...]
) -> None:
    for name in ("run", "needs"):
        ran = done(name, f"profile_flow:{attribute}", "--profile", profile, *more)
        assert ran.exit_code == (status if name == "run" else status // 2)
        for part in ("canary", "4711", "Y2FuYXJ5"):
            assert part not in ran.output


def test_isolated_tasks_open_them_there_and_no_command_line_has_the_secret(folder: Path) -> None:
    env = environment(SHOP_TOKEN=CANARY)
    ran = apart("run", "profile_flow:isolated", "--profile", "prod", cwd=folder, env=env)
    mask = "<Secret from environment variable SHOP_TOKEN>"
    assert ran.out == f"data {mask} False {mask}\n"
    assert told() == ["open", "use", "open", "away", "close", "close"]
    here, there = [
        {line.split()[1] for line in Path("told").read_text().splitlines() if word in line}
        for word in ("use", "away")
    ]
    assert here.isdisjoint(there)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_and_closes_what_is_open(folder: Path, number: int) -> None:
    running = subprocess.Popen(
        command("run", "profile_flow:sleeping", "--profile", "prod"),
        cwd=folder, env=environment(SHOP_TOKEN=CANARY), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + 20
    while not (Path("told").exists() and told()[-1:] == ["sleep"]) and time.monotonic() < end:
        time.sleep(0.02)
    running.send_signal(number)
    out, err = running.communicate(timeout=20)
    assert running.returncode == 128 + number
    assert told() == ["open", "sleep", "close"]
    assert "canary" not in out + err


# With real parts


@pytest.fixture(scope="module")
def aws_endpoint() -> Iterator[str]:
    from examples.services import aws

    with aws.serving() as url:
        yield url


AWS = """
from fwf import Secret, const, map_each, named, task
from fwf.connectors.dynamodb import Tables

@task(effect="read")
def asks(n: int, *, items: Tables, password: Secret) -> str:
    page = items.page("sales", "a", key=["day", "shop"])
    return f"{len(page.items)} {id(items)} {password.reveal()}"

workflow = named("asking", const([1, 2, 3]) >> map_each(asks))
"""
AWS_PROFILE = """
[profile.aws.resources.items]
opener = "dynamodb"
region = "eu-central-1"
endpoint = {{ env = "ENDPOINT" }}
access_key = {{ env = "KEY" }}
secret_key = {{ env = "KEY" }}
[profile.aws.resources.password]
aws_secret = "shop/db"
field = "{field}"
region = "eu-central-1"
endpoint = "{endpoint}"
"""


@pytest.mark.services
def test_a_profile_opens_what_is_there_with_secrets_from_where_they_are_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, aws_endpoint: str
) -> None:
    from fwf.connectors.shared import aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("ENDPOINT", aws_endpoint)
    clients = [
        aws.client(each, region="eu-central-1", endpoint=aws_endpoint)
        for each in ("secretsmanager", "dynamodb")
    ]
    clients[0].create_secret(Name="shop/db", SecretString=json.dumps({"password": CANARY}))
    keys = {"day": "HASH", "shop": "RANGE"}
    clients[1].create_table(
        TableName="sales",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    for client in clients:
        client.close()
    (folder / "aws_flow.py").write_text(AWS)
    sys.modules.pop("aws_flow", None)

    def write(field: str) -> None:
        (folder / "fwf.toml").write_text(AWS_PROFILE.format(field=field, endpoint=aws_endpoint))

    write("pasword")
    assert done("needs", "aws_flow", "--profile", "aws").exit_code == 0  # AWS isn't asked
    ran = done("run", "aws_flow", "--profile", "aws")
    assert ran.exit_code == 2
    assert lines(ran) == [
        "fwf.toml: profile.aws.resources.password: the secret shop/db in AWS Secrets Manager has "
        "no field 'pasword' that is a text or a whole number; did you mean 'password'?"
    ]
    write("password")
    ran = done("run", "aws_flow", "--profile", "aws", "--json")
    assert ran.exit_code == 0 and "canary" not in ran.output
    one, *others = json.loads(ran.stdout)["value"]
    assert others == [one, one]  # with one client
    assert one.startswith("0 ") and one.endswith("AWS Secrets Manager, shop/db, field password>")
