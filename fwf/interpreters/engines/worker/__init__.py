"""What runs one engine task: a part of a workflow, by our own runner, on an engine's machine.

order.py           what it is asked, as JSON and back
answer.py          how the part ended, as JSON and back
loading.py         the workflow that an order names, and what its module has for it
work.py            from an order to its answer: the checks, the part, what is in the way
claims.py          who has begun an attempt, and how it ended: kept where all workers see it
claimed.py         a world in which an attempt is claimed before it begins
objects.py         what is kept in a folder or a bucket
values.py          values in orders and answers: in them, or by reference where they are large
serve.py           `python -m fwf worker`: one order on stdin or in a file
lambda_handler.py  the same as a function of AWS Lambda
"""

from fwf.interpreters.engines.worker.answer import Answer, Taker
from fwf.interpreters.engines.worker.order import Deadline, Order
from fwf.interpreters.engines.worker.work import work

__all__ = ["Answer", "Deadline", "Order", "Taker", "work"]
