"""Where does everything live? In one folder, which the variable DAILY_DATA can move."""

import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

DEFAULT_FOLDER: Final = Path(__file__).parent / "data"


class Unreachable(Exception):
    """A database, folder or service that the job needs is not there, or cannot be used."""


@final
@dataclass(frozen=True, slots=True)
class Places:
    """Every path that the daily job reads or writes."""

    folder: Path

    @property
    def shop(self) -> Path:
        """The shop's own database: customers, orders, line items."""
        return self.folder / "shop.duckdb"

    @property
    def logs(self) -> Path:
        """The web server's access log, `YYYY-MM-DD/HH.log.gz`."""
        return self.folder / "logs"

    @property
    def quarantine(self) -> Path:
        """Log lines that could not be read, `YYYY-MM-DD.jsonl`."""
        return self.folder / "quarantine"

    @property
    def rates(self) -> Path:
        """What the currency service serves."""
        return self.folder / "rates.json"

    @property
    def last_rates(self) -> Path:
        """The rates of the last day on which the currency service gave all of them."""
        return self.folder / "last_rates.json"

    @property
    def warehouse(self) -> Path:
        """Target: a DuckDB file with one row for each order."""
        return self.folder / "warehouse.duckdb"

    @property
    def profiles(self) -> Path:
        """Target: a SQLite file with one item for each customer and day."""
        return self.folder / "profiles.sqlite"

    @property
    def crm(self) -> Path:
        """Where the CRM service keeps what was posted to it."""
        return self.folder / "crm.sqlite"

    @property
    def addresses(self) -> Path:
        """Where running services say at which address they listen."""
        return self.folder / "services.json"


def here() -> Places:
    """The places under DAILY_DATA, or under the example's own `data/`."""
    return Places(Path(os.environ.get("DAILY_DATA", DEFAULT_FOLDER)))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename: its name never stands for half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
