"""A journal in one file on this machine.

store.py          the journal
journal_files.py  which files it consists of; file_layout.py, what SQLite is told of them
database.py       how they are written, by one process at a time; rows.py, what
run_heads.py      how far each run has come, said outside of the database
locks.py          who goes on with the runs of a name
content.py        large values beside it
mend.py           what is saved of a damaged file
prune.py          what is dropped of old runs
disk.py           what the system says against writing; filesystems.py, where locks don't hold
"""

from fwf.journal.sqlite.store import SQLite as SQLite
