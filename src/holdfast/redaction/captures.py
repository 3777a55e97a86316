"""Packet captures: addresses keep their prefixes, payload is overwritten at the same length, checksums are left.

Pcap and pcapng over Ethernet, Linux cooked, raw IP and loopback links; VLAN tags are passed. Whatever is not
understood is overwritten whole: a packet keeps its time and length, not its bytes.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from holdfast.redaction.pseudonyms import Pseudonyms

_LARGEST = 1 << 22
_ETHERNET, _RAW, _COOKED, _COOKED2, _NULL, _LOOP = 1, (101, 12, 14, 228, 229), 113, 276, 0, 108
_PORTED = {6: 20, 17: 8, 132: 12, 1: 4, 58: 4}
"""Bytes of a transport header that stay."""


class CaptureBroken(Exception):
    """A capture that cannot be read to its end, or whose link is unknown."""


def rewrite(path: Path, out: Path, form: str, names: Pseudonyms) -> int:
    """Write the capture anew; return the packets. Raises CaptureBroken."""
    with path.open("rb") as stream, out.open("wb") as target:
        return (_pcap if form == "pcap" else _pcapng)(stream, target, names)


def _pcap(stream: BinaryIO, target: BinaryIO, names: Pseudonyms) -> int:
    head = stream.read(24)
    if len(head) < 24:
        raise CaptureBroken("its header is cut off")
    order = "<" if head[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    link = struct.unpack(order + "I", head[20:24])[0] & 0xFFFF
    target.write(head)
    count = 0
    while record := stream.read(16):
        if len(record) < 16:
            raise CaptureBroken(f"it breaks off after {count} packets")
        size = struct.unpack(order + "I", record[8:12])[0]
        packet = _read(stream, size, count)
        target.write(record + packet_without(packet, link, names))
        count += 1
    return count


def _read(stream: BinaryIO, size: int, count: int) -> bytes:
    if size > _LARGEST:
        raise CaptureBroken(f"packet {count + 1} claims {size} bytes")
    data = stream.read(size)
    if len(data) < size:
        raise CaptureBroken(f"it breaks off within packet {count + 1}")
    return data


def _pcapng(stream: BinaryIO, target: BinaryIO, names: Pseudonyms) -> int:
    """Keep sections, interfaces and packets, their options (comments, names) left out; other blocks are dropped."""
    links: list[int] = []
    order, count = "<", 0
    while head := stream.read(8):
        if len(head) < 8:
            raise CaptureBroken(f"it breaks off after {count} packets")
        if head[:4] == b"\x0a\x0d\x0d\x0a":
            magic = stream.read(4)
            order = "<" if magic == b"\x4d\x3c\x2b\x1a" else ">"
            size = struct.unpack(order + "I", head[4:])[0]
            _read(stream, size - 12, count) if size >= 28 else _read(stream, _LARGEST + 1, count)
            body = magic + struct.pack(order + "HHq", 1, 0, -1)
            target.write(_block(0x0A0D0D0A, body, order))
            links = []
            continue
        kind, size = struct.unpack(order + "II", head)
        if size < 12 or size % 4:
            raise CaptureBroken(f"a block after packet {count} claims {size} bytes")
        body = _read(stream, size - 8, count)[:-4]
        if kind == 1:
            links.append(struct.unpack(order + "H", body[:2])[0])
            target.write(_block(1, body[:8] + _resolution(body[8:], order), order))
        elif kind in (6, 2) and len(body) >= 20:
            interface = struct.unpack(order + ("I" if kind == 6 else "H"), body[: 4 if kind == 6 else 2])[0]
            kept = struct.unpack(order + "I", body[12:16])[0]
            if interface >= len(links) or 20 + kept > len(body):
                raise CaptureBroken(f"packet {count + 1} contradicts its block")
            packet = packet_without(body[20 : 20 + kept], links[interface], names)
            target.write(_block(kind, body[:20] + packet + bytes(-kept % 4), order))
            count += 1
        elif kind == 3 and links:
            target.write(_block(3, body[:4] + packet_without(body[4:], links[0], names), order))
            count += 1
    return count


def _resolution(options: bytes, order: str) -> bytes:
    """Keep an interface's resolution of time, and nothing else it says of itself."""
    at = 0
    while at + 4 <= len(options):
        code, size = struct.unpack(order + "HH", options[at : at + 4])
        if code == 9 and size == 1:
            return options[at : at + 8] + bytes(4)
        if code == 0:
            break
        at += 4 + size + (-size % 4)
    return b""


def _block(kind: int, body: bytes, order: str) -> bytes:
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def packet_without(packet: bytes, link: int, names: Pseudonyms) -> bytes:
    """Return a packet of the same length with mapped addresses and no payload."""
    data = bytearray(packet)
    at, ether = 0, 0
    if link == _ETHERNET and len(data) >= 14:
        for k in (0, 6):
            data[k : k + 6] = _hardware(bytes(data[k : k + 6]), names)
        ether, at = int.from_bytes(data[12:14], "big"), 14
        while ether in (0x8100, 0x88A8) and at + 4 <= len(data):
            ether, at = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
    elif link in (_COOKED, _COOKED2) and len(data) >= 20:
        place = 6 if link == _COOKED else 12
        data[place : place + 8] = bytes(8)
        ether, at = (
            int.from_bytes(data[14:16] if link == _COOKED else data[0:2], "big"),
            16 if link == _COOKED else 20,
        )
    elif link in _RAW and data:
        ether = 0x0800 if data[0] >> 4 == 4 else 0x86DD
    elif link in (_NULL, _LOOP) and len(data) >= 5:
        at, ether = 4, 0x0800 if data[4] >> 4 == 4 else 0x86DD
    _network(data, at, ether, names)
    return bytes(data)


def _network(data: bytearray, at: int, ether: int, names: Pseudonyms) -> None:
    """Map what lies within the link's frame, and overwrite the rest."""
    if ether == 0x0800 and len(data) >= at + 20 and data[at] >> 4 == 4:
        size = (data[at] & 15) * 4
        for place in (at + 12, at + 16):
            number = names.ipv4_number(int.from_bytes(data[place : place + 4], "big"))
            data[place : place + 4] = number.to_bytes(4, "big")
        first = int.from_bytes(data[at + 6 : at + 8], "big") & 0x1FFF == 0
        data[at + 20 : at + size] = bytes(max(0, min(size, len(data) - at) - 20))
        _transport(data, at + size, data[at + 9] if first else -1)
    elif ether == 0x86DD and len(data) >= at + 40:
        for place in (at + 8, at + 24):
            number = names.ipv6_number(int.from_bytes(data[place : place + 16], "big"))
            data[place : place + 16] = number.to_bytes(16, "big")
        _transport(data, at + 40, data[at + 6])
    elif ether == 0x0806 and len(data) >= at + 28:
        for place in (at + 8, at + 18):
            data[place : place + 6] = _hardware(bytes(data[place : place + 6]), names)
        for place in (at + 14, at + 24):
            number = names.ipv4_number(int.from_bytes(data[place : place + 4], "big"))
            data[place : place + 4] = number.to_bytes(4, "big")
        data[at + 28 :] = bytes(len(data) - at - 28)
    else:
        data[at:] = bytes(max(0, len(data) - at))


def _transport(data: bytearray, at: int, protocol: int) -> None:
    kept = _PORTED.get(protocol, 0)
    if protocol == 6 and len(data) > at + 12:
        options = (data[at + 12] >> 4) * 4
        data[at + 20 : at + options] = b"\x01" * max(0, min(options, len(data) - at) - 20)
        kept = max(20, options)
    begin = min(len(data), at + kept)
    data[begin:] = bytes(len(data) - begin)


def _hardware(raw: bytes, names: Pseudonyms) -> bytes:
    if raw in (b"\xff" * 6, bytes(6)) or raw[0] & 1:
        return raw
    made = names.mac(raw.hex().encode())
    return bytes.fromhex(made.decode()) if made and raw[0] != 0xFA else raw
