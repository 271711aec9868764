"""What does an error of obstore mean? Whether asking again helps, without what mustn't be seen.

Its text holds URLs, headers of the store's answer and whatever a server wrote: of it only the
status, S3's own word for the error and the number of the operating system's are passed on.
"""

import errno
import os
import re
from typing import Final

from obstore import exceptions

from fwf.connectors.shared.errors import (
    Conflict,
    MaybeDone,
    Missing,
    Refused,
    Unauthorized,
    Unreachable,
)

STATUS: Final = re.compile(r"non-2xx status code: (\d{3})")
CODE: Final = re.compile(r"<Code>([A-Za-z.]{1,60})</Code>")
SYSTEM: Final = re.compile(r"Os \{\s*code: (\d+)")
NOT_CONNECTED: Final = re.compile(r"kind: Connect,")
CUT: Final = re.compile(r"kind: (?:Timeout|Interrupted|Request|Decode|Body|Unknown),")
STRANGERS: Final = frozenset(
    {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "TokenRefreshRequired"}
)
NOT_NOW: Final = frozenset({"429", "503"})
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class NoBucket(Missing):
    """There is no bucket in which an object could be."""


def connector_error(
    error: Exception, where: str, *, wrote: bool, unknown: type[Exception] = Refused
) -> Exception:
    """What obstore raised ⟶ what the task raises.

    wrote: whether something may have been done although nothing says so.
    unknown: what is made of an error that isn't known: whether asking again may help.
    """
    text = str(error)
    status = match[1] if (match := STATUS.search(text)) else ""
    code = match[1] if (match := CODE.search(text)) else ""
    answer = " ".join(filter(None, (status, code)))
    if isinstance(error, exceptions.PreconditionError):
        return Conflict(f"{where}: it was written anew a moment ago")
    if isinstance(error, exceptions.AlreadyExistsError):
        return Conflict(f"{where}: something is there already, or was a moment ago")
    if code == "NoSuchBucket":
        return NoBucket(f"{where}: there is no such bucket")
    if isinstance(error, FileNotFoundError) or status == "404":
        return Missing(f"{where}: not there")
    denials = exceptions.PermissionDeniedError | exceptions.UnauthenticatedError
    if isinstance(error, denials) or status in ("401", "403") or code in STRANGERS:
        return Unauthorized(f"{where}: {answer or 'not allowed'}")
    if status:
        return _by_status(status, answer, where, wrote=wrote)
    if match := SYSTEM.search(text):
        if NOT_CONNECTED.search(text):
            return Unreachable(f"{where}: no connection")
        return _by_system(int(match[1]), where)
    known = _by_transport(text, where, wrote=wrote)
    return known or unknown(f"{where}: obstore raises {type(error).__name__}")


def _by_status(status: str, answer: str, where: str, *, wrote: bool) -> Exception:
    if status in NOT_NOW:
        return Unreachable(f"{where}: {answer}, it asks for fewer requests")
    if status == "409":
        return Conflict(f"{where}: {answer}")
    if status == "408" or "RequestTimeout" in answer or status.startswith("5"):
        return MaybeDone(f"{where}: {answer}") if wrote else Unreachable(f"{where}: {answer}")
    return Refused(f"{where}: {answer}")


def _by_system(number: int, where: str) -> Exception:
    message = os.strerror(number)
    if number == errno.ENOENT:
        return Missing(f"{where}: not there")
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Unauthorized(f"{where}: {message}")
    if number in FULL:
        return Refused(f"{where}: no room: {message}")
    return Refused(f"{where}: {message}")


def _by_transport(text: str, where: str, *, wrote: bool) -> Exception | None:
    if NOT_CONNECTED.search(text):
        return Unreachable(f"{where}: no connection")
    if CUT.search(text):
        problem = (
            "no answer within the time that it has" if "TimedOut" in text else "the answer was cut"
        )
        return MaybeDone(f"{where}: {problem}") if wrote else Unreachable(f"{where}: {problem}")
    if "redirect" in text:
        return Refused(f"{where}: the bucket is elsewhere: give its region=")
    return None
