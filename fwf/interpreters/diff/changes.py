"""What a comparison tells: changes, each with its places, its level and its reason."""

from collections import Counter
from typing import Any, Final, Literal, TypeAlias, final

from fwf.algebra.traverse import Visit
from fwf.faults import counted, shortened
from fwf.printing import printable
from fwf.records import record

Level: TypeAlias = Literal["none", "refactoring", "behaviour"]
Kind: TypeAlias = Literal[
    "added", "removed", "replaced", "moved", "renamed", "changed", "wrapped", "unwrapped", "notes"
]
SIGNS: Final[dict[Level, str]] = {"behaviour": "!", "refactoring": "~", "none": "."}
"""What stands in front of a change in the text."""
MOST_CHANGES: Final = 200
"""So many changes are shown in the text, with shortened paths; `json()` has them all, whole."""


@final
@record(eq=False, repr=False)
class Change:
    """One edit: where it was and is, how much it matters, and why in plain words.

    level: "none" for notes, "refactoring" where the laws say that the work is the same,
        "behaviour" for all else.

    Paths are worked out when they are asked for: those of 100,000 nested parts are long.
    """

    kind: Kind
    level: Level
    was: Visit | None
    now: Visit | None
    reason: str

    @property
    def old(self) -> str | None:
        """Its path in the old workflow; None for what is new."""
        return None if self.was is None else self.was.path

    @property
    def new(self) -> str | None:
        """Its path in the new workflow; None for what is gone."""
        return None if self.now is None else self.now.path

    @property
    def path(self) -> str:
        """Its path in the new workflow or, for what is gone, in the old one."""
        return (self.new if self.now is not None else self.old) or ""

    def __str__(self) -> str:
        path, old = self.path, self.old
        is_elsewhere = self.kind in ("moved", "renamed") and old and old != path
        place = f"{shortened(old or '')} → {shortened(path)}" if is_elsewhere else shortened(path)
        text = f"{place}: {self.reason}" if place else self.reason
        return printable(f"{SIGNS[self.level]} {text}")

    def __repr__(self) -> str:
        return f"<{self}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Change) and self.json() == other.json()

    def __hash__(self) -> int:
        return hash((self.kind, self.level, self.path, self.reason))

    def json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "kind": self.kind,
            "level": self.level,
            "old": self.old,
            "new": self.new,
            "reason": self.reason,
        }


@final
@record()
class Diff:
    """What changed from one workflow to another; prints as a line that sums up, and the changes.

    level: that of the whole: "none" if all but notes is the same, "refactoring" if both have one
        normal form, else "behaviour". Changes stand in the order of the new workflow.
    """

    name: str
    level: Level
    changes: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __str__(self) -> str:
        more = len(self.changes) - MOST_CHANGES
        lines = [self.headline, *map(str, self.changes[:MOST_CHANGES])]
        return "\n".join([*lines, f"… and {counted(more, 'more change')}"] if more > 0 else lines)

    @property
    def headline(self) -> str:
        """`daily: behaviour changes in 2 places`."""
        return printable(f"{self.name}: {self._summary()}")

    def _summary(self) -> str:
        if not self.changes:
            return "no change"
        levels = Counter(change.level for change in self.changes)
        match self.level:
            case "none":
                return f"only notes changed, in {counted(levels['none'], 'place')}"
            case "refactoring":
                return f"the same behaviour, written differently in {self._places('refactoring')}"
            case "behaviour":
                return f"behaviour changes in {self._places('behaviour')}"

    def _places(self, level: Level) -> str:
        return counted(sum(change.level == level for change in self.changes), "place")

    def json(self) -> dict[str, Any]:
        """As plain data, for `json.dumps`."""
        changes = [change.json() for change in self.changes]
        return {"workflow": self.name, "level": self.level, "changes": changes}
