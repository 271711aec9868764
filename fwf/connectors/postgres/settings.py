"""How is a database reached? A checked connection URL, and how long anything may take."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, final

from fwf.algebra import checked_fields
from fwf.connectors.shared.extras import late
from fwf.durations import checked_duration
from fwf.secrets import Secret, remember

_psycopg: Any = late("psycopg", "postgres")
WHERE: Final = "postgres.database"
SCHEMES: Final = ("postgresql://", "postgres://")
_ADVICE: Final = (
    "needs a URL such as postgresql://user@host:5432/shop, in which @ : / of a password are "
    "written as %40 %3A %2F; or leave the password out and give password=Secret.env(…)"
)
_LEAST: Final = timedelta(milliseconds=1)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """The settings of a database; nothing is read of them before they are opened."""

    url: str | Secret
    password: Secret | None
    connect_within: timedelta
    lock_within: timedelta
    idle_within: timedelta
    within: timedelta

    def address(self) -> "Address":
        """Where the database is, the secrets revealed; raises `ValueError` for no URL."""
        url = self.url.reveal() if isinstance(self.url, Secret) else self.url
        parts = _parts(url)
        if self.password is not None:
            parts["password"] = self.password.reveal()
        where = _place(parts)
        for name in ("password", "sslpassword"):
            if parts.get(name):
                remember([(parts[name], f"<{name} of {where}>")])
        seconds = max(2, round(self.connect_within.total_seconds()))  # libpq's least
        own = {
            "application_name": "fwf",
            "client_encoding": "UTF8",
            "connect_timeout": str(seconds),
            # Of a peer that is gone: asked after half a minute of silence, given up after one.
            "keepalives_idle": "30",
            "keepalives_interval": "10",
            "keepalives_count": "3",
            "tcp_user_timeout": "60000",
        }
        parameters: Any = {**own, **parts}
        return Address(_psycopg.conninfo.make_conninfo(**parameters), where, self._session())

    def _session(self) -> str:
        """What each session is told first: UTC, and how long the server lets anything take."""
        texts = {
            "TimeZone": "UTC",
            "DateStyle": "ISO",
            "IntervalStyle": "postgres",
            "standard_conforming_strings": "on",
            "extra_float_digits": "1",
            "statement_timeout": _milliseconds(self.within),
            "lock_timeout": _milliseconds(self.lock_within),
            "idle_in_transaction_session_timeout": _milliseconds(self.idle_within),
        }
        return "SELECT " + ", ".join(
            f"pg_catalog.set_config('{name}', '{value}', false)" for name, value in texts.items()
        )


@final
@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """What libpq is given, which holds the password; what may be told; the session's settings."""

    conninfo: str
    where: str
    session: str


def settings_of(
    url: str | Secret,
    *,
    password: Secret | None,
    connect_within: timedelta,
    lock_within: timedelta,
    idle_within: timedelta,
    within: timedelta,
) -> Settings:
    """Checked settings; a URL that is a secret is checked when it is opened."""
    checked_fields.instance(
        url, (str, Secret), f"{WHERE}(url=…)", "a URL, or a Secret that holds one"
    )
    if password is not None:
        checked_fields.instance(password, Secret, f"{WHERE}(password=…)", "a Secret")
    if isinstance(url, str):
        _parts(url)
    for name, duration in (
        ("connect_within", connect_within),
        ("lock_within", lock_within),
        ("idle_within", idle_within),
        ("within", within),
    ):
        if checked_duration(duration, f"{WHERE}({name}=…)") < _LEAST:
            raise ValueError(f"{WHERE}({name}={duration}): needs at least a millisecond")
    return Settings(url, password, connect_within, lock_within, idle_within, within)


def _parts(url: str) -> dict[str, Any]:
    """A URL ⟶ its parts, by libpq; nothing of the URL is told, since any part may be a password."""
    if not url.startswith(SCHEMES) or "\0" in url:
        raise ValueError(f"{WHERE}(url=…): {_ADVICE}")
    try:
        parts: dict[str, Any] = _psycopg.conninfo.conninfo_to_dict(url)
    except (_psycopg.Error, UnicodeError):
        parts = {}
    ports = str(parts.get("port", "")).split(",")
    misread = any("@" in str(parts.get(name, "")) for name in ("host", "dbname"))
    if not parts or misread or not all(not port or port.isdecimal() for port in ports):
        raise ValueError(f"{WHERE}(url=…): {_ADVICE}")
    return parts


def _place(parts: dict[str, Any]) -> str:
    """Host, port and database, without user and password."""
    host, port, name = (parts.get(each, "") for each in ("host", "port", "dbname"))
    return f"{host or 'localhost'}{':' if port else ''}{port}/{name or parts.get('user', '')}"


def _milliseconds(duration: timedelta) -> str:
    return str(min(max(1, round(duration / timedelta(milliseconds=1))), 2**31 - 1))
