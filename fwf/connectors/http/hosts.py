"""Which addresses may be connected to? Those of the public internet, unless more is allowed."""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

SPECIAL4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
"""What isn't public (IANA IPv4 Special-Purpose Address Registry), and multicast. Written out, since
`ipaddress.is_global` differs between versions of Python and holds multicast for global."""
PUBLIC6: Final = IPv6Network("2000::/3")
SPECIAL6: Final = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""Addresses that a gateway turns into the IPv4 address of their last 32 bits (RFC 6052)."""


def is_public(text: str) -> bool:
    """Address ⟶ whether it is one of the public internet; also the IPv4 address that it carries.

    >>> is_public("93.184.215.14"), is_public("100.64.0.1"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    address = ip_address(text)
    if isinstance(address, IPv4Address):
        return not any(address in each for each in SPECIAL4)
    ipv4 = _ipv4_in(address)
    if ipv4 is not None:
        return is_public(str(ipv4))
    return address in PUBLIC6 and not any(address in each for each in SPECIAL6)


def _ipv4_in(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is connected to in the end, if an IPv6 address stands for one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in TRANSLATED else None


def numeric(host: str) -> str | None:
    """Host ⟶ the address that it spells, as the system reads it; None for a name.

    >>> numeric("0x7f.1"), numeric("2130706433"), numeric("api.example")
    ('127.0.0.1', '127.0.0.1', None)
    """
    try:
        addresses = socket.getaddrinfo(host.rstrip("."), None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return str(addresses[0][4][0])


def refusal_of(host: str) -> str:
    """Why a host that spells an address is refused; nothing for a public one, and for a name."""
    address = numeric(host)
    return refusal(host, address) if address is not None and not is_public(address) else ""


def refusal(host: str, address: str) -> str:
    """What is said of an address that may not be connected to."""
    subject = f"{address} isn't" if host == address else f"{host} is {address}, which isn't"
    return f"{subject} an address of the public internet; if it is meant, allow_private=True"
