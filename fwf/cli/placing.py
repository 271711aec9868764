"""`--on` ⟶ where the tasks of a run are called."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, final

from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import Target
from fwf.faults import BadInput, text

if TYPE_CHECKING:
    from fwf.interpreters.run import Elsewhere


@final
class Refusing:
    """A place for runs, at which misuse is what can't be done there."""

    def __init__(self, place: Elsewhere) -> None:
        self._place = place

    @contextmanager
    def begin(self, *run: Any, **more: Any) -> Generator[Any]:
        """Look at the place for a run; raises `Misuse` with all that can't be done there."""
        with self._place.begin(*run, **more) as site:
            faults = [BadInput(issue.path, issue.message) for issue in site.problems]
            if faults:
                raise Misuse(*map(str, faults))
            yield site


@contextmanager
def placed(on: str | None, target: Target) -> Generator[Elsewhere | None]:
    """What `--on` names, while it is used; None for nothing; raises `Misuse`."""
    if on is None:
        yield None
        return
    from fwf.interpreters.engines import engine_of  # for none but those who go there

    name, behind, address = on.partition("://")
    if not behind and ":" in on:
        place = "://".join(on.split(":", 1))
        raise Misuse(f"--on {on}: an address stands behind ://; did you mean {place!r}?")
    if behind and not address:
        raise Misuse(f"--on {on}: there is no address: write {name}://HOST:PORT, or {name} alone")
    try:
        opening = engine_of(name).open_place(address, target.address)
        place = opening.__enter__()
    except (ValueError, ImportError) as error:
        raise Misuse(f"--on {on}: {text(error)}") from error
    try:
        yield Refusing(place)
    finally:
        opening.__exit__(None, None, None)
