"""The daily job: what a shop sold, who visited, in dollars, loaded into three targets.

fwf show examples.daily.workflow
fwf run examples.daily.workflow --param day=1995-09-16 --param min_amount=1000
"""

from examples.daily import openers
from examples.daily.api import ServiceTrouble
from examples.daily.sources import (
    NoRates,
    fresh_rates,
    last_known_rates,
    log_files,
    orders,
    parse_log,
    rates_page,
    set_bad_lines_aside,
)
from examples.daily.targets import (
    crm_batches,
    empty_day,
    post_batch,
    publish,
    report,
    to_profiles,
    to_warehouse,
)
from examples.daily.transforms import enrich, sessions
from fwf import (
    backoff,
    branch,
    fallback,
    it,
    join,
    keep_input,
    map_each,
    milliseconds,
    minutes,
    named,
    paginate,
    par,
    retry,
    seconds,
    timeout,
)

patience = backoff(milliseconds(250), cap=seconds(5))

visits = log_files >> map_each(parse_log, key=it.name) >> set_bad_lines_aside >> sessions

page = retry(timeout(rates_page, seconds(1)), attempts=5, wait=patience)
pages = paginate(page, limit=100, within=minutes(1), on_limit="stop", on_error="stop")
rates = fallback(pages >> fresh_rates, last_known_rates, on=NoRates)

post = retry(post_batch, attempts=5, wait=patience, on=ServiceTrouble)
publish_day = retry(publish, attempts=5, wait=patience, on=ServiceTrouble)
to_crm = crm_batches >> map_each(post, key=it.key, at_once=1) >> publish_day

workflow = named(
    "daily",
    # An order meets the rate of its currency and the sessions of its customer, who may have none.
    join(enrich, orders=retry(orders, attempts=3, wait=seconds(1)), visits=visits, rates=rates)
    >> branch(
        it.orders_read > 0,
        then=keep_input(par(to_warehouse, to_profiles, to_crm)) >> report,
        otherwise=empty_day,
    ),
)

resources = {
    "shop_db": openers.shop,
    "logs": openers.logs,
    "quarantine": openers.quarantine,
    "rates_api": openers.rates_api,
    "last_rates": openers.last_rates,
    "warehouse": openers.warehouse,
    "profiles": openers.profiles,
    "crm": openers.crm,
}
