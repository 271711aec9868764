"""What is late, by a journal on a server: from another machine than that of the runs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fwf import Journal, execute
from fwf.cli.targets import load
from fwf.cli.timetables.late import late
from fwf.cli.timetables.pauses import set_pause
from fwf.journal import versioned_logs
from fwf.journal.opening import open_store
from tests.cli.test_alerts import folder as folder, told
from tests.connectors.conftest import postgres_url as postgres_url
from tests.journal.conftest import journal_url as journal_url, server_place as server_place
from tests.journal.places import Place

LATE = datetime(2025, 6, 3, 5, tzinfo=UTC)
"""Both days are over, and late since an hour."""


def test_what_is_late_or_failed_is_told_once_and_so_that_it_is_mended(
    folder: Path, server_place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    where = server_place.where
    target = load("jobs.py")
    assert target.timetable is not None
    first = next(target.timetable.over(LATE))

    def ran() -> None:
        execute(target.workflow, params=first.params, journal=Journal(where))

    def asked() -> tuple[int, list[str]]:
        status = late("jobs.py", (), where, (None, None), at=LATE)
        return status, capsys.readouterr().out.splitlines()

    (folder / "bad").write_text("no route")
    ran()
    status, lines = asked()
    assert status == 1 and "daily 2025-06-01: failed: " in lines[0]
    assert "daily 2025-06-02: late: missing, due 2025-06-03 02:00+02:00" in lines[1]
    assert sorted(told(folder)) == ["failed 2025-06-01", "late 2025-06-02"]
    asked()
    assert len(told(folder)) == 2
    (folder / "bad").unlink()
    (folder / "no-rates").touch()  # it is complete, by a fallback
    ran()
    status, lines = asked()
    assert status == 1 and "2025-06-01" not in lines[0]
    assert "recovered 2025-06-01" in told(folder)
    store = open_store(where)
    assert len(versioned_logs.history(store, "alerts daily")) == len(told(folder))
    store.close()
    set_pause(target.workflow, where, "the tills move")
    assert "paused since" in asked()[1][0]
