"""Argo Workflows: a workflow as a manifest of DAG templates, whose pods run our worker.

table.py     what Argo can do, and how much a run there may become
orders.py    what one pod is asked: calls of the worker, and where it finds what they are given
flows.py     a cut as templates and their tasks
manifest.py  templates and tasks as the text of a manifest
printer.py   the files of an export, and what to do with them
contexts.py  what pods leave to one another, in the store
pod.py       what runs in a pod
"""
