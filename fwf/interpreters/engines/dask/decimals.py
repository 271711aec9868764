"""The context of `decimal` that a run was started in, as text and back."""

from __future__ import annotations

import decimal
import json
from decimal import Context
from typing import Any

_FIELDS = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")


def decimals_to_text(context: Context | None) -> str:
    """Context ⟶ its text; empty if there is none."""
    if context is None:
        return ""
    traps = [kind.__name__ for kind, trapped in context.traps.items() if trapped]
    return json.dumps([[getattr(context, name) for name in _FIELDS], traps])


def set_decimals(text: str) -> None:
    """From now on this context calculates so."""
    values, traps = json.loads(text)
    kinds = [getattr(decimal, name) for name in traps]
    fields: dict[str, Any] = dict(zip(_FIELDS, values, strict=True))
    decimal.setcontext(Context(**fields, flags=[], traps=kinds))
