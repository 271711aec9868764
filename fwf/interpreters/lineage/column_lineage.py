"""How is a column of a dataset made of others? As people, JSON and OpenLineage are told it."""

from typing import Any, Literal, TypeAlias, final

from fwf.records import record

Kind: TypeAlias = Literal["IDENTITY", "TRANSFORMATION", "AGGREGATION"]
"""How a column is made of another, in the words of OpenLineage; the later ones win."""
KINDS: tuple[Kind, ...] = ("IDENTITY", "TRANSFORMATION", "AGGREGATION")


def stronger(one: Kind, other: Kind) -> Kind:
    """What a way of two steps is."""
    return one if KINDS.index(one) >= KINDS.index(other) else other


@final
@record()
class Origin:
    """A column of a dataset that is read, and how another one is made of it, in however many steps.

    The strongest of the steps counts.
    """

    dataset: str
    column: str
    kind: Kind


@final
@record()
class Column:
    """A column of a dataset that is written, and the columns that it is made of as far as known."""

    dataset: str
    name: str
    origins: tuple[Origin, ...]


@final
@record()
class Columns:
    """The columns that a task writes; `problems` say of which not all is known, and why."""

    columns: tuple[Column, ...] = ()
    problems: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        columns = [
            {
                "dataset": column.dataset,
                "column": column.name,
                "origins": [
                    {"dataset": origin.dataset, "column": origin.column, "kind": origin.kind}
                    for origin in column.origins
                ],
            }
            for column in self.columns
        ]
        return {"columns": columns, "columns_missing": list(self.problems)}
