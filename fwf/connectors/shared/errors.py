"""What do connectors raise? Errors that say by their class whether asking again helps.

Their messages name systems, tables, columns and counts: never values of rows, never the password in
a URL. So what a driver raises is never passed on, nor chained: `raise Unreachable(…) from None`.
"""

from typing import Final

from fwf.faults import Permanent, RetryAfter


class Transient(Exception):
    """Asking again may help: `retry(w, on=Transient)`."""


class Unreachable(Transient):
    """The system did not answer, or the connection was lost, before anything can have happened."""


class Overloaded(RetryAfter, Transient):
    """The system asks to be left alone for a while, and says how long."""


class Conflict(Transient):
    """Another transaction was in the way; nothing of this one is left."""


class MaybeDone(Transient):
    """The answer was lost, so that nobody knows whether it was done.

    Only what is idempotent may be tried again: a read, or a write that carries its key.
    """


class Refused(Permanent):
    """The system understood and said no."""


class Unauthorized(Refused):
    """The system does not know who asks, or does not let them."""


class Missing(Refused):
    """What was asked for isn't there: a table, a bucket, an object, a path."""


class BadData(Permanent):
    """The data isn't what was declared; the message names columns and counts."""


class KeyReused(Permanent):
    """An idempotency key that was used for other data."""


OTHER_KEY: Final = "if other data are meant, name the run: run(…, key=…), fwf run --key"
"""The remedy where a run's own key is `KeyReused`."""
