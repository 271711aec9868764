"""What tells one run from every other: an identifier of its own, later ones greater."""

import os
from datetime import UTC, datetime
from typing import Final

from fwf.durations import MICROSECOND

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def run_id(start: datetime) -> str:
    """When a run started ⟶ a UUID of version 7, with the microseconds (RFC 9562 §5.7, §6.2).

    Written here, since importing `uuid` takes longer than a short run, and Python makes these from
    3.14 on.
    """
    millis, micros = divmod((start - EPOCH) // MICROSECOND, 1_000)
    chance = int.from_bytes(os.urandom(8), "big") >> 2
    number = millis << 80 | 7 << 76 | (micros * 4_096 // 1_000) << 64 | 2 << 62 | chance
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
