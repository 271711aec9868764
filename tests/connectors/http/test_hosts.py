"""Addresses that aren't of the public internet are refused, however they are spelt and reached."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_address
from typing import Any, NamedTuple

import pytest
from hypothesis import given, strategies as st

from fwf import Permanent
from fwf.connectors import http
from fwf.connectors.http import network
from fwf.connectors.http.hosts import is_public, numeric
from fwf.connectors.shared import errors
from tests.connectors.http.moody import Server, Service, answer, gives, in_turn, serving

PRIVATE = [
    # the loopback
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7F.1", "017700000001",
    "0177.0.0.1", "127.0.0.1.", "127.255.255.254", "[::1]", "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0000:0000::0001]", "[64:ff9b::7f00:1]",
    "%31%32%37.0.0.1", "１２７.0.0.1", "①②⑦.0.0.1", "127。0。0。1",
    # this host, or all of them
    "0.0.0.0", "0", "0x0", "[::]",
    # private networks, and those of providers
    "10.0.0.1", "10.1", "012.0.0.1", "0xa000001", "172.16.0.1", "172.31.255.255", "192.168.0.1",
    "192.168.257", "0xC0.0xA8.0.1", "3232235521", "100.64.0.1", "100.127.255.255",
    "[::ffff:192.168.0.1]", "[fc00::1]", "[fd12:3456::1]", "[fec0::1]",
    # metadata, and what else is of a link
    "169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518",
    "[::ffff:a9fe:a9fe]", "[fe80::1]", "[fe80::1%25lo]", "[fd00:ec2::254]", "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "[2002:7f00:1::]", "[2001:0:a9fe:a9fe::1]",
    # neither one nor the other
    "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "[ff02::1]", "[2001:db8::1]",
    "[3fff::1]", "[::7f00:1]", "[::127.0.0.1]", "[100::1]", "[5f00::1]",
]  # fmt: skip
PUBLIC = ["93.184.215.14", "8.8.8.8", "1.1.1.1", "[2606:4700::1111]", "[64:ff9b::808:808]"]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_refused_as_a_base_url(host: str) -> None:
    with pytest.raises(ValueError, match=r"http\.client"):
        http.client(f"https://{host}/v2")


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_address_is_allowed_as_a_base_url(host: str) -> None:
    http.client(f"https://{host}/v2")


@given(st.ip_addresses(v=4))
def test_every_spelling_of_an_address_is_the_same_one(address: Any) -> None:
    a, b, c, d = address.packed
    n = int(address)
    for text in (
        str(address), str(n), hex(n), f"0{n:o}", f"{a}.{n & 0xFFFFFF}", f"{a}.{b}.{n & 0xFFFF}",
        f"0x{a:x}.{b}.0{c:o}.{d}", f"{address}.",
    ):  # fmt: skip
        assert numeric(text) == str(address)


@given(st.ip_addresses())
def test_what_python_holds_for_private_is_never_public(address: Any) -> None:
    carries_another = address.version == 6 and address.ipv4_mapped is not None
    if not address.is_global and not carries_another:
        assert not is_public(str(address))


@given(st.ip_addresses(v=4))
def test_an_address_within_another_counts(address: Any) -> None:
    for text in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert is_public(text) == is_public(str(address))


# The internet as a test sees it: names have the addresses that it says, and whoever connects to a
# public one speaks to a service of the test.


def loopback(port: int) -> socket.socket:
    made = socket.socket()
    made.connect(("127.0.0.1", port))
    return made


class Internet(NamedTuple):
    names: dict[str, list[list[str]]]
    looked_up: list[str]
    connected: list[str]
    serve: Callable[[Service], Server]


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """Names ⟶ what each look-up finds, the last one for ever."""
    found = socket.getaddrinfo
    names: dict[str, list[list[str]]] = {}
    looked_up: list[str] = []
    connected: list[str] = []
    servers: list[Server] = []

    def look(host: str, port: Any, *rest: Any, **more: Any) -> Any:
        if more.get("flags", 0) & socket.AI_NUMERICHOST:
            return found(host, port, *rest, **more)
        looked_up.append(host)
        if host not in names:
            raise socket.gaierror(-2, "no such name")
        addresses = names[host].pop(0) if len(names[host]) > 1 else names[host][0]
        kinds = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in addresses]
        return [
            (kind, socket.SOCK_STREAM, 6, "", (each, port))
            for kind, each in zip(kinds, addresses, strict=True)
        ]

    def connect(endpoints: list[network.Endpoint], timeout: float | None) -> socket.socket:
        connected.append(endpoints[0].address[0])
        return loopback(servers[0].port)

    monkeypatch.setattr(socket, "getaddrinfo", look)
    monkeypatch.setattr(network, "connect", connect)
    with ExitStack() as running:

        def serve(service: Service) -> Server:
            servers.append(running.enter_context(serving(service)))
            return servers[-1]

        yield Internet(names, looked_up, connected, serve)


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_refused_as_a_redirect_though_its_host_be_allowed(
    internet: Internet, host: str
) -> None:
    internet.names["api.example"] = [["93.184.215.14"]]
    server = internet.serve(gives(answer(302, location=f"http://{host}/latest/meta-data")))
    names = [host, host.strip("[]"), "127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1"]
    with (
        http.client("http://api.example", allow_hosts=names) as client,
        pytest.raises(errors.Refused, match=r"GET http://api\.example/x"),
    ):
        client.get("/x")
    assert internet.connected == ["93.184.215.14"] and len(server.asked) == 1


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_refused_as_a_link(internet: Internet, host: str) -> None:
    with (
        http.client("http://api.example", allow_hosts=[host, host.strip("[]")]) as client,
        pytest.raises(errors.Refused),
    ):
        client.get(f"http://{host}/x")
    assert internet.connected == []


@pytest.mark.parametrize(
    "host", [each for each in PRIVATE if numeric(each.strip("[]")) and "%" not in each]
)
def test_a_name_that_means_a_private_address_is_refused(internet: Internet, host: str) -> None:
    address = numeric(host.strip("[]"))
    assert address is not None
    internet.names.update(
        {
            "api.example": [[address]],
            "both.example": [["93.184.215.14", address]],
            "other.example": [[address]],
            "good.example": [["93.184.215.14"]],
        }
    )
    for name in ("api.example", "both.example"):
        with (
            http.client(f"http://{name}") as client,
            pytest.raises(errors.Refused, match=r"isn't an address of the public internet"),
        ):
            client.post("/x", {"a": 1})
    assert internet.connected == []
    internet.serve(gives(answer(302, location="http://other.example/x")))
    with (
        http.client("http://good.example", allow_hosts=["other.example"]) as client,
        pytest.raises(errors.Refused, match=r"isn't an address of the public internet"),
    ):
        client.get("/x")
    assert internet.connected == ["93.184.215.14"]


def test_a_name_is_looked_up_once_for_a_connection_and_that_address_connected_to(
    internet: Internet,
) -> None:
    """What a name means may change from one look-up to the next."""
    internet.names["api.example"] = [["93.184.215.14"], ["169.254.169.254"]]
    internet.serve(gives(answer(body={"a": 1})))  # and closes
    with http.client("http://api.example") as client:
        assert client.get("/x").content == {"a": 1}
        with pytest.raises(errors.Refused, match=r"api\.example is 169\.254\.169\.254"):
            client.get("/x")
    assert internet.looked_up == ["api.example"] * 2
    assert internet.connected == ["93.184.215.14"]


def test_a_name_that_there_is_not_is_unreachable(internet: Internet) -> None:
    with (
        http.client("http://nowhere.example") as client,
        pytest.raises(errors.Unreachable, match="no connection"),
    ):
        client.get("/x")


def test_localhost_is_refused_by_its_address() -> None:
    with (
        http.client("http://localhost:9") as client,
        pytest.raises(errors.Refused, match="allow_private=True"),
    ):
        client.get("/x")


def test_the_service_of_tokens_is_checked_alike(
    internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fwf import Secret

    monkeypatch.setenv("ID", "some-secret")
    internet.names.update({"api.example": [["93.184.215.14"]], "login.example": [["10.0.0.1"]]})
    with pytest.raises(ValueError, match="token_url"):
        http.client(
            "https://api.example",
            auth=http.client_credentials("https://0x7f.1/t", "me", Secret.env("ID")),
        )
    auth = http.client_credentials("https://login.example/t", "me", Secret.env("ID"))
    with (
        http.client("https://api.example", auth=auth) as client,
        pytest.raises(errors.Refused, match=r"10\.0\.0\.1"),
    ):
        client.get("/x")
    assert internet.connected == []


def test_no_proxy_is_taken_from_the_environment(
    internet: Internet, monkeypatch: pytest.MonkeyPatch, serve: Any
) -> None:
    proxy = serve(gives(answer(body="proxied")))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, proxy.url)
    internet.names["api.example"] = [["10.0.0.1"]]
    with http.client("http://api.example") as client, pytest.raises(errors.Refused):
        client.get("/x")
    assert proxy.asked == []


def test_a_proxy_that_is_given_is_spoken_to(monkeypatch: pytest.MonkeyPatch, serve: Any) -> None:
    from fwf import Secret

    proxy = serve(gives(answer(body="proxied")))
    monkeypatch.setenv("PROXY", proxy.url.replace("//", "//me:proxy-canary@"))
    with http.client("http://api.example", proxy=Secret.env("PROXY")) as client:
        assert client.get("/x").content == "proxied"
        assert "canary" not in repr(client)
    assert proxy.asked[0].target == "http://api.example/x"
    assert proxy.asked[0].headers["proxy-authorization"].startswith("Basic ")
    with pytest.raises(ValueError, match="proxy") as found:
        http.client("http://api.example", proxy="http://me:proxy-canary@127.0.0.1:1")
    assert "canary" not in str(found.value)


# Credentials and origins


def test_http_is_refused_where_credentials_would_go_through_the_internet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from fwf import Secret

    with pytest.raises(ValueError, match="https://"):
        http.client("http://api.example", auth=http.bearer(Secret.env("T")))
    http.client("http://api.example", auth=http.bearer(Secret.env("T")), allow_private=True)


@pytest.mark.parametrize("name", ["http://api.example:81", "http://other.example"])
def test_links_and_redirects_to_another_origin_are_asked_bare_or_refused(
    internet: Internet, name: str
) -> None:
    from fwf import Secret

    internet.names.update({"api.example": [["1.1.1.1"]], "other.example": [["8.8.8.8"]]})
    elsewhere = answer(302, location=f"{name}/y?z=1")
    server = internet.serve(in_turn(elsewhere, elsewhere, answer(body="there")))
    secret = Secret(lambda: "header-canary", where="the test")
    settings: Any = {
        "auth": http.header("X-Api-Key", secret),
        "headers": {"X-Shop": "7"},
        "allow_private": True,
    }
    with (
        http.client("http://api.example", **settings) as client,
        pytest.raises(errors.Refused, match="another origin") as found,
    ):
        client.get("/x")
    assert f"allow_hosts=['{name.removeprefix('http://')}']" in str(found.value)
    hosts = [name.removeprefix("http://")]
    with http.client("http://api.example", allow_hosts=hosts, **settings) as client:
        assert client.get("/x").content == "there"
        assert client.get(f"{name}/y").content == "there"
    first, again, bare, link = server.asked
    for each in (first, again):
        assert (each.headers["x-api-key"], each.headers["x-shop"]) == ("header-canary", "7")
    for each in (bare, link):
        assert not {"x-api-key", "x-shop", "authorization"} & set(each.headers)


def test_credentials_never_go_from_https_to_http(internet: Internet) -> None:
    with (
        http.client("https://api.example", allow_hosts=["api.example"]) as client,
        pytest.raises(errors.Refused, match="from https to http"),
    ):
        client.get("http://api.example/x")


# Certificates


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A certificate of a name, signed by itself."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "api.example")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("api.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.mark.parametrize("name", ["api.example", "other.example"])
def test_a_certificate_must_be_trusted_and_of_the_name(
    internet: Internet, certificate: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # counts for nothing
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    internet.names.update({"api.example": [["1.1.1.1"]], "other.example": [["1.1.1.1"]]})
    with serving(gives(answer(body="secured")), context) as server:
        monkeypatch.setattr(
            network,
            "connect",
            lambda *_: loopback(server.port),
        )
        with (
            http.client(f"https://{name}") as client,
            pytest.raises(errors.Refused, match="certificate isn't trusted"),
        ):
            client.get("/x")
        with http.client(f"https://{name}", verify=certificate) as client:
            if name == "api.example":
                assert client.get("/x").content == "secured"
                assert client.get("/x").content == "secured"
            else:
                with pytest.raises(errors.Refused, match="certificate isn't trusted"):
                    client.get("/x")
        assert {each.headers["host"] for each in server.asked} <= {"api.example"}


def test_the_table_of_spellings_is_long_enough() -> None:
    assert len(PRIVATE) >= 25 and len(set(PRIVATE)) == len(PRIVATE)
    assert all(ip_address(each.strip("[]")) for each in PUBLIC)
    assert issubclass(errors.Refused, Permanent)
