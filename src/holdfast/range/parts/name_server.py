"""The resolver part: answers names over UDP from a zone the parent keeps up to date."""

import asyncio
from typing import Any

from .surroundings import Surroundings


class NameServer(asyncio.DatagramProtocol):
    """Answers `<id> <rcode> <ttl> <ports>`; see `names.py` for the question."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.zone: dict[str, list[int]] = {}
        self.transport: Any = None

    async def start(self, port: int) -> int:
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", port))
        bound: int = self.transport.get_extra_info("sockname")[1]
        self.around.log.write("info", "resolver", "plugin/reload: Running configuration SHA512 = 5d3f0c1")
        return bound

    def reload(self) -> None:
        self.around.log.write("info", "resolver", "plugin/reload: Reloading complete")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        number, _, name = data.decode("latin-1").partition(" ")
        rcode, ports = self.look_up(name)
        self.around.registry.count("dns_responses", rcode=rcode)
        if rcode == "DROP":
            text = f"plugin/errors: 2 {name}. A: read udp 10.2.0.9:{addr[1]}->10.0.0.2:53: i/o timeout"
            self.around.log.write("error", "resolver", text)
            return
        ttl = self.around.setting("zone.ttl_s", 1.5)
        self.transport.sendto(f"{number} {rcode} {ttl} {','.join(map(str, ports))}".encode(), addr)
        size = len(data)
        asked = f'127.0.0.1:{addr[1]} - {number} "A IN {name}. udp {size} false 512"'
        text = f"{asked} {rcode} qr,aa,rd {size + 40} 0.0002s"
        self.around.log.write("info", "resolver", text)

    def look_up(self, name: str) -> tuple[str, list[int]]:
        """The rcode and the ports of a name; `refuse_names` is `<rcode>:<fragment of the names it hits>`."""
        rcode, mark, fragment = self.around.ailments.refuse_names.partition(":")
        if mark and fragment in name:
            return rcode, []
        ports = self.zone.get(name, [])
        return ("NOERROR" if ports else "NXDOMAIN"), ports
