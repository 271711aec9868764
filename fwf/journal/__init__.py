"""What was done in a run, kept, so that another process can go on with it and people can be told.

run_records.py     what is kept: a row for a run, a record for each thing that happened in it
store.py           what a journal needs of a database
holders.py         who that is who goes on with a run
locked_store.py    a store that several threads use
opening.py         the store that a file or a URL stands for
sqlite/            ... in one file
postgres/          ... or on a server
chain.py           whether a run's records are those that were written
content_names.py   what a large value is called
values/            how what tasks gave is written down, and read back
code.py            whether a task's body has changed since
story.py           what happened in a run, as people ask for it; folding.py, how that is found
task_durations.py  how long tasks took, for dry runs
versioned_logs.py  what is kept between runs, by name, in numbered versions
kept_marks.py      ... such as the marks of states, as a journal has them
errors.py          what keeps a journal from doing its work
"""
