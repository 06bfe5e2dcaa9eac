"""Which proxies in front of the site are believed when they say whom they speak for."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


@dataclass(frozen=True)
class Proxies:
    """Trusted proxies: by their networks, or (``hops``) so many whoever they are,
    for a site that only they reach.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    hops: int = 0

    @classmethod
    def read(cls, written: str) -> Proxies:
        """Read ``127.0.0.1,10.1.0.0/16`` or a number of hops; empty trusts nobody.
        Raises ``ValueError`` for anything else.
        """
        text = written.strip()
        if text.isascii() and text.isdigit():
            return cls(hops=int(text))
        return cls(tuple(ip_network(one.strip(), strict=False) for one in text.split(",") if one.strip()))

    @property
    def any(self) -> bool:
        """Whether anyone is trusted."""
        return bool(self.networks or self.hops)

    def trusts(self, address: str, passed: int) -> bool:
        """Return whether an address, ``passed`` hops from the site, is believed in what it forwards."""
        if passed < self.hops:
            return True
        try:
            here = ip_address(address)
        except ValueError:
            return False
        return any(here in network for network in self.networks)
