"""What are the settings of a client? Its address, its credentials and its bounds."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias, final

import httpx

from fwf.connectors.http.auth import Auth, Headers
from fwf.connectors.http.exchange import Bounds
from fwf.connectors.http.statuses import Policy
from fwf.secrets import Secret

Proxy: TypeAlias = Secret | str


@final
@dataclass(frozen=True, kw_only=True)
class Settings:
    """What `client(…)` was given, checked."""

    base: httpx.URL
    auth: Auth | None
    headers: Headers
    within: timedelta
    bounds: Bounds
    allow_private: bool
    allow_hosts: frozenset[str]
    proxy: Proxy | None = field(repr=False)
    verify: Path | None
    key_header: str
    key_life: timedelta
    policy: Policy
