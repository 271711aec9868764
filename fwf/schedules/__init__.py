"""Which runs are there to be? Schedules of runs as values: timetables, and their partitions.

A timetable cuts time into partitions that adjoin: days of a time zone, weeks or months of such, or
hours. Each is a planned run, which knows its interval and when it is due. Nothing here reads a
clock or a journal.
"""

from fwf.schedules.alerts import Alert as Alert, Notify as Notify, notify as notify
from fwf.schedules.partitions import partitions as partitions
from fwf.schedules.planned_runs import Run as Run
from fwf.schedules.timetable import Timetable as Timetable
from fwf.schedules.timetable_words import (
    cron as cron,
    every_day as every_day,
    every_hour as every_hour,
)
