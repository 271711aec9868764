"""Where tasks are called, if that isn't here: what a run asks of such a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from fwf.analysis.requirements import Requirements
from fwf.faults import Issue
from fwf.faults.raised import Raised
from fwf.interpreters.run.resources import Opener
from fwf.machine.world import World
from fwf.secrets import Secret

if TYPE_CHECKING:
    from fwf.interpreters.run.local import Local


class Site(Protocol):
    """A place that has been looked at for one run."""

    @property
    def resources(self) -> Mapping[str, Opener | Secret]:
        """What is given of resources, and what the place has of others."""
        ...

    @property
    def problems(self) -> Sequence[Issue]:
        """What can't be done there, each with its path; then nothing of the run is done."""
        ...

    def world(self, local: Local) -> World:
        """The world of the run, around that of tasks which are called here after all."""
        ...

    def close(self) -> Sequence[Raised]:
        """Close what was opened there for the whole run ⟶ what that raised."""
        ...


class Elsewhere(Protocol):
    """A place where tasks are called."""

    def begin(
        self,
        needs: Requirements,
        resources: Mapping[str, Opener | Secret],
        from_journal: frozenset[str],
        /,
    ) -> AbstractContextManager[Site]:
        """Look at the place for a run of a workflow.

        from_journal: the resources that the run has from its journal: only this process has them.
        """
        ...
