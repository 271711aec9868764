"""What does a service answer? What its status and its body say, without how they came."""

from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What a service answered: the status, and what the body says; None without one.

    `links` are URLs by relation, from the headers `Link`; `url` is what answered in the end.
    """

    status: int
    content: Any
    links: dict[str, str]
    url: str
