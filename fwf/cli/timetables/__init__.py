"""The commands on timetables: `fwf run --due`, `backfill`, `pause`, `late`, and a run by hand.

backfill.py          from options to a plan, its runs, the exit status
partition_states.py  what a journal knows of the partitions
launch.py            in which order they are started, and how many at once
run_processes.py     a run as a process of its own
plan_table.py        how all of that is told, and preview.py, before it is done
by_hand.py           a run that is started by hand: is it its turn?
pauses.py            what keeps `--due` from starting anything
salvage.py           what is done about damaged logs of a timetable
standings.py         how the partitions stand, as far as people are to be told
alert_delivery.py    who is told, and late.py, what isn't as it should be
"""
