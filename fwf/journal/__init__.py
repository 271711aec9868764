"""What was done in a run, kept, so that another process can go on with it and people can be told.

records.py      what is kept: a row for a run, a record for each thing that happened in it
store.py        what a journal needs of a database
opening.py      the store that a file or a URL stands for
sqlite.py       ... in one file
postgres.py     ... or on a server
values.py       how what tasks gave is written down, and read back
errors.py       what keeps a journal from doing its work
"""
