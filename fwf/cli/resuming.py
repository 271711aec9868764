"""A run that is in a journal ⟶ what the command needs to go on with it: target, parameters, key."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, final

from fwf.analysis.requirements import requirements
from fwf.analysis.run_keys import RunName
from fwf.cli.journals import find_run, open_journal, refusals
from fwf.cli.output import complain
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import Target, folder, load
from fwf.journal.story import short
from fwf.printing import one_line
from fwf.records import record

if TYPE_CHECKING:
    from fwf.journal.run_records import RunRow


FROM_PYTHON: Final = "fwf run TARGET --resume RUN; fwf rerun and fwf resolve take --target TARGET"


@final
@record()
class EarlierRun:
    """A run that is gone on with."""

    row: "RunRow"

    @property
    def short(self) -> str:
        """What it is called in lists and logs."""
        return short(self.row.id)

    @property
    def target(self) -> str:
        """Which target it was started from; raises `Misuse` if that isn't known."""
        target = self.row.facts.get("target")
        if not isinstance(target, str):
            raise Misuse(
                f"run {short(self.row.id)} wasn't started by fwf run, so nothing says where its "
                f"workflow is: {FROM_PYTHON}"
            )
        return target

    @property
    def profile(self) -> str | None:
        """The profile that it was started with."""
        name = self.row.facts.get("profile")
        return name if isinstance(name, str) else None

    @property
    def key(self) -> str | None:
        """The key that it was given."""
        key = self.row.facts.get("key")
        return key if isinstance(key, str) else None

    def load(self, text: str | None) -> Target:
        """The target that is meant, or that it was started from, told where that is another."""
        if text is not None:
            return load(text, to_run=True)
        here = str(folder())
        there = self.row.facts.get("folder", here)
        if there == here:
            return load(self.target, to_run=True)
        started = f"run {self.short} was started in {there}"
        try:
            target = load(self.target, to_run=True)
        except Misuse as error:
            raise Misuse(*error.lines, f"{started}: go there, or give its TARGET") from error
        complain(one_line(f"fwf: {started}; {target.text} is the one in {here}"))
        return target

    def params_for(self, target: Target) -> dict[str, Any]:
        """The parameters that it was started with."""
        from fwf.interpreters.run import params_of

        with refusals():
            return params_of(self.row, target.workflow)

    def refuse_another(self, target: Target, params: Mapping[str, Any]) -> None:
        """Raise `Misuse` unless it is a run of what the target is now."""
        name = RunName(requirements(target.workflow), params, None, self.key)
        if name.key != self.row.key:
            before = self.row.workflow or self.row.facts.get("target", "a workflow without a name")
            raise Misuse(
                f"run {self.short} is one of {before}, and {target.text} is {target.name} now: "
                f"leave it out, or give one that is {before}; if the workflow was renamed, undo "
                "that to go on"
            )

    def merge(self, params: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """Those, and others that are given; raises `Misuse` where they contradict one another."""
        for name, value in values.items():
            if name in params and params[name] != value:
                raise Misuse(
                    f"--param {name}: {value} is given, but run {short(self.row.id)} was started "
                    f"with {params[name]}, and goes on with that; leave it out"
                )
        return {**values, **params}


def earlier_run(journal: str | None, text: str, *, salvage: bool = False) -> EarlierRun:
    """RUN ⟶ the run that is gone on with; `salvage`: in a journal that may be damaged."""
    store = open_journal(journal, salvage=salvage)
    try:
        row = find_run(store, text)
    finally:
        store.close()
    if row.state == "given up":
        raise Misuse(
            f"run {short(row.id)} was given up, so nobody goes on with it: start it anew, "
            "fwf run TARGET with its parameters; that begins another generation"
        )
    return EarlierRun(row)
