"""A journal on a PostgreSQL server, for machines that don't keep their disks.

store.py         the journal
servers.py       the connection; what is sent again, and what isn't
leases.py        who goes on with the runs of a name, until when, by the server's clock
table_schema.py  where it is kept; rows.py, contents.py, how that is written and read
errors.py        one error for each trouble
"""

from fwf.journal.postgres.store import Postgres as Postgres
