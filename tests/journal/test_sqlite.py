"""A journal in a file: what is made, what is refused, and what is said."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from fwf.journal import sqlite
from fwf.journal.errors import Held, JournalCorrupt, JournalError
from fwf.journal.opening import open_store
from fwf.journal.sqlite import SQLite, disk, file_layout, filesystems
from fwf.journal.sqlite.filesystems import file_system, refuse_unfit
from fwf.journal.sqlite.run_heads import digest
from fwf.journal.store import Claim
from tests.crash.written import ME, START, Story, begin, end

KEY = "c" * 32


def filled(path: Path, steps: int = 3) -> tuple[SQLite, Story]:
    """A store with one run that is complete."""
    store = SQLite.open(path)
    story = Story(KEY, 1, "daily")
    claim = begin(store, story)
    for step in range(steps):
        more = [story.next("ok", f"daily > step[{step}]", step)]
        store.append(story.number, more, claim)
        story.records += more
    end(store, story, claim)
    return store, story


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# What is made


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    was = os.umask(0)
    try:
        store, _ = filled(tmp_path / "new" / ".fwf" / "runs.db")
        store.put("cae66941d9efbd404e4d88758ea67670.arrow", b"")
        claim = store.claim("d", ME)
        made = list((tmp_path / "new").rglob("*"))
        assert len(made) > 8
        for each in (tmp_path / "new", *made):
            assert mode(each) == (0o700 if each.is_dir() else 0o600), each
        claim.release()
        store.close()
    finally:
        os.umask(was)


def test_a_folder_that_was_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(mode=0o755)
    filled(tmp_path / "mine" / "runs.db")[0].close()
    assert mode(tmp_path / "mine") == 0o755


def test_a_journal_is_marked_as_one_and_gives_space_back(tmp_path: Path) -> None:
    filled(tmp_path / "runs.db")[0].close()
    with closing(sqlite3.connect(tmp_path / "runs.db")) as db:
        assert file_layout.one(db, "PRAGMA application_id") == file_layout.APPLICATION
        assert file_layout.one(db, "PRAGMA user_version") == file_layout.FORM
        assert file_layout.one(db, "PRAGMA auto_vacuum") == 2
        assert file_layout.one(db, "PRAGMA journal_mode") == "wal"


@pytest.mark.parametrize(("durability", "synchronous"), [("power", 2), ("process", 0)])
def test_each_connection_is_as_safe_as_was_asked(
    tmp_path: Path, durability: str, synchronous: int
) -> None:
    with closing(file_layout.open_journal(made(tmp_path), synced=durability == "power")) as db:
        asked = {
            "synchronous": synchronous, "trusted_schema": 0, "fullfsync": 1, "cell_size_check": 1,
            "checkpoint_fullfsync": 1, "secure_delete": 0,
        }  # fmt: skip
        assert {name: file_layout.one(db, f"PRAGMA {name}") for name in asked} == asked


def made(tmp_path: Path) -> str:
    path = tmp_path / "runs.db"
    SQLite.open(path).close()
    return str(path)


def test_a_process_that_dies_while_it_makes_a_journal_leaves_none_that_is_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "runs.db"
    monkeypatch.setattr(file_layout, "fill", dies)
    with pytest.raises(KeyboardInterrupt):
        SQLite.open(path)
    monkeypatch.undo()
    assert not path.exists()
    filled(path)[0].close()


# Locks


LOCKS = """
import os, sys
from tests.journal.test_sqlite import filled, locks_on
from pathlib import Path
path = Path(sys.argv[1])
store, story = filled(path)
before = locks_on(path)
from fwf.journal.sqlite import SQLite
other = SQLite.open(path); other.runs(); list(other.records(other.runs()[0])); other.close()
other = SQLite.open(path, salvage=True); other.runs(); other.close()
other = SQLite.open(path); other.prune(2**60); other.close()
print(len(before), before == locks_on(path))
"""


def locks_on(path: Path) -> list[str]:
    """The POSIX locks that this process has on a file, by /proc/locks."""
    inode = str(path.stat().st_ino)
    lines = Path("/proc/locks").read_text().splitlines()
    mine = [line.split(":", 1)[1].split() for line in lines if "POSIX" in line]
    return sorted(
        " ".join(each) for each in mine if inode in each[4] and each[3] == str(os.getpid())
    )


@pytest.mark.skipif(not os.path.exists("/proc/locks"), reason="needs /proc/locks")
def test_nothing_that_a_process_does_drops_its_locks(tmp_path: Path) -> None:
    """Closing a file drops all POSIX locks of the process on it, and SQLite has no others."""
    done = subprocess.run(
        [sys.executable, "-c", LOCKS, str(tmp_path / "runs.db")],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, same = done.stdout.split()
    assert int(count) > 0
    assert same == "True"


def test_who_is_refused_learns_who_goes_on_since_when_and_the_last_sign(tmp_path: Path) -> None:
    store, story = filled(tmp_path / "runs.db")
    claim = store.claim(KEY, ME)
    with pytest.raises(Held) as caught:
        SQLite.open(tmp_path / "runs.db").claim(KEY, ME)
    said = str(caught.value)
    assert caught.value.holder == ME
    assert "daily" in said and "etl (process 1 on here)" in said
    assert sqlite.locks.moment(ME.since) in said
    assert sqlite.locks.moment(story.records[-1].at) in said
    claim.release()
    claim.release()
    assert store.holder(KEY) is None
    store.close()


def test_who_opened_a_lock_that_was_given_back_before_he_had_it_has_not_got_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is removed, and a third one has locked another of that name."""
    store, late = filled(tmp_path / "runs.db")[0], SQLite.open(tmp_path / "runs.db")
    first, third, real = store.claim(KEY, ME), list[Claim](), fcntl.flock

    def meanwhile(fd: int, how: int) -> None:
        monkeypatch.undo()
        first.release()
        third.append(store.claim(KEY, ME))
        real(fd, how)

    monkeypatch.setattr(fcntl, "flock", meanwhile)
    with pytest.raises(Held):
        late.claim(KEY, ME)
    third[0].release()
    late.claim(KEY, ME).release()
    for each in (store, late):
        each.close()


def test_who_claims_while_somebody_looks_is_not_refused(tmp_path: Path) -> None:
    store, _ = filled(tmp_path / "runs.db")
    path = tmp_path / "runs.db-locks" / digest(KEY).hex()
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(fd, fcntl.LOCK_SH)
    looked = threading.Timer(0.05, os.close, [fd])
    looked.start()
    store.claim(KEY, ME).release()
    looked.join()
    store.close()


def test_a_lock_file_of_the_dead_is_no_lock(tmp_path: Path) -> None:
    store, _ = filled(tmp_path / "runs.db")
    claim = store.claim(KEY, ME)
    (path,) = (tmp_path / "runs.db-locks").iterdir()
    content = path.read_bytes()
    claim.release()
    path.write_bytes(content)
    assert store.holder(KEY) is None
    store.claim(KEY, ME).release()
    assert not path.exists()
    store.close()


def test_a_forked_process_is_told_to_open_it_itself(tmp_path: Path) -> None:
    store, _ = filled(tmp_path / "runs.db")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            begin(store, Story("d", 1, "daily"))
        except JournalError as error:
            os.write(write, str(error).encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    assert f"was opened by process {os.getpid()}" in os.read(read, 1000).decode()
    os.close(read)
    store.close()


# What is refused


@pytest.mark.parametrize("where", ["", ".", "/", "a\0b"])
def test_what_is_no_name_of_a_file_is_refused(where: str) -> None:
    with pytest.raises(JournalError, match="is no file"):
        SQLite.open(where)


def test_a_durability_is_one_of_two(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='is "power" or "process"'):
        open_store(tmp_path / "runs.db", durability="always")  # type: ignore[arg-type]


def foreign_text(path: Path) -> None:
    path.write_text("orders\n1\n2\n" * 1000)


def foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE orders(n)")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def form(number: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        SQLite.open(path).close()
        for each in path.parent.iterdir():
            if each != path:
                each.rmdir() if each.is_dir() else each.unlink()
        with closing(sqlite3.connect(path)) as db:
            db.execute(f"PRAGMA user_version = {number}")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    return write


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (foreign_text, "no journal of runs"),
        (foreign_database, "no journal of runs"),
        (form(0), "has format 0, older"),
        (form(2), "has format 2, newer"),
        (form(1000), "has format 1000, newer"),
    ],
    ids=["text", "database", "older", "newer", "much newer"],
)
@pytest.mark.parametrize("salvage", [False, True])
def test_a_file_that_is_no_journal_of_this_form_is_refused_and_not_changed(
    tmp_path: Path, write: Callable[[Path], None], said: str, salvage: bool
) -> None:
    path = tmp_path / "runs.db"
    write(path)
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    with pytest.raises(JournalError, match=said) as caught:
        SQLite.open(path, salvage=salvage)
    assert str(path) in str(caught.value) and "--journal" in str(caught.value)
    assert not isinstance(caught.value, JournalCorrupt)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before


def test_a_newer_journal_with_its_heads_is_refused_as_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs.db"
    monkeypatch.setattr(file_layout, "FORM", 2)
    monkeypatch.setattr(file_layout, "_MARKS", (file_layout.APPLICATION, 2))
    filled(path)[0].close()
    monkeypatch.undo()
    for salvage in (False, True):
        with pytest.raises(JournalError, match="has format 2, newer"):
            SQLite.open(path, salvage=salvage)
    monkeypatch.setattr(file_layout, "FORM", 2)
    monkeypatch.setattr(file_layout, "_MARKS", (file_layout.APPLICATION, 2))
    store = SQLite.open(path)
    assert len(store.runs()) == 1
    store.close()


def test_a_schema_that_was_added_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    filled(path)[0].close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE told(said)")
        db.execute(
            "CREATE TRIGGER bad AFTER INSERT ON records BEGIN "
            "INSERT INTO told VALUES (load_extension('x')); END"
        )
        db.commit()
    with pytest.raises(JournalCorrupt, match="its tables aren't those of a journal"):
        SQLite.open(path)
    store = SQLite.open(path, salvage=True)
    assert len(store.runs()) == 1
    store.close()
    SQLite.open(path).close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs the right to give files away")
@pytest.mark.parametrize("ending", ["", "-heads"])
def test_a_file_of_another_user_is_refused_before_anything_is_made(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / "runs.db"
    filled(path)[0].close()
    os.chown(f"{path}{ending}", 12345, 12345)
    before = sorted(each.name for each in tmp_path.iterdir())
    with pytest.raises(JournalError, match="sudo -u 12345 fwf runs"):
        SQLite.open(path)
    assert sorted(each.name for each in tmp_path.iterdir()) == before


AS_NOBODY = """
import os, sys
from fwf.journal.sqlite import SQLite
from fwf.journal.errors import JournalError
from tests.crash.written import ME, Story
os.setgid(65534); os.setuid(65534)
try:
    store = SQLite.open(sys.argv[1])
    assert len(store.runs()) == 1
    story = Story("d", 1, "daily")
    store.begin(story.row(), [story.next("try")], store.claim("d", ME))
    store.close()
    print("written")
except JournalError as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs the right to become another user")
@pytest.mark.parametrize("place", ["", "-heads", "folder"])
def test_what_may_not_be_written_is_named_with_its_owner(place: str) -> None:
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="owned-", dir="/dev/shm"))
    try:
        path = folder / "runs.db"
        filled(path)[0].close()
        for each in (folder, *folder.iterdir()):
            os.chown(each, 65534, 65534)
        spoiled = folder if place == "folder" else Path(f"{path}{place}")
        was = mode(spoiled)
        spoiled.chmod(0o500 if place == "folder" else 0o400)
        said = as_nobody(path)
        assert str(spoiled) in said and "nobody" in said and said.count("\n") == 1, said
        spoiled.chmod(was)
        assert as_nobody(path) == "written\n"
    finally:
        shutil.rmtree(folder)


def as_nobody(path: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(path)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


# File systems


MOUNTS = """\
22 1 0:21 / / rw,relatime - overlay overlay rw
23 22 0:22 / /proc rw - proc proc rw
24 22 254:0 / /data rw shared:1 - ext4 /dev/vda rw
25 24 0:40 / /data/mac rw - virtiofs share rw
26 24 0:41 / /data/a\\040b rw - nfs4 host:/x rw
27 24 0:42 / /data/over rw - nfs host:/y rw
28 24 0:43 / /data/over rw - ext4 /dev/vdb rw
29 24 0:44 / /data/odd rw - novelfs none rw
30 24 0:45 / /data/win rw - 9p drvfs rw
31 24 0:46 / /data/ssh rw - fuse.sshfs me@host: rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/runs.db", "overlay"),
        ("/data/runs.db", "ext4"),
        ("/data/mac/runs.db", "virtiofs"),
        ("/data/machine/runs.db", "ext4"),
        ("/data/mac", "virtiofs"),
        ("/data/a b/c/runs.db", "nfs4"),
        ("/data/over/runs.db", "ext4"),
        ("/data/odd/x", "novelfs"),
    ],
)
def test_the_longest_mount_tells_the_file_system_and_later_ones_cover(path: str, kind: str) -> None:
    assert file_system(path, MOUNTS) == kind


@pytest.mark.parametrize("place", ["mac", "a b", "win", "ssh"])
def test_file_systems_of_others_are_refused_with_two_ways_out(place: str) -> None:
    with pytest.raises(JournalError, match=r"--journal FILE.*postgresql://") as caught:
        refuse_unfit(f"/data/{place}/runs.db", MOUNTS)
    assert f"/data/{place}/runs.db: is on " in str(caught.value)


def test_an_unknown_file_system_is_remarked_on_and_local_ones_are_not() -> None:
    assert "novelfs" in (refuse_unfit("/data/odd/runs.db", MOUNTS) or "")
    assert refuse_unfit("/data/runs.db", MOUNTS) is None
    assert refuse_unfit("/data/runs.db", "") is None
    assert refuse_unfit("/data/runs.db", "\n- \nx - y z\n") is None


def test_links_are_followed_to_the_file_system_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "near").symlink_to("far")
    mounts = f"22 1 0:1 / / rw - ext4 a rw\n23 22 0:2 / {tmp_path}/far rw - cifs b rw\n"
    monkeypatch.setattr(filesystems, "_mount_table", lambda: mounts)
    with pytest.raises(JournalError, match="is on cifs"):
        SQLite.open(tmp_path / "near" / "runs.db")
    assert list((tmp_path / "far").iterdir()) == []


def test_a_journal_by_a_link_is_the_same_journal(tmp_path: Path) -> None:
    store, _ = filled(tmp_path / "runs.db")
    (tmp_path / "link.db").symlink_to("runs.db")
    other = SQLite.open(tmp_path / "link.db")
    assert other.where == store.where
    claim = store.claim(KEY, ME)
    with pytest.raises(Held):
        other.claim(KEY, ME)
    claim.release()
    assert not list(tmp_path.glob("link.db-*"))
    for each in (store, other):
        each.close()


def test_the_file_system_of_the_tests_is_no_shared_one(tmp_path: Path) -> None:
    assert refuse_unfit(str(tmp_path / "runs.db")) is None


# What is said of SQLite's and the system's errors


def test_an_error_of_the_system_is_one_line_with_file_cause_and_remedy(tmp_path: Path) -> None:
    import errno

    for number, words in {
        errno.ENOSPC: "no space", errno.EDQUOT: "quota", errno.EFBIG: "ulimit -f",
        errno.EROFS: "read-only", errno.EACCES: "may not write", errno.ENOENT: "is gone",
        errno.EIO: "Input/output error",
    }.items():  # fmt: skip
        said = str(disk.error_of(OSError(number, ""), str(tmp_path / "runs.db")))
        assert said.startswith(f"{tmp_path}/runs.db: ") and words in said and "\n" not in said


# Large values


def test_values_that_no_record_names_go_after_a_day_and_half_written_ones_too(
    tmp_path: Path,
) -> None:
    store, _ = filled(tmp_path / "runs.db")
    store.put("cae66941d9efbd404e4d88758ea67670.arrow", b"")
    folder = tmp_path / "runs.db-values"
    (folder / ".half").write_bytes(b"x" * 10)
    (folder / "notes.txt").write_bytes(b"mine")
    store.prune(0)
    assert len(list(folder.iterdir())) == 3
    for each in folder.iterdir():
        os.utime(each, (START / 1e6, START / 1e6))
    assert store.prune(0) == (0, 10)
    assert [each.name for each in folder.iterdir()] == ["notes.txt"]
    store.close()


def test_a_run_that_somebody_goes_on_with_is_not_pruned(tmp_path: Path) -> None:
    store, story = filled(tmp_path / "runs.db")
    claim = store.claim(KEY, ME)
    assert store.prune(2 * START)[0] == 0
    assert list(store.records(store.runs()[0])) == story.records
    claim.release()
    assert store.prune(2 * START)[0] == 1
    store.close()
