"""A shop's daily job: orders, visits and rates in; a warehouse, customer items and a CRM out.

Read `workflow.py` first: the whole job is one expression. Then, in the order in which data flows:

    sources.py      orders, log files, rates: what the job reads
    transforms.py   sessions from the log, and the join: what it works out
    targets.py      warehouse, customer items, CRM: what it loads
    tables.py       the shapes that travel between tasks, and SQL over Arrow tables
    access_log.py   one line of a web server's log
    api.py          JSON over HTTP, and which answers are worth another try
    places.py       where everything lives
    openers.py      what each resource name opens

Around the job, so that it has something to work on: `seed.py` and `seed_log.py` make the inputs,
`services.py` is the two HTTP services, and `demo.py` goes from nothing to loaded targets.
"""
