"""`--profile` ⟶ the resources of a run, and what is still missing before anything runs."""

from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final, TypeVar, final

import click

from fwf.analysis.requirements import Requirement, requirements
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import Target
from fwf.faults import near
from fwf.printing import one_line
from fwf.records import changed, record
from fwf.secrets import Secret
from fwf.types.hints import full_name_of

if TYPE_CHECKING:
    from fwf.profiles import Problem, Profile  # 10 ms that only who has profiles needs

F = TypeVar("F", bound=Callable[..., Any])
VARIABLE: Final = "FWF_PROFILE"


def profile_options(function: F) -> F:
    """Where resources come from, if not from the workflow's module."""
    name = click.option(
        "--profile", "profile", metavar="NAME", envvar=VARIABLE, callback=_profile_name,
        help="Resources by this profile of fwf.toml, and none of the module's; "
        f"{VARIABLE} in the environment if not given.",
    )  # fmt: skip
    file = click.option(
        "--profiles", "profiles", metavar="FILE", callback=_profile_name,
        help="The file of profiles; fwf.toml in the current folder, or in the nearest above that "
        "has one, if not given.",
    )  # fmt: skip
    return name(file(function))


def _profile_name(ctx: click.Context, option: click.Parameter, given: str | None) -> str | None:
    if given is not None and not given.strip():
        raise click.BadParameter("it is empty", ctx, option)
    return given


@final
@record()
class ChosenProfile:
    """A profile, looked at for a target."""

    profile: "Profile"
    missing: "Mapping[str, tuple[Problem, ...]]"
    """What is wrong, or still to be given, by resource."""
    unused: tuple[str, ...]
    """Resources of the profile that the target doesn't ask for."""

    @property
    def where(self) -> str:
        """The profile, and its file."""
        return f"profile {self.profile.name} of {self.profile.file}"

    @property
    def lines(self) -> list[str]:
        """A line for each problem."""
        found = (problem for each in self.missing.values() for problem in each)
        return [one_line(f"{self.profile.file}: {each}") for each in found]

    def refused(self) -> list[str]:
        """Ask for the secrets that somebody else keeps ⟶ a line for each that can't be had."""
        return [
            one_line(f"{self.profile.file}: {each}") for each in self.profile.problems_elsewhere()
        ]

    def name_and_file(self) -> dict[str, object]:
        """Which profile, as JSON has it."""
        return {"name": self.profile.name, "file": str(self.profile.file)}

    def as_data(self) -> dict[str, object]:
        """The whole, as JSON has it."""
        return {
            **self.name_and_file(),
            "missing": [
                {"resource": name, "place": each.place, "message": each.message}
                for name, found in self.missing.items()
                for each in found
            ],
            "unused": list(self.unused),
        }


def choose_profile(
    target: Target, name: str | None, file: str | None, params: Collection[str] = ()
) -> ChosenProfile | None:
    """The profile that is asked for, if any, looked at for a target; raises `Misuse`.

    params: names that are given as parameters, so that no resource is missing for them.
    """
    if name is None:
        if file is not None:
            raise Misuse(f"--profiles {file}: it is read with --profile NAME; add that")
        return None
    from fwf.profiles import Problem, ProfileError, load

    required = requirements(target.workflow)
    asked = [*required.resources, *required.secrets]
    asked += [each for each in required.unknown if each.name not in params]
    names = {each.name for each in asked}
    try:
        profile = load(name, file=file, only=names)
    except ProfileError as error:
        raise Misuse(*error.lines) from error
    missing = dict(profile.broken)
    unused = tuple(each for each in profile.names if each not in names)
    for each in asked:
        said = _lacks(each, target, profile, unused)
        if said is not None:
            place = f"profile.{name}.resources.{each.name}"
            missing[each.name] = (Problem(place, said),)
    return ChosenProfile(profile, missing, unused)


def _lacks(
    each: Requirement, target: Target, profile: "Profile", unused: Collection[str]
) -> str | None:
    """What a profile lacks of a resource that it has nothing, or something else, for.

    What may be a parameter too is told of where parameters are.
    """
    if each.kind == "unknown":
        return None
    kind = "secret" if each.kind == "secret" else "resource"
    types = " and ".join(map(full_name_of, each.types)) or "Any"
    example = _example(each, target.resources.get(each.name))
    if each.name not in profile.names:
        remedy = near(each.name, unused) or f"; add {each.name} = {example}"
        known = each.optional or each.from_journal
        return None if known else f"the {kind} ({types}) is missing{remedy}"
    found = profile.resources.get(each.name)
    if found is None or isinstance(found, Secret) == (kind == "secret"):
        return None
    here = "a secret" if isinstance(found, Secret) else "an opener"
    return f"is {here}, but the workflow asks for a {kind} ({types}): write {example}"


def _example(each: Requirement, beside: object) -> str:
    """What may be written: the opener of the module itself, if it has one."""
    if each.kind == "secret":
        return f'{{ env = "{each.name.upper()}" }}'
    module, name = getattr(beside, "__module__", None), getattr(beside, "__qualname__", "")
    found = f"{module}:{name}" if module and name.isidentifier() else "module:function"
    return f'{{ opener = "{found}" }}'


def with_profile(target: Target, found: ChosenProfile) -> Target:
    """A target with the resources of a profile; what stands for those missing is never opened."""
    secrets = {each.name for each in requirements(target.workflow).secrets}
    never = Secret(str, where="nowhere")
    instead = {name: never if name in secrets else nullcontext for name in found.missing}
    return changed(target, resources={**found.profile.resources, **instead})


def table(found: ChosenProfile) -> str:
    """What a profile still lacks, as `fwf needs` tells it."""
    lines = [str(problem) for each in found.missing.values() for problem in each]
    said = [f"missing in {found.where}", *lines] if lines else [f"all there in {found.where}"]
    unused = ", ".join(found.unused)
    return "\n  ".join(map(one_line, said)) + (f"\n\nnot used of it\n  {unused}" if unused else "")
