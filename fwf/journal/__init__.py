"""What was done in a run, kept, so that another process can go on with it and people can be told.

records.py      what is kept: a row for a run, a record for each thing that happened in it
store.py        what a journal needs of a database
opening.py      the store that a file or a URL stands for
sqlite.py       ... in one file
postgres.py     ... or on a server
servers.py      how a server is reached, and reached again when a connection broke
leases.py       who goes on with the runs of a name, by the server's clock
server_*.py     its tables, what is written to them, and what its errors mean
values.py       how what tasks gave is written down, and read back
errors.py       what keeps a journal from doing its work
"""
