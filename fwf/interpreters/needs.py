"""What a workflow needs before it can run, and what it touches."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, final

from fwf.algebra.traverse import fold
from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.analysis.requirements import Requirement, Requirements, problems, requirements
from fwf.analysis.wants import Collector, users
from fwf.faults import Issue, listed
from fwf.printing import printable
from fwf.records import changed, record
from fwf.states import kinds_of
from fwf.types import hints as types

MAX_USERS = 3


@final
@record()
class Need:
    """A name that is to be given; `types` has more than one where its users don't agree."""

    name: str
    types: tuple[Any, ...]
    optional: bool
    used_by: tuple[str, ...]

    @property
    def type(self) -> str:
        """Its type as a reader would write it."""
        return " and ".join(map(types.full_name_of, self.types)) or "Any"

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "name": self.name,
            "type": self.type,
            "optional": self.optional,
            "used_by": list(self.used_by),
        }


@final
@record(hidden=("required",))
class Needs:
    """All that a workflow takes from outside. Prints as a table.

    `undecided` are names that a task takes without saying whether they are parameters or
    resources; `states` are what a run has from its journal, and `facts` its own, which nobody has
    to give.
    """

    required: Requirements
    parameters: tuple[Need, ...]
    resources: tuple[Need, ...]
    secrets: tuple[Need, ...]
    undecided: tuple[Need, ...]
    states: tuple[Need, ...]
    facts: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    pools: tuple[str, ...]

    def __str__(self) -> str:
        needs_by_title = {
            "parameters": self.parameters,
            "resources": self.resources,
            "secrets": self.secrets,
            "parameters or resources": self.undecided,
            "states": self.states,
        }
        others = {
            "reads": self.reads,
            "writes": self.writes,
            "pools": self.pools,
            "run facts": self.facts,
        }
        tables = [
            _table(title, [_row(need) for need in needs]) for title, needs in needs_by_title.items()
        ]
        tables += [_table(title, [(each,) for each in names]) for title, names in others.items()]
        return "\n\n".join(filter(None, tables)) or "nothing"

    def to_json(self) -> dict[str, Any]:
        """As plain data, for `json.dumps`."""
        return {
            "parameters": [need.to_json() for need in self.parameters],
            "resources": [need.to_json() for need in self.resources],
            "secrets": [need.to_json() for need in self.secrets],
            "undecided": [need.to_json() for need in self.undecided],
            "states": [need.to_json() for need in self.states],
            "facts": list(self.facts),
            "reads": list(self.reads),
            "writes": list(self.writes),
            "pools": list(self.pools),
        }


def needs(w: AnyWorkflow, /) -> Needs:
    """Workflow ⟶ the parameters, resources and secrets to be given, the datasets it touches.

    Parameters that `with_params` binds are left out; resources have the names that `using` gives.

    >>> from datetime import date
    >>> from fwf import task
    >>> @task(effect="read", reads=["postgres://shop/orders"])
    ... def orders(*, day: date, limit: int = 10) -> int: ...
    >>> print(needs(orders))
    parameters
      day    date             orders
      limit  int    optional  orders
    <BLANKLINE>
    reads
      postgres://shop/orders
    """
    node = as_workflow(w, "needs")
    required = requirements(node)
    kinds = kinds_of(required)
    collector = Collector()
    fold(collector.step, node)

    def each(some: Iterable[Requirement]) -> tuple[Need, ...]:
        return tuple(
            Need(one.name, one.types, one.optional, users(node, one.name, one.kind, collector))
            for one in some
        )

    return Needs(
        required,
        each(required.parameters),
        each(one for one in required.resources if one.name not in kinds),
        each(required.secrets),
        each(required.unknown),
        tuple(
            changed(one, types=kinds[one.name])
            for one in each(one for one in required.resources if one.name in kinds)
        ),
        required.facts,
        required.reads,
        required.writes,
        required.pools,
    )


def missing(
    needed: Needs,
    params: Mapping[str, object],
    resources: Mapping[str, object] | Collection[str] = (),
) -> tuple[Issue, ...]:
    """Needs, what is given ⟶ everything missing, unknown or wrongly typed, at once."""
    return problems(needed.required, params, resources)


def _row(need: Need) -> tuple[str, ...]:
    used_by = listed(need.used_by, len(need.used_by), MAX_USERS)
    return (need.name, need.type, "optional" if need.optional else "", used_by)


def _table(title: str, rows: list[tuple[str, ...]]) -> str:
    """A titled table with aligned columns; columns that are empty throughout are left out."""
    if not rows:
        return ""
    printable_rows = [map(printable, row) for row in rows]
    columns = [column for column in zip(*printable_rows, strict=True) if any(column)]
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]
    return "\n  ".join([title, *lines])
