"""`--on` ⟶ where the tasks of a run are called."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import Target
from fwf.faults import text

if TYPE_CHECKING:
    from fwf.interpreters.run import Elsewhere


@contextmanager
def placed(on: str | None, target: Target) -> Generator[Elsewhere | None]:
    """What `--on` names, while it is used; None for nothing; raises `Misuse`."""
    if on is None:
        yield None
        return
    from fwf.interpreters.engines import engine_of  # for none but those who go there

    name, behind, address = on.partition("://")
    if behind and not address:
        raise Misuse(f"--on {on}: there is no address: write {name}://HOST:PORT, or {name} alone")
    try:
        opening = engine_of(name).opened(address, target.address)
        place = opening.__enter__()
    except (ValueError, ImportError) as error:
        raise Misuse(f"--on {on}: {text(error)}") from error
    try:
        yield place
    finally:
        opening.__exit__(None, None, None)
