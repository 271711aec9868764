"""Which file has the profiles, and what does it say? `fwf.toml`, beside the project.

[profile.base.resources]
shop_db = { opener = "postgres", url = { env = "SHOP_DB_URL" } }

[profile.prod]
extends = "base"
resources.api = { opener = "http", base_url = "https://api.example.com" }
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, final

from fwf.faults import near
from fwf.profiles.problems import Problem, ProfileError, is_table

NAME: Final = "fwf.toml"
PARTS: Final = ("extends", "resources")
REMEDY: Final = f"make one, {NAME}, beside the project, or say where it is: --profiles FILE"


@final
class Entry(NamedTuple):
    """What a profile says of one resource, and where."""

    place: str
    data: Any


@final
class Sheet(NamedTuple):
    """A profile as it is written: its file, its name, and what it says of each resource."""

    file: Path
    name: str
    entries: Mapping[str, Entry]


def sheet(name: str, file: str | Path | None = None) -> Sheet:
    """A profile's name, the file ⟶ what it says; raises `ProfileError` with all problems.

    file: found from the working folder upwards if None.
    """
    path = _find() if file is None else Path(file).absolute()
    profiles = _profiles(path, _document(path))
    problems: list[Problem] = []
    entries = _entries(name, profiles, problems)
    if problems:
        raise ProfileError(path, problems)
    return Sheet(path, name, entries)


def _find() -> Path:
    """The file in the working folder, or in the nearest one above that has it."""
    try:
        here = Path.cwd()
    except OSError:
        message = "the current folder isn't there any more; go to one that is"
        raise ProfileError(None, [Problem("", message)]) from None
    for folder in (here, *here.parents):
        if (folder / NAME).is_file():
            return folder / NAME
    message = f"there is no file of profiles in {here}, nor above it: {REMEDY}"
    raise ProfileError(None, [Problem("", message)])


def _document(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        message = f"it can't be read: {error.strerror or type(error).__name__}"
    except UnicodeDecodeError as error:
        message = f"it is not UTF-8: see byte {error.start:,}"
    except RecursionError:
        message = "it nests too deep"
    except ValueError as error:  # also of a number with too many digits
        message = f"it is no TOML: {error}"
    raise ProfileError(path, [Problem("", message)]) from None


def _profiles(path: Path, document: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The tables of the profiles by name; raises if the document, or one of them, isn't in form."""
    problems = [
        Problem(key, f"no such key{near(key, ['profile']) or ': there is [profile.NAME] alone'}")
        for key in document
        if key != "profile"
    ]
    profiles = document.get("profile", {})
    if is_table(profiles):
        for name, table in profiles.items():
            problems.extend(_of_table(f"profile.{name}", table))
    else:
        problems.append(Problem("profile", "is a table: write [profile.NAME.resources]"))
    if problems:
        raise ProfileError(path, problems)
    return dict(profiles)


def _of_table(place: str, table: object) -> Iterator[Problem]:
    if not is_table(table):
        yield Problem(place, f"is a table: write [{place}.resources]")
        return
    for key in table:
        if key not in PARTS:
            yield Problem(f"{place}.{key}", _unknown_part(key))
    if not isinstance(table.get("extends", ""), str):
        yield Problem(f"{place}.extends", "is the name of one other profile, a text")
    resources = table.get("resources", {})
    if not is_table(resources):
        yield Problem(f"{place}.resources", f"is a table: write [{place}.resources]")
        return
    for name, entry in resources.items():
        where = f"{place}.resources.{name}"
        if not name.isidentifier():
            yield Problem(where, "a resource has a name that Python can write, as tasks ask for it")
        if not is_table(entry):
            yield Problem(where, 'is a table: write { opener = "…", … }, or { env = "…" }')


def _unknown_part(key: str) -> str:
    if key in ("params", "parameters"):
        return "a profile has no parameters, which name the run: give them by --param"
    return f"no such key{near(key, PARTS) or '; a profile has resources, and may have extends'}"


def _entries(
    name: str, profiles: Mapping[str, Mapping[str, Any]], problems: list[Problem]
) -> dict[str, Entry]:
    """What a profile says of resources, those of the profile that it extends first."""
    entries: dict[str, Entry] = {}
    profile, place, chain = name, "", [name]
    while True:
        table = profiles.get(profile)
        if table is None:
            problems.append(Problem(place, _no_profile(profile, profiles)))
            return entries
        own = {
            each: Entry(f"profile.{profile}.resources.{each}", data)
            for each, data in table.get("resources", {}).items()
        }
        entries = {**own, **entries}
        if "extends" not in table:
            return entries
        place, profile = f"profile.{profile}.extends", table["extends"]
        if profile in chain:
            circle = " → ".join([*chain[chain.index(profile) :], profile])
            problems.append(Problem(place, f"goes round in a circle: {circle}; take one out"))
            return entries
        chain.append(profile)


def _no_profile(name: str, profiles: Mapping[str, object]) -> str:
    there = ", ".join(sorted(profiles))
    names = f"; the profiles are {there}" if there else f"; write [profile.{name}.resources]"
    return f"there is no profile {name!r}{near(name, profiles)}{names}"
