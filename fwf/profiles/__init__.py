"""What do the names of resources stand for here? Profiles in `fwf.toml` say so, one for each place.

run(daily, params={"day": day}, resources=resources("prod", of=daily))
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import final

from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.analysis.requirements import requirements
from fwf.faults import text
from fwf.profiles.openers import Opener, Opening, resource
from fwf.profiles.problems import Problem, ProfileError
from fwf.profiles.profile_file import Sheet, sheet
from fwf.profiles.profile_values import Reader
from fwf.records import record
from fwf.secrets import Secret

__all__ = ["Opening", "Problem", "Profile", "ProfileError", "load", "resources"]


@final
@record()
class Profile:
    """A profile as it was found: where, and what of it was looked at.

    `resources` are those that can be opened; `broken` says of the others what is wrong with them,
    or what they still lack. `names` are all that the profile has.
    """

    name: str
    file: Path
    names: tuple[str, ...]
    resources: Mapping[str, Opener | Secret]
    broken: Mapping[str, tuple[Problem, ...]]
    elsewhere: tuple[tuple[str, Secret], ...]
    """Secrets that only somebody else can give, and their places."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong, or missing."""
        return tuple(problem for each in self.broken.values() for problem in each)

    def problems_elsewhere(self) -> tuple[Problem, ...]:
        """Ask for the secrets that are kept elsewhere ⟶ those that can't be had, and why."""
        return tuple(
            Problem(place, problem)
            for place, secret in self.elsewhere
            if (problem := _unreadable(secret)) is not None
        )


def _unreadable(secret: Secret) -> str | None:
    try:
        secret.reveal()
    except Exception as error:
        return text(error) or type(error).__name__
    return None


def load(
    name: str, *, file: str | Path | None = None, only: Collection[str] | None = None
) -> Profile:
    """A profile's name ⟶ the profile; raises `ProfileError` where the file isn't in form.

    file: `fwf.toml` of the working folder, or of the nearest above that has one, if None.
    only: the resources that are looked at; their openers' modules are imported. All if None.

    No resource is opened. Whether the variables and files of secrets are there is looked at; none
    is read, unless an opener of fwf's takes it as a text, whose form it checks.
    """
    profile_sheet = sheet(name, file)
    return _profile_of(profile_sheet, profile_sheet.entries if only is None else only)


def _profile_of(profile_sheet: Sheet, only: Collection[str]) -> Profile:
    there: dict[str, Opener | Secret] = {}
    broken: dict[str, tuple[Problem, ...]] = {}
    elsewhere: list[tuple[str, Secret]] = []
    for name, entry in profile_sheet.entries.items():
        if name in only:
            reader = Reader(profile_sheet.file.parent)
            value = resource(entry, reader)
            if reader.problems or value is None:
                broken[name] = tuple(reader.problems)
            else:
                there[name] = value
                elsewhere += reader.secrets
    names = tuple(profile_sheet.entries)
    return Profile(profile_sheet.name, profile_sheet.file, names, there, broken, tuple(elsewhere))


def resources(
    name: str, *, file: str | Path | None = None, of: AnyWorkflow | None = None
) -> Mapping[str, Opener | Secret]:
    """A profile's name ⟶ its resources, for `run`; raises `ProfileError` with all problems.

    file: `fwf.toml` of the working folder, or of the nearest above that has one, if None.
    of: the workflow whose resources are wanted, so that the others may be what they are; what the
        profile doesn't have of them `run` says. All of the profile if None.

    A secret is read when a resource is opened, each time; whether its variable or file is there is
    looked at now. What it reads from stays out of all texts, and goes to other processes by name.
    """
    only = None
    if of is not None:
        only = {each.name for each in requirements(as_workflow(of, "resources")).named()}
    profile = load(name, file=file, only=only)
    if profile.problems:
        raise ProfileError(profile.file, profile.problems)
    return profile.resources
