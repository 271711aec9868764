"""What does the job work on? A shop's database, a web server's log, currency rates: made here.

`python -m examples.daily.seed` makes all of it; a second call changes nothing. Customers, orders
and line items come from the TPC-H generator, whose orders run from 1992-01-01 to 1998-08-02. The
access log is written for a few of those days: by default the two below, or each `--day`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from examples.daily.places import Places, here, write_whole
from examples.daily.seed_log import day_of_log

BUSY_DAY: Final = date(1995, 9, 16)
EMPTY_DAY: Final = date(1994, 7, 20)  # at scale 0.01 nobody ordered anything

TABLES: Final = """
    CREATE TABLE customers (
        customer_key BIGINT PRIMARY KEY, name TEXT NOT NULL, segment TEXT NOT NULL,
        country TEXT NOT NULL, currency TEXT NOT NULL
    );
    CREATE TABLE orders (
        order_key BIGINT PRIMARY KEY, customer_key BIGINT NOT NULL REFERENCES customers,
        day DATE NOT NULL, status TEXT NOT NULL, amount NUMERIC(15, 2) NOT NULL
    );
    CREATE TABLE line_items (
        order_key BIGINT NOT NULL REFERENCES orders, line_number INTEGER NOT NULL,
        part_key BIGINT NOT NULL, quantity INTEGER NOT NULL, price NUMERIC(15, 2) NOT NULL,
        discount NUMERIC(4, 2) NOT NULL, tax NUMERIC(4, 2) NOT NULL,
        PRIMARY KEY (order_key, line_number)
    );
    CREATE INDEX orders_by_day ON orders (day);
"""
"""The shop's tables, in words that DuckDB and PostgreSQL share."""

FILLED: Final = """
    CREATE TABLE made_with (scale DOUBLE);
    INSERT INTO made_with VALUES ($scale);
    INSERT INTO customers
        SELECT c_custkey, c_name, c_mktsegment, country, currency
        FROM read_csv($folder || '/customer.csv', all_varchar = true)
        JOIN (SELECT unnest($nations, recursive := true)) ON nation = c_nationkey::INTEGER
        ORDER BY c_custkey::BIGINT;
    INSERT INTO orders
        SELECT o_orderkey, o_custkey, o_orderdate, o_orderstatus, o_totalprice
        FROM read_csv($folder || '/orders.csv', all_varchar = true)
        ORDER BY o_orderkey::BIGINT;
    INSERT INTO line_items
        SELECT l_orderkey, l_linenumber, l_partkey, l_quantity, l_extendedprice, l_discount, l_tax
        FROM read_csv($folder || '/lineitem.csv', all_varchar = true)
        ORDER BY l_orderkey::BIGINT, l_linenumber::INTEGER
"""

# TPC-H nations, by key: name, currency, and US dollars for one unit of it.
NATIONS: Final = (
    ("Algeria", "DZD", "0.00742"),
    ("Argentina", "ARS", "0.00099"),
    ("Brazil", "BRL", "0.1763"),
    ("Canada", "CAD", "0.7281"),
    ("Egypt", "EGP", "0.0206"),
    ("Ethiopia", "ETB", "0.0079"),
    ("France", "EUR", "1.0842"),
    ("Germany", "EUR", "1.0842"),
    ("India", "INR", "0.01192"),
    ("Indonesia", "IDR", "0.0000614"),
    ("Iran", "IRR", "0.0000238"),
    ("Iraq", "IQD", "0.000763"),
    ("Japan", "JPY", "0.00664"),
    ("Jordan", "JOD", "1.4104"),
    ("Kenya", "KES", "0.00774"),
    ("Morocco", "MAD", "0.1004"),
    ("Mozambique", "MZN", "0.01565"),
    ("Peru", "PEN", "0.2671"),
    ("China", "CNY", "0.1381"),
    ("Romania", "RON", "0.2179"),
    ("Saudi Arabia", "SAR", "0.2666"),
    ("Vietnam", "VND", "0.0000394"),
    ("Russia", "RUB", "0.01089"),
    ("United Kingdom", "GBP", "1.2967"),
    ("United States", "USD", "1"),
)


def seed(places: Places, *, scale: float, days: Sequence[date]) -> None:
    """Make what is not there yet; what is there and fits stays as it is."""
    if not has_shop(places.shop, scale):
        make_shop(places.shop, scale)
    rates = rates_today()
    write_whole(places.rates, json.dumps(rates, indent=1).encode())
    if not places.last_rates.exists():
        last = {"as_of": "1991-12-31", "rates": rates}
        write_whole(places.last_rates, json.dumps(last, indent=1).encode())
    for day in days:
        make_log(places, day)


def has_shop(path: Path, scale: float) -> bool:
    """Whether the database is there, in this size."""
    if not path.exists():
        return False
    try:
        with duckdb.connect(str(path), read_only=True) as shop:
            return shop.execute("SELECT scale FROM made_with").fetchone() == (scale,)
    except duckdb.Error:
        return False


def make_shop(path: Path, scale: float) -> None:
    """Generate the TPC-H tables and load those of the shop, under a temporary name until done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".shop.") as name:
        folder = Path(name)
        generate(folder, scale)
        with duckdb.connect(str(folder / path.name)) as shop:
            shop.execute(TABLES)
            known = {"scale": scale, "folder": str(folder), "nations": nations()}
            for statement in FILLED.split(";"):
                named = {each: value for each, value in known.items() if f"${each}" in statement}
                shop.execute(statement, named)
        os.replace(folder / path.name, path)


def nations() -> list[dict[str, object]]:
    """The nations by key, with their currency."""
    return [
        {"nation": key, "country": country, "currency": currency}
        for key, (country, currency, _) in enumerate(NATIONS)
    ]


def generate(folder: Path, scale: float) -> None:
    """Run the TPC-H generator, which the package tpchgen-cli brings."""
    beside_python = Path(sysconfig.get_path("scripts")) / "tpchgen-cli"
    program = str(beside_python) if beside_python.exists() else shutil.which("tpchgen-cli")
    if program is None:
        raise SystemExit("tpchgen-cli is not installed; install the demo extra: fwf[demo]")
    what = ["--tables", "customer,orders,lineitem", "--scale-factor", str(scale)]
    command = [program, "csv", *what, "--output-dir", str(folder), "--quiet"]
    status = subprocess.run(command, check=False).returncode
    if status:
        raise SystemExit(f"tpchgen-cli could not make the shop's tables: exit status {status}")


def rates_today() -> list[dict[str, str]]:
    """Each currency once, with its worth in US dollars."""
    worth = {currency: usd for _, currency, usd in NATIONS}
    return [{"currency": currency, "usd": usd} for currency, usd in sorted(worth.items())]


def make_log(places: Places, day: date) -> None:
    """Write a day's log files into a folder that has its name only when it is complete."""
    with duckdb.connect(str(places.shop), read_only=True) as shop:
        files = day_of_log(shop, day)
    folder = places.logs / day.isoformat()
    if folder.is_dir() and {file.name: file.read_bytes() for file in folder.iterdir()} == files:
        return
    places.logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=places.logs, prefix=f".{day}.") as name:
        made, old = Path(name, "made"), Path(name, "old")
        made.mkdir()
        for file_name, content in files.items():
            (made / file_name).write_bytes(content)
        if folder.exists():
            os.replace(folder, old)
        os.replace(made, folder)


def day(text: str) -> date:
    """A day as the command line writes it."""
    return date.fromisoformat(text)


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.daily.seed", description="Make the inputs of the daily example."
    )
    parser.add_argument(
        "--scale", type=float, default=0.01, help="TPC-H scale factor; 1 is 1.5 million orders"
    )
    parser.add_argument(
        "--day",
        type=day,
        action="append",
        dest="days",
        help=f"a day to write the access log for, again for more (default: {BUSY_DAY} and "
        f"{EMPTY_DAY}, on which nobody orders at scale 0.01)",
    )
    return parser.parse_args(words)


def main() -> None:
    """Seed the folder of the example."""
    asked = arguments(sys.argv[1:])
    days: list[date] = asked.days or [BUSY_DAY, EMPTY_DAY]
    seed(here(), scale=asked.scale, days=days)
    print(f"inputs for {', '.join(map(str, days))} are in {here().folder}")


if __name__ == "__main__":
    main()
