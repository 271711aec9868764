"""The daily job: what a shop sold, who visited, in dollars, loaded into three targets.

fwf show examples.daily.workflow
fwf run examples.daily.workflow --param day=1995-09-16 --param min_amount=1000
"""

from typing import TypeVar

import pyarrow as pa

from examples.daily import standins
from examples.daily.sources import (
    NoRates,
    fresh_rates,
    keep_bad_lines,
    last_known_rates,
    log_files,
    orders,
    rates_page,
    read_log,
    together,
)
from examples.daily.targets import (
    NOTHING,
    Report,
    crm_batches,
    held_items,
    item_batches,
    loads,
    post_batch,
    publish,
    report,
    to_warehouse,
    write_items,
)
from examples.daily.transforms import (
    customers,
    in_dollars,
    large_enough,
    sessions,
    unknown_currency,
    without_rate,
)
from fwf import (
    Ref,
    Workflow,
    backoff,
    branch,
    const,
    delay,
    fallback,
    graph,
    it,
    keep_input,
    loop_until,
    map_each,
    milliseconds,
    minutes,
    named,
    paginate,
    pure,
    retry,
    seconds,
    timeout,
    when,
)
from fwf.connectors.dynamodb import Written
from fwf.connectors.shared.errors import Transient

In = TypeVar("In")
Out = TypeVar("Out")

patience = backoff(milliseconds(250), cap=seconds(5))


def patient(part: Workflow[In, Out]) -> Workflow[In, Out]:
    """Try again while trying again may help."""
    return retry(part, attempts=5, wait=patience, on=Transient)


log = named("log", patient(log_files) >> map_each(patient(read_log), key=it.key))
hits = named("hits", map_each(pure(it.table)) >> together)
bad_lines = named("bad_lines", map_each(pure(it.bad)) >> together)

page = retry(timeout(rates_page, seconds(1)), attempts=5, wait=patience)
pages = paginate(page, limit=100, within=minutes(1), on_limit="stop", on_error="stop")
rates = named("rates", fallback(pages >> fresh_rates, last_known_rates, on=NoRates))

every_rate_known = without_rate >> when(it.num_rows > 0, unknown_currency)
priced = named("priced", in_dollars >> keep_input(every_rate_known) >> pure(it[0]))

held = paginate(patient(held_items), limit=1_000) >> pure(it.items)
left = it.unprocessed.length() > 0
write = loop_until(patient(write_items) >> when(left, delay(seconds(1))), ~left, limit=20)

post = map_each(patient(post_batch), key=it.key, at_once=1)
to_crm = named("to_crm", crm_batches >> post >> patient(publish))


@graph
def to_profiles(customers: Ref[pa.Table]) -> Ref[list[Written]]:
    return map_each(write, at_once=1)(item_batches(customers, held()))


@graph
def load(sales: Ref[pa.Table], customers: Ref[pa.Table]) -> Ref[dict[str, int]]:
    return loads(patient(to_warehouse)(sales), to_profiles(customers), to_crm(customers))


load_if_any = branch(it[0].num_rows > 0, then=load, otherwise=const(NOTHING))


@graph
def daily() -> Ref[Report]:
    files = log()
    visits = sessions(hits(files))
    bad = bad_lines(files)
    keep_bad_lines(bad)
    sold = patient(orders)()
    # An order meets the rate of its currency and the sessions of its customer, who may have none.
    sales = large_enough(priced(sold, visits, rates()))
    loaded = load_if_any(sales, customers(sales))
    return report(sold, bad, sales, loaded)


workflow = daily
resources = standins.resources
