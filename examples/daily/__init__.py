"""A shop's daily job: orders, visits and rates in; a warehouse, customer items and a CRM out.

Read `workflow.py` first: the whole job is one value. Then, in the order in which data flows:

    sources.py      orders, log files, rates: what the job reads
    transforms.py   sessions from the log, and the join: what it works out, in SQL
    targets.py      warehouse, customer items, CRM: what it loads, and its report
    tables.py       the columns of what comes from elsewhere

Where it runs, which is no part of it:

    standins.py     files of one folder, in place of all systems: the default
    fwf.toml        PostgreSQL, S3, DynamoDB, Redshift and services: the profile `services`
    places.py       the folder

Around the job, so that it has something to work on: `seed.py` and `seed_log.py` make the inputs,
`services.py` is the two HTTP services, `systems.py` starts and fills all that the profile names,
and `demo.py` goes from nothing to loaded targets.
"""
