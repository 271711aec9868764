"""What is a dataset called in OpenLineage? A namespace, and a name in it."""

from typing import NamedTuple

PLAIN = "default"
"""The namespace of names without a scheme: `dw/sales`."""


class Dataset(NamedTuple):
    """A dataset as OpenLineage names it."""

    namespace: str
    name: str


def dataset_of(declared: str) -> Dataset:
    """A name from a task's `reads` or `writes` ⟶ namespace and name (OpenLineage, Naming.md).

    The namespace is scheme and authority, the name the path. What is nothing but an authority is a
    name in the namespace of its scheme, and so is a path without one. A user and a password in an
    authority are left out.

    >>> dataset_of("postgres://shop:5432/shop.public.orders")
    Dataset(namespace='postgres://shop:5432', name='shop.public.orders')
    >>> dataset_of("dynamodb://sales-by-day"), dataset_of("file:///var/log")
    (Dataset(namespace='dynamodb', name='sales-by-day'), Dataset(namespace='file', name='/var/log'))
    >>> dataset_of("dw/sales")
    Dataset(namespace='default', name='dw/sales')
    """
    scheme, separator, rest = declared.partition("://")
    if not separator or not scheme or not rest:
        return Dataset(PLAIN, declared)
    authority, _, path = rest.partition("/")
    host = authority.rpartition("@")[2]
    if not host:
        return Dataset(scheme, f"/{path}")
    return Dataset(f"{scheme}://{host}", path) if path else Dataset(scheme, host)


def table_of(declared: str) -> str:
    """A declared name ⟶ what SQL calls it: the last segment, without a file's ending or a query."""
    return declared.split("?", 1)[0].rstrip("/").rpartition("/")[2]
