"""Why a plan can't be loaded."""

from typing import final

from fwf.printing import printable
from fwf.records import record


@final
@record()
class PlanError:
    """Why a plan can't be loaded: a JSON Pointer to the place (RFC 6901), and what is wrong."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return printable(f"{self.pointer or 'the plan'}: {self.message}")
