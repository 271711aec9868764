"""Every example in the help of every command is run, in a folder that has what it names."""

import inspect
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fwf.cli import fwf as program
from tests.cli_support import ROOT
from tests.reference import commands

for library in ("adbc_driver_postgresql", "boto3", "duckdb", "httpx", "obstore", "sqlglot"):
    pytest.importorskip(library)

LEFT_OUT = {
    "--on dask": "it starts processes of a cluster: tests/engines/dask has them",
}
DIFFERS = {"diff": 1, "late": 1}
"""Of these commands 1 says that something differs, or is late."""
OURS = {"examples", "shop", "load", "jobs", "daily", "openers"}
SHOP = """
from datetime import date
from pathlib import Path
from fwf import it, map_each, named, task

@task(effect="read")
def orders(*, day: date) -> int:
    return 2

@task(effect="pure")
def clean(orders: int) -> int:
    return orders

@task(effect="read")
def customers() -> list[str]:
    return ["acme", "globex"]

@task(effect="idempotent", writes=["https://ship.example"])
def ship(order: str) -> str:
    if order == "acme" and Path("closed").exists():
        raise ConnectionError("no address")
    return order

@task(effect="unrepeatable", writes=["https://bank.example"])
def transfer(orders: int) -> dict[str, int] | None:
    if Path("down").exists():
        raise ConnectionError("no answer")
    return {"id": 17}

each = map_each(ship, key=it, on_error="collect")
daily = named("daily", orders >> clean >> transfer >> customers >> each)
"""
FILES = {
    "shop.py": SHOP,
    "load.py": '''
from datetime import timedelta
from fwf import task

@task(effect="read")
def workflow(*, tags: list[str], pause: timedelta) -> int:
    return len(tags)
''',
    "jobs.py": '''
from datetime import date
from fwf import every_day, it, named, state, task

seen = state("seen", int, first=0)

@task(effect="read")
def rows(mark: int, *, day: date) -> int:
    return mark + 1

@task(effect="idempotent", writes=["redshift://dw/rows"])
def load(rows: int) -> int:
    return rows

jobs = named("jobs", seen.read >> rows >> seen.moved_by(load, to=it))
nightly = every_day(jobs, tz="Europe/Berlin", param="day", start=date(2025, 6, 1))
''',
    "daily.py": '''
from datetime import UTC, datetime
from fwf import it, named, state, task

orders_watermark = state("orders_watermark", datetime, first=datetime(2026, 6, 1, tzinfo=UTC))

@task(effect="idempotent", writes=["redshift://dw/orders"])
def load(mark: datetime) -> int:
    return 1

workflow = named("watermarks", orders_watermark.read >> orders_watermark.moved_by(load, to=it))
''',
    "openers.py": "from examples.daily.standins import resources\n\nglobals().update(resources)\n",
    "fwf.toml": '[profile.prod.resources]\n{}\n',
}  # fmt: skip


def examples() -> Iterator[tuple[str, str]]:
    """Of each command its words and an example: the paragraphs of help that stand as they are."""
    for words, command in [("", program), *commands()]:
        for paragraph in inspect.cleandoc(command.help or "").replace("\\\n", "").split("\n\n"):
            if paragraph.startswith("\b\n"):
                for line in paragraph.splitlines():
                    at = re.search(r"(?:^|&& )fwf ", line)
                    if at is not None:
                        yield words, line[at.end() :].partition(" | ")[0]


EXAMPLES = sorted({example for _, example in examples()})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with what the examples name, under git, and runs in two journals."""
    from examples.daily.places import Places
    from examples.daily.seed import BUSY_DAY, seed
    from examples.daily.services import services
    from examples.daily.standins import resources

    made = tmp_path_factory.mktemp("project")
    ours = shutil.ignore_patterns("data", "__pycache__")
    shutil.copytree(ROOT / "examples", made / "examples", ignore=ours)
    openers = "\n".join(f'{name} = {{ opener = "openers:{name}" }}' for name in resources)
    for name, text in FILES.items():
        (made / name).write_text(text.replace("{}", openers) if name == "fwf.toml" else text)
    for words in ("init -q -b main", "add .", "commit -qm All"):
        subprocess.run(["git", *shlex.split(words)], cwd=made, check=True)
    data = Places(made / "data")
    data.folder.mkdir()
    seed(data, scale=0.01, days=[BUSY_DAY])
    with services(data), ours_alone(), pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        patch.syspath_prepend(made)
        patch.setenv("DAILY_DATA", str(data.folder))
        patch.setenv("TMPDIR", str(made))
        (made / "closed").touch()
        fill("done.db", 0)
        (made / "closed").unlink()
        (made / "down").touch()
        fill("held.db", 1)
        fill("held.db", 1)
        (made / "down").unlink()
        assert fwf("plan", "shop:daily", "-o", "plan.json").exit_code == 0
        yield made


@contextmanager
def ours_alone() -> Iterator[None]:
    """Modules are those of the project while it lasts, and afterwards those of before."""
    before = dict(sys.modules)
    for name in [name for name in before if name.partition(".")[0] == "examples"]:
        del sys.modules[name]
    yield
    for name in OURS.intersection(each.partition(".")[0] for each in sys.modules):
        for module in [each for each in sys.modules if each.partition(".")[0] == name]:
            del sys.modules[module]
    sys.modules.update(before)


def fill(journal: str, status: int) -> None:
    run = fwf("run", "shop:daily", "--param", "day=2026-06-01", "--journal", journal)
    assert run.exit_code == status, run.output
    assert fwf("run", "daily.py", "--journal", journal).exit_code == 0


def fwf(*words: str) -> Result:
    return CliRunner().invoke(program, words)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_help_runs_as_it_stands(
    example: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if any(part in example for part in LEFT_OUT):
        pytest.skip(next(why for part, why in LEFT_OUT.items() if part in example))
    journal = "held" if re.match(r"resolve|runs give-up", example) else "done"
    for path in folder.glob(f"{journal}.db*"):
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, tmp_path / path.name)
    data = shutil.copytree(folder / "data", tmp_path / "data")
    monkeypatch.setenv("DAILY_DATA", str(data))
    monkeypatch.setenv("FWF_JOURNAL", str(tmp_path / f"{journal}.db"))
    listed = fwf("runs", "--workflow", "daily", "--json")
    identity = json.loads(listed.stdout)["runs"][0]["id"]
    done = fwf(*shlex.split(example.replace("8a1b44c0", identity)))
    assert done.exit_code in {0, DIFFERS.get(example.split()[0], 0)}, done.output


def test_every_command_has_an_example() -> None:
    told = {words for words, _ in examples()}
    told |= {words.partition(" ")[0] for words in told}  # a group's help has those of what is in it
    assert [words for words, _ in commands() if not told & {words, words.partition(" ")[0]}] == []
