"""What staging makes of errors that obstore doesn't explain."""

from typing import Any

import pytest

from fwf.connectors.redshift import staging
from fwf.connectors.shared.errors import Transient, Unauthorized

exceptions: Any = pytest.importorskip("obstore.exceptions")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exceptions.GenericError("a credential provider raises"), Transient),
        (exceptions.PermissionDeniedError("no"), Unauthorized),
    ],
)
def test_an_error_that_nothing_explains_may_pass(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[Exception]
) -> None:
    def get(store: Any, key: str) -> Any:
        raise error

    monkeypatch.setattr(staging._obstore, "get", get)
    with pytest.raises(kind) as raised:
        staging._read(None, "day/part-1")
    assert type(raised.value) is kind
