"""Which engines are there, by name; what can each do, and what does it take to use one?"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, cast, final

from fwf.algebra.workflow import AnyWorkflow
from fwf.faults import near
from fwf.interpreters.engines.airflow import table as airflow
from fwf.interpreters.engines.argo import table as argo
from fwf.interpreters.engines.cut import Cut, cut
from fwf.interpreters.engines.dask import table as dask
from fwf.interpreters.engines.exports import ExportFiles, ExportRequest, Printer
from fwf.interpreters.engines.sizes import Budget, Measure, within
from fwf.interpreters.engines.step_functions import (
    measure as step_functions_measure,
    table as step_functions,
)
from fwf.interpreters.engines.support import Table
from fwf.records import record

__all__ = [
    "ENGINES", "Engine", "ExportFiles", "ExportRequest", "Printer", "engine_of", "exportable",
]  # fmt: skip


@final
@record()
class Engine:
    """Somebody else's runtime, as far as a workflow has to know it.

    measure, budget: how much a cut may become there, and the most that it may be; in these units.
    longest: the most that one of its tasks may take.
    printer: `module:function` of the `Printer`, if anything is written down for it.
    schedules: whether a timetable's schedule is written down as well.
    opener: `module:function` of what opens it as a place where runs call their tasks, if it is one.
    needs, extra: the module that must be there for it, and which extra of fwf has that.
    """

    name: str
    title: str
    table: Table
    measure: Measure | None = None
    budget: Budget = Budget()
    units: tuple[str, str, str] = ("event", "byte", "level")
    longest: timedelta | None = None
    printer: str = ""
    schedules: bool = False
    opener: str = ""
    needs: str = ""
    extra: str = ""

    def cut(self, w: AnyWorkflow) -> Cut:
        """Workflow ⟶ its engine tasks, as few of them blocks as table and budget allow."""
        pieces = cut(w, self.table)
        return pieces if self.measure is None else within(pieces, self.measure, self.budget)

    def load_printer(self) -> Printer:
        """What writes a cut in its language; raises `ValueError` if nothing does."""
        if not self.printer:
            names = ", ".join(exportable())
            others = f"; what can be written is for {names}" if names else ""
            run = f"; fwf run TARGET --on {self.name} runs on it" if self.opener else ""
            raise ValueError(f"nothing is written down for {self.title}{run}{others}")
        module, _, function = self.printer.partition(":")
        return cast(Printer, getattr(import_module(module), function))

    def open_place(self, address: str, target: str) -> AbstractContextManager[Any]:
        """Address, what its workers import ⟶ where runs call their tasks, for `run(…, on=…)`.

        address: what stands behind `name://`. Raises `ValueError` if it isn't a place for runs, or
        nobody is there, `ImportError` if what it needs isn't installed.
        """
        if not self.opener:
            places = " or ".join(each.name for each in ENGINES.values() if each.opener)
            message = f"{self.title} isn't driven from here; runs go to {places}"
            write = f"; fwf export TARGET --to {self.name} writes what it runs"
            raise ValueError(message + (write if self.printer else ""))
        self.check_installed()
        module, _, function = self.opener.partition(":")
        open: Callable[[str, str], AbstractContextManager[Any]]
        open = getattr(import_module(module), function)
        return open(address, target)

    def check_installed(self) -> None:
        """Raises `ImportError`, which says what to install, if what it needs isn't there."""
        if self.needs and find_spec(self.needs) is None:
            raise ImportError(
                f"{self.title} needs {self.needs}, which is not installed: "
                f'pip install "fwf[{self.extra}]"'
            )


ENGINES: Final[Mapping[str, Engine]] = {
    each.name: each
    for each in (
        Engine(
            "step-functions",
            "Step Functions",
            step_functions.TABLE,
            step_functions_measure.size,
            step_functions_measure.BUDGET,
            longest=step_functions.LONGEST,
            printer="fwf.interpreters.engines.step_functions.package:export_files",
        ),
        Engine(
            "dask",
            "Dask",
            dask.TABLE,
            opener="fwf.interpreters.engines.dask.opening:open_cluster",
            needs="distributed",
            extra="dask",
        ),
        Engine(
            "airflow",
            "Airflow",
            airflow.TABLE,
            airflow.COSTS.size,
            airflow.BUDGET,
            airflow.UNITS,
            printer="fwf.interpreters.engines.airflow.printer:export_files",
            schedules=True,
        ),
        Engine(
            "argo",
            "Argo Workflows",
            argo.TABLE,
            argo.size,
            argo.BUDGET,
            argo.UNITS,
            printer="fwf.interpreters.engines.argo.printer:export_files",
        ),
    )
}
"""Every engine by its name, in the order of tables."""


def engine_of(name: str) -> Engine:
    """Name ⟶ the engine; `_` is as good as `-`. Raises `ValueError` for one that isn't known."""
    key = str(name).lower().replace("_", "-")
    if key not in ENGINES:
        remedy = near(key, ENGINES) or f"; there are {', '.join(ENGINES)}"
        raise ValueError(f"there is no engine {name!r}{remedy}")
    return ENGINES[key]


def exportable() -> tuple[str, ...]:
    """The names of the engines that something is written down for."""
    return tuple(each.name for each in ENGINES.values() if each.printer)
