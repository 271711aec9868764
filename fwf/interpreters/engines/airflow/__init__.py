"""Apache Airflow 3: a DAG of a workflow, made where Airflow reads the file that asks for it.

table.py      what Airflow can do
steps.py      what becomes of a workflow there: tasks, what each goes on from, groups
plan.py       the tasks of a cut
doing.py      what a task does when it runs
timetable.py  when runs are started, and what for
operators.py  our operator
dag.py        `to_dag`
printer.py    the file for Airflow's folder of DAGs

Airflow itself is imported when a DAG is made, and not before.
"""
