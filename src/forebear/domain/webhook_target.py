"""Where webhooks may be delivered: URLs, and the addresses that they may lead to."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST = 2_000
"""How long a URL may be, in characters."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""The addresses of IPv4 hosts behind a translator (RFC 6052)."""

_LOCAL = tuple(map(ipaddress.ip_network, ("64:ff9b:1::/48", "fec0::/10", "::/96")))
"""Networks that Python calls public: of local translators (RFC 8215), of a site, and the old way to write IPv4 addresses."""


def wrong_url(url: str, networks: Iterable[Network]) -> str | None:
    """Return why events cannot be delivered to a URL, or None. Where its name leads is looked at when it is connected to."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # It is read here, since a wrong one raises.
    except ValueError as error:
        return f"it is no URL: {error}"
    if len(url) > MOST:
        return f"it is longer than {MOST:,} characters"
    if parts.scheme not in ("http", "https") or not host:
        return "it is no https:// or http:// URL with a host"
    if not url.isascii() or any(char.isspace() or ord(char) < 32 for char in url):
        return "it holds characters that a URL may not hold as they are"
    if parts.username is not None or parts.password is not None:
        return "it holds a user or a password, which everybody who sees the webhook would read"
    if parts.fragment:
        return "it ends with a fragment, which is not sent"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return None if permitted(address, networks) else closed(address)


def permitted(address: Address, networks: Iterable[Network]) -> bool:
    """Return whether a webhook may be delivered to an address: it is public, or in one of the networks.

    >>> permitted(ipaddress.ip_address("::ffff:127.0.0.1"), [])
    False
    """
    if any(each in network for each in {address, meant(address)} for network in networks):
        return True
    return _public(address) and _public(meant(address))


def meant(address: Address) -> Address:
    """Return the IPv4 address to which an IPv6 address leads, if it stands for one."""
    if isinstance(address, ipaddress.IPv6Address):
        if inner := address.ipv4_mapped or address.sixtofour:
            return inner
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def closed(address: Address) -> str:
    """Return the sentence about an address to which nothing is delivered."""
    return f"{address} is not public, and none of the networks in FOREBEAR_WEBHOOK_NETWORKS holds it"


def _public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not any(address in network for network in _LOCAL)
