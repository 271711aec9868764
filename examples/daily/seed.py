"""What does the job work on? A shop's database, a web server's log, currency rates: made here.

`python -m examples.daily.seed` makes all of it; a second call changes nothing. Customers, orders
and line items come from the TPC-H generator, whose orders run from 1992-01-01 to 1998-08-02. The
access log is written for a few of those days: by default the two below, or each `--day`.
"""

import argparse
import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Final

from examples.daily.places import Places, here, write_whole
from examples.daily.seed_log import day_of_log

BUSY_DAY: Final = date(1995, 9, 16)
EMPTY_DAY: Final = date(1994, 7, 20)  # at scale 0.01 nobody ordered anything

TABLES: Final = """
    CREATE TABLE made_with (scale REAL NOT NULL);
    CREATE TABLE customers (
        customer_key INTEGER PRIMARY KEY, name TEXT NOT NULL, segment TEXT NOT NULL,
        country TEXT NOT NULL, currency TEXT NOT NULL
    );
    CREATE TABLE orders (
        order_key INTEGER PRIMARY KEY, customer_key INTEGER NOT NULL REFERENCES customers,
        day TEXT NOT NULL, status TEXT NOT NULL, total_cents INTEGER NOT NULL
    );
    CREATE TABLE line_items (
        order_key INTEGER NOT NULL REFERENCES orders, line_number INTEGER NOT NULL,
        part_key INTEGER NOT NULL, quantity INTEGER NOT NULL, price_cents INTEGER NOT NULL,
        discount_percent INTEGER NOT NULL, tax_percent INTEGER NOT NULL,
        PRIMARY KEY (order_key, line_number)
    ) WITHOUT ROWID;
"""
INDEXES: Final = """
    CREATE INDEX orders_by_day ON orders (day);
    CREATE INDEX orders_by_customer ON orders (customer_key);
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
    with closing(sqlite3.connect(path)) as shop:
        try:
            return bool(shop.execute("SELECT scale FROM made_with").fetchone() == (scale,))
        except sqlite3.DatabaseError:
            return False


def make_shop(path: Path, scale: float) -> None:
    """Generate the TPC-H tables and load those of the shop, under a temporary name until done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".shop.") as name:
        folder = Path(name)
        generate(folder, scale)
        with closing(sqlite3.connect(folder / path.name)) as shop, shop:
            shop.executescript(TABLES)
            shop.execute("INSERT INTO made_with VALUES (?)", (scale,))
            shop.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?)", customers(folder))
            shop.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", orders(folder))
            shop.executemany(
                "INSERT INTO line_items VALUES (?, ?, ?, ?, ?, ?, ?)", line_items(folder)
            )
            shop.executescript(INDEXES)
        os.replace(folder / path.name, path)


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


def customers(folder: Path) -> Iterator[tuple[object, ...]]:
    """Rows of the table `customers`."""
    for row in records(folder / "customer.csv"):
        country, currency, _ = NATIONS[int(row["c_nationkey"])]
        yield int(row["c_custkey"]), row["c_name"], row["c_mktsegment"], country, currency


def orders(folder: Path) -> Iterator[tuple[object, ...]]:
    """Rows of the table `orders`; amounts are in the customer's currency."""
    for row in records(folder / "orders.csv"):
        keys = int(row["o_orderkey"]), int(row["o_custkey"])
        yield *keys, row["o_orderdate"], row["o_orderstatus"], hundredths(row["o_totalprice"])


def line_items(folder: Path) -> Iterator[tuple[object, ...]]:
    """Rows of the table `line_items`."""
    for row in records(folder / "lineitem.csv"):
        keys = int(row["l_orderkey"]), int(row["l_linenumber"]), int(row["l_partkey"])
        amounts = (hundredths(row[f"l_{of}"]) for of in ("extendedprice", "discount", "tax"))
        yield *keys, int(row["l_quantity"]), *amounts


def records(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV file, by column."""
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def hundredths(text: str) -> int:
    """`1234.5` as 123450: cents of an amount, per cent of a share."""
    whole, _, part = text.partition(".")
    sign = -1 if whole.startswith("-") else 1
    return int(whole) * 100 + sign * int(f"{part:0<2}")


def rates_today() -> list[dict[str, str]]:
    """Each currency once, with its worth in US dollars."""
    worth = {currency: usd for _, currency, usd in NATIONS}
    return [{"currency": currency, "usd": usd} for currency, usd in sorted(worth.items())]


def make_log(places: Places, day: date) -> None:
    """Write a day's log files into a folder that has its name only when it is complete."""
    with closing(sqlite3.connect(places.shop)) as shop:
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
