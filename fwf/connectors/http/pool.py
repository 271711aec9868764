"""Which connections does a client have? A pool shared by its threads, which repeats nothing."""

import ssl
from typing import Final

import httpcore
import httpx

from fwf.connectors.http.network import Network
from fwf.connectors.http.settings import Proxy, Settings
from fwf.secrets import Secret, remember

KEPT: Final = 20
KEPT_FOR: Final = 5.0
"""So many connections are kept for so many seconds. One that was closed meanwhile is replaced."""


def pool_of(settings: Settings) -> httpcore.ConnectionPool:
    """What a client was told ⟶ its connections: none yet, as many at once as there are threads."""
    # Loading certificates, which only https needs, takes longer than a request.
    needs_tls = settings.base.scheme == "https" or settings.verify is not None
    tls = _tls(settings) if needs_tls else None
    if settings.proxy is None:
        return httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=None,
            max_keepalive_connections=KEPT,
            keepalive_expiry=KEPT_FOR,
            network_backend=Network(allow_private=settings.allow_private),
        )
    proxy, credentials = _proxy(settings.proxy)
    return httpcore.HTTPProxy(
        proxy_url=httpcore.URL(
            scheme=proxy.raw_scheme, host=proxy.raw_host, port=proxy.port, target=b"/"
        ),
        proxy_auth=credentials,
        ssl_context=tls,
        max_connections=None,
        max_keepalive_connections=KEPT,
        keepalive_expiry=KEPT_FOR,
        network_backend=Network(allow_private=settings.allow_private, proxy=proxy.host),
    )


def _tls(settings: Settings) -> ssl.SSLContext:
    if settings.verify is not None:
        return ssl.create_default_context(cafile=str(settings.verify))
    return httpx.create_ssl_context(trust_env=False)


def _proxy(proxy: Proxy) -> tuple[httpx.URL, tuple[str, str] | None]:
    """A proxy's address, and the user and password in it, which are remembered as secrets."""
    try:
        url = httpx.URL(proxy.reveal() if isinstance(proxy, Secret) else proxy)
        good = url.scheme == "http" and bool(url.host)
    except httpx.InvalidURL:
        good, url = False, httpx.URL()
    if not good:
        raise ValueError("http.client(proxy=…): needs a URL such as http://proxy.example:3128")
    if not url.userinfo:
        return url, None
    remember([(url.password, "<password of the proxy>")])
    return url, (url.username, url.password)
