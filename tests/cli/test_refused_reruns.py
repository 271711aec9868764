"""A rerun that is refused has taken nothing back: what was done stays done."""

from pathlib import Path

import pytest

from tests.cli_support import Done, environment, fwf

JOBS = """
from pathlib import Path

from fwf import Secret, named, task


@task(effect="read")
def load() -> str:
    return "rows"


@task(effect="unrepeatable")
def mail(rows: str, *, token: Secret) -> str:
    with Path("mailed").open("a") as file:
        file.write(f"{rows} ")
    return "mailed"


@task(effect="pure")
def last(text: str) -> str:
    return text


workflow = named("post", load >> mail >> last)
other = named("other", load >> last)
resources = {"token": Secret.env("FWF_TEST_TOKEN")}
"""

SECRETS = {"FWF_TEST_TOKEN": "hunter2"}


def call(folder: Path, *words: str, secrets: dict[str, str] = SECRETS) -> Done:
    env = environment(FWF_JOURNAL=".fwf/runs.db", **secrets)
    return fwf(*words, cwd=folder, env=env)


@pytest.mark.parametrize(
    ("words", "secrets"),
    [
        (("--target", "jobs.py:other"), SECRETS),
        (("--target", "nowhere.py"), SECRETS),
        (("--profile", "nope"), SECRETS),
        ((), {}),
    ],
    ids=["another workflow", "no file", "no profile", "no secret"],
)
def test_what_was_done_stays_done(
    tmp_path: Path, words: tuple[str, ...], secrets: dict[str, str]
) -> None:
    (tmp_path / "jobs.py").write_text(JOBS)
    assert call(tmp_path, "run", "jobs.py").status == 0
    refused = call(tmp_path, "rerun", "post", "--from", "mail", *words, secrets=secrets)
    assert refused.status == 2, refused.err
    assert call(tmp_path, "run", "jobs.py").status == 0
    assert (tmp_path / "mailed").read_text() == "rows "
    assert call(tmp_path, "rerun", "post", "--from", "mail").status == 0
    assert (tmp_path / "mailed").read_text() == "rows rows "
