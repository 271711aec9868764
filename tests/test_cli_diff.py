"""`fwf diff` on files, plans and revisions in git, in processes of its own."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli_support import ROOT, Done, environment, fwf

STEPS = """
from fwf import task

@task(effect="read")
def orders() -> int:
    return {number}

@task(effect="idempotent", writes=["redshift://dw/sales"])
def load(n: int) -> int:
    return n
"""
FLOW = """
from fwf import named, retry, seconds
from {package}steps import load, orders

daily = named("daily", retry(orders, attempts={attempts}, wait=seconds(1)) >> load)
"""
WEAKER = (
    "daily: behaviour changes in 1 place\n"
    "! daily > orders: retry(attempts=3, wait=1s) → retry(attempts=2, wait=1s): "
    "weaker, 1 attempt fewer\n"
)


def write(folder: Path, attempts: int, package: str = "") -> None:
    """A workflow in two modules."""
    folder.mkdir(exist_ok=True)
    (folder / "steps.py").write_text(STEPS.format(number=attempts))
    (folder / "flow.py").write_text(FLOW.format(attempts=attempts, package=package))


def git(repository: Path, *words: str) -> str:
    """Run git with a name and no settings of this machine."""
    who = ["-c", "user.name=fwf", "-c", "user.email=fwf@example.org"]
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return subprocess.run(
        ["git", *who, *words], cwd=repository, env=env, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A checkout whose first commit tries three times, and whose work tree tries twice."""
    pytest.importorskip("fwf.interpreters.plan")
    repository = tmp_path / "shop"
    write(repository, 3)
    write(repository / "jobs", 3)
    git(repository, "init", "-q", "-b", "main")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "First")
    write(repository, 2)
    write(repository / "jobs", 2)
    return repository


def compared(*words: str, cwd: Path) -> Done:
    return fwf("diff", *words, cwd=cwd)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Two versions side by side, in packages."""
    for name, attempts in (("old", 3), ("new", 2)):
        write(tmp_path / name, attempts, f"{name}.")
        (tmp_path / name / "__init__.py").touch()
    return tmp_path


def test_the_exit_status_says_whether_behaviour_changed(two: Path) -> None:
    assert compared("old.flow:daily", "old/flow.py:daily", cwd=two) == (0, "daily: no change\n", "")
    assert compared("old.flow:daily", "new.flow:daily", cwd=two) == (1, WEAKER, "")
    assert compared("old.flow:daily", "old.flow:dayly", cwd=two).status == 2


def test_json_names_both_sides(two: Path) -> None:
    done = compared("old.flow:daily", "new.flow:daily", "--json", cwd=two)
    told = json.loads(done.out)
    assert (told["old"], told["new"], told["level"]) == (
        "old.flow:daily", "new.flow:daily", "behaviour",
    )  # fmt: skip
    assert [change["old"] for change in told["changes"]] == ["daily > orders"]


@pytest.mark.parametrize("old", ["HEAD:flow:daily", "main:flow:daily", "HEAD:flow.py:daily"])
def test_a_revision_is_loaded_from_git_with_the_modules_of_its_own(shop: Path, old: str) -> None:
    assert compared(old, "flow:daily", cwd=shop) == (1, WEAKER, "")
    assert compared("flow:daily", old, cwd=shop).status == 1
    assert compared(old, "HEAD:flow:daily", cwd=shop) == (0, "daily: no change\n", "")


def test_a_target_below_the_top_is_looked_for_in_the_same_folder(shop: Path) -> None:
    assert compared("HEAD:flow:daily", "flow:daily", cwd=shop / "jobs") == (1, WEAKER, "")


def test_neither_work_tree_nor_index_are_touched(shop: Path, tmp_path: Path) -> None:
    git(shop, "add", "flow.py")
    index = (shop / ".git" / "index").read_bytes()
    status = git(shop, "status", "--porcelain")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = environment(TMPDIR=str(temporary), PYTHONDONTWRITEBYTECODE="1")
    assert fwf("diff", "HEAD:flow:daily", "flow:daily", cwd=shop, env=env).status == 1
    assert (shop / ".git" / "index").read_bytes() == index
    assert git(shop, "status", "--porcelain") == status
    assert not list(temporary.iterdir())


def test_an_installed_checkout_does_not_get_into_its_own_past(shop: Path) -> None:
    env = environment()
    env["PYTHONPATH"] = os.pathsep.join([env["PYTHONPATH"], str(shop)])
    assert fwf("diff", "HEAD:flow:daily", "flow:daily", cwd=shop, env=env) == (1, WEAKER, "")
    (shop / "later.py").write_text("from flow import daily\n")
    done = fwf("diff", "HEAD:later:daily", "flow:daily", cwd=shop, env=env)
    assert (done.status, done.out) == (2, "")
    assert "HEAD: there is no module 'later'" in done.err


@pytest.mark.parametrize(
    ("old", "line"),
    [
        ("mian:flow:daily", "'mian' is no revision that git knows here; did you mean 'main'?"),
        ("HEAD:flow:dayly", "HEAD: flow has no attribute 'dayly'; did you mean 'daily'?"),
        ("HEAD:folw:daily", "HEAD: there is no module 'folw'; did you mean 'flow'?"),
        ("HEAD:folw.py:daily", "HEAD: there is no file folw.py; did you mean 'flow.py'?"),
    ],
)
def test_what_is_not_there_at_a_revision_is_told_in_one_line(
    shop: Path, old: str, line: str
) -> None:
    done = compared(old, "flow:daily", cwd=shop)
    assert (done.status, done.out) == (2, "")
    assert line in done.err
    assert len(done.err.splitlines()) == 1


def test_an_import_that_fails_at_a_revision_is_told_in_one_line(shop: Path) -> None:
    (shop / "broken.py").write_text("1 / 0\n")
    git(shop, "add", "broken.py")
    git(shop, "commit", "-qm", "Broken")
    done = compared("HEAD:broken:daily", "flow:daily", cwd=shop)
    assert (done.status, len(done.err.splitlines())) == (2, 1)
    assert "HEAD: broken:daily can't be imported: broken.py:1 raises ZeroDivisionError" in done.err


def test_a_module_wins_over_a_branch_of_its_name(shop: Path) -> None:
    git(shop, "branch", "flow")
    assert compared("flow:daily", "flow:daily", cwd=shop).out == "daily: no change\n"
    assert compared("flow:flow:daily", "flow:daily", cwd=shop) == (1, WEAKER, "")


def test_outside_a_checkout_a_revision_is_refused(two: Path) -> None:
    done = compared("HEAD:old.flow:daily", "new.flow:daily", cwd=two)
    assert done.status == 2
    assert "isn't in a git checkout" in done.err


def test_the_page_has_both_pictures_and_every_change(two: Path) -> None:
    pytest.importorskip("fwf.interpreters.diagram")
    done = compared("old.flow:daily", "new.flow:daily", "--html", "change.html", cwd=two)
    page = (two / "change.html").read_text()
    assert (done.status, done.err) == (1, "wrote change.html\n")
    assert page.count("<svg") == 2
    assert page.count("weaker, 1 attempt fewer") == 1
    assert page.count('class="box task marked changed"') == 2
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")


# The daily example


ARCHIVE = '''

@task(effect="idempotent", writes=["s3://archive/sales"])
def to_archive(sales: pa.Table, *, day: date) -> int:
    """All rows, for whoever asks in a year."""
    return sales.num_rows
'''


def edited(repository: Path) -> None:
    """Fewer attempts, another target, a name."""
    flow, targets = (
        repository / "examples/daily" / f"{name}.py" for name in ("workflow", "targets")
    )
    text = flow.read_text()
    for old, new in (
        ("patient(orders)()", "retry(orders, attempts=2, wait=patience, on=Transient)()"),
        ("    return loads(", "    to_archive(sales)\n    return loads("),
        ("    report,\n", "    report,\n    to_archive,\n"),
        ("crm_batches >> post", 'named("contacts", crm_batches) >> post'),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    flow.write_text(text)
    counts = "crm: dict[str, Any]\n"
    assert counts in targets.read_text()
    targets.write_text(targets.read_text().replace(counts, "crm: dict[str, int]\n") + ARCHIVE)


def test_reviewing_shows_what_this_edit_of_the_daily_example_does(tmp_path: Path) -> None:
    for library in ("adbc_driver_postgresql", "duckdb", "boto3", "httpx", "obstore"):
        pytest.importorskip(library)
    ours = shutil.ignore_patterns("data", "__pycache__")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=ours)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "As it is")
    edited(tmp_path)
    words = "HEAD:examples.daily.workflow", "examples.daily.workflow"
    done = compared(*words, cwd=tmp_path)
    shown = f"$ fwf diff {' '.join(words)}\n{done.out}```"
    assert done.status == 1, done.err
    assert shown in (ROOT / "examples/reviewing.md").read_text(encoding="utf-8"), done.out
