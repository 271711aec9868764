"""Apache Airflow 3: a DAG of a workflow, made where Airflow reads the file that asks for it.

table.py      what Airflow can do
steps.py      what becomes of a workflow there: tasks, what each goes on from, groups
plan.py       the tasks of a cut
light.py      which parts need none, as whoever needs them does them
doing.py      what a task does when it runs
timetable.py  when runs are started, and what for
installed.py  what of Airflow is needed
operators.py  our operator
told.py       what stands in a task's log
dag.py        `to_dag`
printer.py    the file for Airflow's folder of DAGs

Airflow itself is imported when a DAG is made, and not before.
"""
