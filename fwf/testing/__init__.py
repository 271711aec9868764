"""What tests of workflows and of interpreters are made of: claims, laws, generated worlds."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fwf.testing.acted_scenarios import scripted, settled
    from fwf.testing.claims import BrokenClaim, Claim, assert_never_ran, assert_ran
    from fwf.testing.lawful import (
        BrokenLaw,
        Disagreement,
        Interpreter,
        Lawlike,
        Run,
        assert_agrees,
        assert_lawful,
        catalogue,
    )

__all__ = [
    "BrokenClaim", "BrokenLaw", "Claim", "Disagreement", "Interpreter", "Lawlike", "Run",
    "assert_agrees", "assert_lawful", "assert_never_ran", "assert_ran", "catalogue", "scripted",
    "settled",
]  # fmt: skip

_LATE = {
    "claims": ("BrokenClaim", "Claim", "assert_never_ran", "assert_ran"),
    "acted_scenarios": ("scripted", "settled"),
    "lawful": (
        "BrokenLaw", "Disagreement", "Interpreter", "Lawlike", "Run", "assert_agrees",
        "assert_lawful", "catalogue",
    ),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """All is imported when it is first asked for: the pytest plugin must load quickly."""
    for module, names in _LATE.items():
        if name in names:
            return getattr(import_module(f"fwf.testing.{module}"), name)
    raise AttributeError(f"module 'fwf.testing' has no attribute {name!r}")
