"""The files of an export in a folder: all of them or none, and none in the place of somebody's own.

Which files of a folder are exports' stands in `.fwf-export.json` there, each with the digest of
what was written, and with the target that it is of. So one that was changed since is somebody's
own, and one of another target isn't replaced; one that says the same is no loss. Exports of several
targets share a folder, as do the DAGs of Airflow.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from fwf.cli.output import complain, reason_of
from fwf.cli.refused_commands import Misuse
from fwf.printing import one_line

MANIFEST: Final = ".fwf-export.json"


class Written(NamedTuple):
    """A file that an export wrote: the digest of its content, and the target that it is of."""

    digest: str
    of: str


def write_export(folder: str, texts: Mapping[str, str], of: str) -> None:
    """Write texts by the names of their files, and say so on stderr.

    Raises `Misuse` where that can't be done, or would take what no export of this target wrote;
    nothing has changed then.

    of: the target, as its tasks find it: `module:attribute`.
    """
    place = Path(folder)
    contents = {name: text.encode("utf-8", "backslashreplace") for name, text in texts.items()}
    try:
        before = _written(place)
        conflicts = _conflicts(place, contents, before, of)
        if conflicts:
            raise Misuse(
                f"-o {folder}: no export of {of} wrote what is there: {', '.join(conflicts)}; "
                "move it away, or name another folder"
            )
        now = {name: Written(_digest(content), of) for name, content in contents.items()}
        _write_all(place, {**contents, MANIFEST: _manifest(before | now)})
    except OSError as error:
        raise Misuse(
            f"-o {folder}: {reason_of(error)}; nothing was changed there: name another folder"
        ) from error
    for name in contents:
        complain(one_line(f"wrote {place / name}"))
    for name, earlier in before.items():
        if earlier.of == of and name not in contents and (place / name).exists():
            old = f"{place / name} is of an earlier export of {of}, and not of this one"
            complain(one_line(f"{old}: remove it if it isn't to be used any more"))


def _written(folder: Path) -> dict[str, Written]:
    """The files that exports wrote to a folder; empty if nothing says."""
    try:
        files = json.loads(_content(folder / MANIFEST) or b"{}").get("files", {})
        return {
            str(name): Written(str(each["digest"]), str(each["of"])) for name, each in files.items()
        }
    except (ValueError, AttributeError, LookupError, TypeError, RecursionError):
        return {}


def _manifest(files: Mapping[str, Written]) -> bytes:
    about = "Written by fwf export, which replaces these files while they have these digests."
    named = {name: each._asdict() for name, each in sorted(files.items())}
    return f"{json.dumps({'about': about, 'files': named}, indent=2)}\n".encode()


def _conflicts(
    folder: Path, contents: Mapping[str, bytes], before: Mapping[str, Written], of: str
) -> list[str]:
    """What is in the place of a file and may not be replaced, and why not."""
    conflicts: list[str] = []
    for name, content in contents.items():
        place = folder / name
        if place.is_symlink():
            conflicts.append(f"{name} (a link)")
        elif place.is_dir():
            conflicts.append(f"{name} (a folder)")
        elif (old := _content(place)) is not None and old != content:
            if name not in before:
                conflicts.append(name)
            elif before[name].digest != _digest(old):
                conflicts.append(f"{name} (changed since it was exported)")
            elif before[name].of != of:
                conflicts.append(f"{name} (an export of {before[name].of})")
    manifest = folder / MANIFEST
    if manifest.is_symlink() or (_content(manifest) and not before):
        conflicts.append(MANIFEST)
    return conflicts


def _content(place: Path) -> bytes | None:
    """What a file holds; None if nothing is there, and nothing for what is no plain file."""
    if place.is_file():
        return place.read_bytes()
    return b"" if os.path.lexists(place) else None


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _write_all(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files whole, or none: each beside its place, with what is there now, then renamed."""
    folders = [each for each in (folder, *folder.parents) if not each.exists()]
    new: dict[Path, Path] = {}
    old: dict[Path, Path] = {}
    places: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            place = folder / name
            _write_beside(place, content, new)
            if place.exists():
                _write_beside(place, place.read_bytes(), old)
        for place, part in new.items():
            part.replace(place)
            places.append(place)
    except BaseException:
        for place in places:
            if place in old:
                old[place].replace(place)
            else:
                place.unlink()
        for part in (*new.values(), *old.values()):
            part.unlink(missing_ok=True)
        for each in folders:
            with suppress(OSError):
                each.rmdir()
        raise
    for part in old.values():
        part.unlink()


def _write_beside(place: Path, content: bytes, parts: dict[Path, Path]) -> None:
    """Write what is to stand in a place beside it, as it may be read and written now."""
    part = parts[place] = place.with_name(f".fwf-{os.getpid()}-{os.urandom(4).hex()}.part")
    with part.open("xb") as file:
        file.write(content)
    if place.exists():
        part.chmod(place.stat().st_mode & 0o7777)
