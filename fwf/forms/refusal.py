"""How JSON that can't be read is refused: one error, with the place and what was expected."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast, final

from fwf.printing import elided

P = ParamSpec("P")
R = TypeVar("R")
MOST = 60
REFUSALS = (TypeError, ValueError, ArithmeticError)
"""What combinators, and Python's own types, raise for what they don't take.

They hash and compare values too, and do arithmetic with times. Anything else is a bug of ours.
"""


@final
class Refused(Exception):
    """JSON can't be read: a JSON Pointer to the place (RFC 6901), and what is wrong there.

    It stays within whoever reads, and says it in an error of its own.
    """

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.message = message


def refusing(at: str, make: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What a function makes of what was read; raises `Refused`, with the place, as it refuses."""
    try:
        return make(*args, **kwargs)
    except REFUSALS as error:
        raise Refused(at, str(error) or type(error).__name__) from None


def refused(at: str, given: object, expected: str) -> Refused:
    """Pointer, what is there, what belongs there ⟶ the refusal that says so."""
    return Refused(at, f"{as_json(given)} is given; {expected} is expected")


def as_json(given: object) -> str:
    """Something read from JSON ⟶ how a message names it, however large it is."""
    if given is None or isinstance(given, bool):
        return {None: "null", True: "true", False: "false"}[given]
    if isinstance(given, dict):
        return "an object"
    if isinstance(given, list):
        return f"a list of {len(cast(Any, given))}"
    return elided(ascii(given) if isinstance(given, str) else repr(given), MOST)


def under(at: str, key: object) -> str:
    """Pointer, key or index ⟶ the pointer to what is there."""
    token = str(key).replace("~", "~0").replace("/", "~1")
    return f"{at}/{elided(token, MOST)}"
