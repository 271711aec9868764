"""Argo Workflows: a workflow as a manifest of DAG templates, whose pods run our worker.

table.py     what Argo can do, and how much a run there may become
orders.py    what one pod is asked: calls of the worker, and where it finds what they are given
dags.py      templates and their tasks, as data
tasks.py     where one is on the way through a cut, and how tasks come to be there
flows.py     what each piece of a cut becomes; maps.py: what is done for each item
manifest.py  templates and tasks as the text of a manifest
printer.py   the files of an export, and what to do with them
contexts.py  what pods leave to one another, in the store
pod.py       what runs in a pod
"""
