"""Pseudonyms: keyed, the same for the same value, told from real values by their form and a check of their own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets as randomness
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from holdfast.redaction import batches
from holdfast.redaction.hashing import SIZE, digests
from holdfast.redaction.texts import Classed, Texts

_PAIRS = [a + b for a in batches.LETTERS for b in batches.LETTERS]
_MADE = re.compile(rb"([A-Z]{3,20})-([0-9a-hjkmnp-tv-z]{10})([0-9a-hjkmnp-tv-z]{4})(?![0-9a-z])")
_MAIL = re.compile(rb"user-([0-9a-hjkmnp-tv-z]{10})@([0-9a-hjkmnp-tv-z]{8})([0-9a-hjkmnp-tv-z]{4})\.invalid")
_HALF = (1 << 64) - 1
_MAY_BE_OWN = re.compile(rb"[A-Z]{3}|user-|[:.-]*[fF][:.-]*[aA]|[QRSTUVWdA]|2[45]|[^:]{0,45}:")
"""How every pseudonym begins."""
_HEX = re.compile(rb"[0-9a-f]+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")


class KeyUnusable(ValueError):
    """A key file that cannot be read or holds no key."""


class Key:
    """The key of a case: 32 bytes, from which every other key is derived."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise KeyUnusable(
                "a key needs at least 16 bytes; make one with `head -c 32 /dev/urandom | base64`"
            )
        self._secret = secret
        self.id = self.derived(b"id")[:8].hex()
        """Names the key without giving it away."""
        self._of_values = self.derived(b"values")
        self._values = hashlib.blake2b(key=self._of_values, digest_size=SIZE)
        seal = algorithms.AES(self.derived(b"checks")[:16])
        self._sealer = Cipher(seal, modes.ECB()).encryptor()  # noqa: S305 - a function of single blocks
        aes = algorithms.AES(self.derived(b"addresses")[:16])
        self._blocks = Cipher(aes, modes.ECB()).encryptor()  # noqa: S305 - a function of single blocks
        wide = algorithms.AES(self.derived(b"wide addresses")[:16])
        self._wide = Cipher(wide, modes.ECB()).encryptor()  # noqa: S305 - a function of single blocks

    @classmethod
    def fresh(cls) -> Key:
        """Make a key at random."""
        return cls(randomness.token_bytes(32))

    @classmethod
    def read(cls, path: Path) -> Key:
        """Read a key file: 32 bytes, or their base64 or hex. Raises KeyUnusable."""
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise KeyUnusable(f"the key file {path} cannot be read: {error.strerror}") from error
        text = raw.strip()
        if re.fullmatch(rb"[0-9a-fA-F]{64}", text):
            return cls(bytes.fromhex(text.decode()))
        if re.fullmatch(rb"[A-Za-z0-9+/_-]{43}=?", text):
            return cls(base64.b64decode(text.replace(b"-", b"+").replace(b"_", b"/") + b"==", validate=False))
        if len(raw) == 32:
            return cls(raw)
        raise KeyUnusable(f"the key file {path} holds no key: 32 bytes, or their base64 or hex, are expected")

    def text(self) -> str:
        """Return the key as a line for a file."""
        return base64.b64encode(self._secret).decode()

    def derived(self, purpose: bytes) -> bytes:
        """Return a key for one purpose, 32 bytes."""
        return hmac.digest(self._secret, b"holdfast redaction " + purpose, "sha256")

    def _mac(self, value: bytes) -> bytes:
        """Return eight bytes that only the key's holder can make of a value: BLAKE2b with a key, RFC 7693."""
        mac = self._values.copy()
        mac.update(value)
        return mac.digest()

    def code(self, value: bytes, letters: int = 10) -> str:
        """Return the keyed name of a value, an even number of letters of five bits."""
        number = int.from_bytes(self._mac(value), "big")
        return "".join(_PAIRS[(number >> shift) & 1023] for shift in range(0, letters * 5, 10))

    def check(self, tag: str, code: str) -> str:
        """Return four letters that only the key's holder can put behind a code."""
        first = self._sealer.update(_tag_bytes(tag) + code.encode().ljust(10, b"~"))
        number = int.from_bytes(first[:4], "big")
        return _PAIRS[number & 1023] + _PAIRS[(number >> 10) & 1023]

    def codes(self, texts: Texts) -> Any:
        """Return what `code` says of each text: uint8[texts, 10], letters."""
        return batches.spelled(digests(self._of_values, texts).byteswap(), 10)

    def checks(self, tag: str, codes: Any) -> Any:
        """Return what `check` says of each code behind a tag: uint8[codes, 4], letters."""
        blocks = np.full((len(codes), 16), ord("~"), np.uint8)
        blocks[:, :6] = np.frombuffer(_tag_bytes(tag), np.uint8)
        blocks[:, 6 : 6 + codes.shape[1]] = codes
        sealed = np.frombuffer(self._sealer.update(blocks.tobytes()), np.uint8).reshape(-1, 16)[:, :4]
        return batches.spelled(np.ascontiguousarray(sealed).view(">u4").reshape(-1).astype(np.uint64), 4)

    def wide_flips(self, numbers: Sequence[int]) -> list[int]:
        """Return the keyed bits of 128-bit numbers: each by all bits in front of it, Crypto-PAn's function by AES."""
        high = np.array([number >> 64 for number in numbers], np.uint64)[:, None]
        low = np.array([number & _HALF for number in numbers], np.uint64)[:, None]
        sizes, one = np.arange(64, dtype=np.uint64), np.uint64(1)
        # a number's first bits, a one in front of them: of the upper half, then of all of it and some of the lower
        blocks = np.zeros((len(numbers), 128, 2), ">u8")
        shorter = high >> one >> (np.uint64(63) - sizes)
        blocks[:, :64, 1] = shorter | one << sizes
        blocks[:, 64:, 0] = shorter | one << sizes
        blocks[:, 64:, 1] = (high << sizes) | low >> one >> (np.uint64(63) - sizes)
        sealed = np.frombuffer(self._wide.update(blocks.tobytes()), np.uint8)
        packed = np.packbits((sealed[::16] >> 7).reshape(len(numbers), 128), axis=1)
        return [int.from_bytes(row.tobytes(), "big") for row in packed]

    def flips(self, numbers: Any) -> Any:
        """Return the keyed bits of 32-bit numbers, uint64: each by all bits in front of it, from the ninth on."""
        sizes = np.arange(8, 32, dtype=np.uint64)
        blocks = np.zeros((len(numbers), len(sizes), 2), ">u8")
        blocks[:, :, 1] = (numbers[:, None] >> (np.uint64(32) - sizes)) | (np.uint64(1) << sizes)
        sealed = np.frombuffer(self._blocks.update(blocks.tobytes()), np.uint8)
        bits = (sealed[::16] >> 7).reshape(len(numbers), len(sizes)).astype(np.uint64)
        return (bits << (np.uint64(31) - sizes)).sum(axis=1, dtype=np.uint64)


class Pseudonyms:
    """Makes and recognises the pseudonyms of one key."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self._mac_key, self._mac_seal = key.derived(b"mac"), key.derived(b"mac check")
        octets = key.derived(b"octets") * 8
        self._octets = [240 + octets[top] % 8 for top in range(256)]
        self._domain = lru_cache(1 << 16)(self._domain_of)
        self._is_domain = lru_cache(1 << 12)(self._domain_checked)

    def of(self, kind: str, value: bytes) -> bytes:
        """Return the pseudonym of a value of a class; the value as it was found."""
        maker = _MAKERS.get(kind)
        made = maker(self, value) if maker else None
        return made if made is not None else self.tagged(kind, value)

    def tagged(self, kind: str, value: bytes) -> bytes:
        """Return `CLASS-code` with its check."""
        tag = _tag(kind)
        code = self.key.code(_plain(kind, value))
        return f"{tag}-{code}{self.key.check(tag, code)}".encode()

    def plain(self, kind: str, texts: Texts) -> tuple[str, Texts]:
        """Return the tag of a class, and its values as they are the same however they are written."""
        return _tag(kind), batches.plain(texts, _WAYS.get(kind, batches.AS_IT_IS))

    def has_maker(self, kind: str) -> bool:
        """Tell whether a class has pseudonyms of a form of its own."""
        return kind in _MAKERS

    def many(self, values: Classed) -> Texts:
        """Return what `of` says of each, faster for very many."""
        return batches.pseudonyms(self, values)

    def ipv4_numbers(self, numbers: Any) -> Any:
        """Map IPv4 addresses, uint64: the first bits by their range, the others by Crypto-PAn."""
        top = (numbers >> np.uint64(24)).astype(np.intp)
        free = np.full(len(numbers), 0xFFFFFF, np.uint64)
        heads = np.array(self._octets, np.uint64)[top]
        for base, kept, head in _RANGES:
            low = np.uint64((1 << (32 - kept)) - 1)
            within = (numbers | low) == np.uint64(base) | low
            free[within], heads[within] = low, head
        flipped = numbers ^ (self.key.flips(numbers) & free)
        mapped = heads << np.uint64(24) | flipped & np.uint64(0xFFFFFF)
        nobodys = (top == 0) | (top == 127) | (top >= 224)
        return np.where(nobodys, numbers, mapped)

    def is_own(self, text: bytes, kind: str = "") -> bool:
        """Tell whether a text is one of our pseudonyms and nothing else, as it is or in base64.

        kind: the class it was taken for, where that is known: saves looking for forms of others.
        """
        if not _MAY_BE_OWN.match(text) or (kind in _ONLY and not _ONLY[kind](text)):
            return False
        if found := _MADE.fullmatch(text):
            return self._is_tagged(found)
        if found := _MAIL.fullmatch(text):
            return self._is_domain(found[2], found[3])
        plain = text.lower().translate(None, b":.-")
        if len(plain) == 12 and plain[:2] == b"fa" and _HEX.fullmatch(plain):
            octets = bytes.fromhex(plain[2:].decode())
            return self._mac_check(octets[:3]) == octets[3:]
        if len(text) >= 16 and text[:1] in b"QRSTUVWdA" and _BASE64.fullmatch(text):
            try:
                inner = base64.b64decode(text.replace(b"-", b"+").replace(b"_", b"/") + b"==")
            except ValueError:
                return False
            return inner != text and _BASE64.fullmatch(inner) is None and self.is_own(inner.strip())
        return _is_own_address(text)

    def own_within(self, text: bytes) -> list[tuple[int, int]]:
        """Return where our tagged pseudonyms and mail addresses stand in a text."""
        spans = [m.span() for m in _MADE.finditer(text) if self._is_tagged(m)]
        return spans + [m.span() for m in _MAIL.finditer(text) if self._is_domain(m[2], m[3])]

    def lookalikes(self, text: bytes) -> list[tuple[int, int]]:
        """Return where a text has the form of a pseudonym without being ours: such are escaped."""
        return [m.span() for m in _MADE.finditer(text) if not self._is_tagged(m)]

    def _is_tagged(self, found: re.Match[bytes]) -> bool:
        return self.key.check(found[1].decode(), found[2].decode()) == found[3].decode()

    def _domain_checked(self, domain: bytes, check: bytes) -> bool:
        return self.key.check("@", domain.decode()) == check.decode()

    def _domain_of(self, domain: bytes) -> bytes:
        code = self.key.code(b"@" + domain, 8)
        return f"{code}{self.key.check('@', code)}.invalid".encode()

    def email(self, value: bytes) -> bytes | None:
        """Return an address whose domain stands for the domain: same domain, same pseudonym of it."""
        value = value.lower()
        if b"@" not in value:
            return None
        return b"user-%b@%b" % (self.key.code(value).encode(), self._domain(value.rpartition(b"@")[2]))

    def mac(self, value: bytes) -> bytes | None:
        """Return a locally administered address that begins with fa, written as the value was."""
        plain = re.sub(rb"[^0-9a-f]", b"", value.lower())
        if len(plain) != 12:
            return None
        body = hmac.digest(self._mac_key, plain, "sha256")[:3]
        made = (b"\xfa" + body + self._mac_check(body)).hex()
        if value.count(b".") == 2:
            text = ".".join(made[i : i + 4] for i in range(0, 12, 4))
        else:
            mark = "-" if b"-" in value else ":" if b":" in value else ""
            text = mark.join(made[i : i + 2] for i in range(0, 12, 2))
        return (text.upper() if value.upper() == value and value.lower() != value else text).encode()

    def _mac_check(self, body: bytes) -> bytes:
        return hmac.digest(self._mac_seal, body, "sha256")[:2]

    def ipv4(self, value: bytes) -> bytes | None:
        """Return an address of 240.0.0.0/4 that keeps who shares a prefix of eight bits or more with whom."""
        number = _ipv4_value(value)
        return _ipv4_text(self.ipv4_number(number)) if number >= 0 else None

    def ipv4_number(self, number: int) -> int:
        """Map an IPv4 address; those that are nobody's stay."""
        return int(self.ipv4_numbers(np.array([number], np.uint64))[0])

    def ipv6(self, value: bytes) -> bytes | None:
        """Return an address out of ranges nobody is given, prefixes kept bit for bit."""
        return self.ipv6s([value])[0]

    def ipv6s(self, values: Iterable[bytes]) -> list[bytes | None]:
        """Return what `ipv6` says of each."""
        numbers = [_ipv6_value(value) for value in values]
        flips = self.key.wide_flips([max(number, 0) for number in numbers])
        return [
            str(ipaddress.IPv6Address(self._ipv6_mapped(number, flip))).encode() if number >= 0 else None
            for number, flip in zip(numbers, flips, strict=True)
        ]

    def ipv6_number(self, number: int) -> int:
        """Map an IPv6 address; loopback, multicast and our own stay."""
        return self._ipv6_mapped(number, self.key.wide_flips([number])[0])

    def _ipv6_mapped(self, number: int, flips: int) -> int:
        flipped = number ^ flips
        if number >> 125 == 1:  # 2000::/3, somebody's
            if number >> 96 == 0x20010DB8:
                return (0x40010DB8 << 96) | flipped & ((1 << 96) - 1)
            return (2 << 125) | flipped & ((1 << 125) - 1)
        if number >> 120 == 0xFD:
            return (0xFC << 120) | flipped & ((1 << 120) - 1)
        if number >> 64 == 0xFE80 << 48:
            return (0xFEBF << 112) | flipped & ((1 << 64) - 1)
        if number >> 32 == 0xFFFF or number >> 32 == 0x64FF9B << 64:
            return (number >> 32 << 32) | self.ipv4_number(number & 0xFFFFFFFF)
        return number

    def token(self, value: bytes) -> bytes | None:
        """Return a JWT with the same keys in header and claims, pseudonyms for values and no signature."""
        from holdfast.redaction.webtokens import pseudonymised

        return pseudonymised(value, self)


_RANGES = (
    (10 << 24, 8, 250), ((172 << 24) | (16 << 16), 12, 251), ((192 << 24) | (168 << 16), 16, 252),
    ((100 << 24) | (64 << 16), 10, 253), ((169 << 24) | (254 << 16), 16, 254), (192 << 24 | 2 << 8, 24, 248),
    (198 << 24 | 51 << 16 | 100 << 8, 24, 248), (203 << 24 | 113 << 8, 24, 249),
)  # fmt: skip
"""Private, shared, link-local and documentation ranges, their prefix and the first octet of their pseudonyms."""

_MAKERS = {
    "email": Pseudonyms.email, "ipv4": Pseudonyms.ipv4, "ipv6": Pseudonyms.ipv6, "mac": Pseudonyms.mac,
    "jwt": Pseudonyms.token,
}  # fmt: skip

_ONLY: dict[str, Callable[[bytes], bool]] = {
    "ipv4": lambda text: text[:2] in (b"24", b"25"),
    "email": lambda text: text.endswith(b".invalid"),
    "mac": lambda text: text[:2].lower() == b"fa",
}
"""What a pseudonym has at least, of classes where it is sure which form it has."""


@lru_cache(4096)
def _tag(kind: str) -> str:
    return "".join(filter(str.isalpha, kind)).upper()[:20]


@lru_cache(4096)
def _tag_bytes(tag: str) -> bytes:
    return hashlib.sha256(tag.encode()).digest()[:6]


def _ipv4_value(value: bytes) -> int:
    """Return the number of an address, -1 for none."""
    parts = value.split(b".")
    if len(parts) != 4 or not all(part.isdigit() and len(part) <= 3 for part in parts):
        return -1
    a, b, c, d = map(int, parts)
    return -1 if max(a, b, c, d) > 255 else a << 24 | b << 16 | c << 8 | d


def _ipv6_value(value: bytes) -> int:
    """Return the number of an address, -1 for none."""
    try:
        return int(ipaddress.IPv6Address(value.decode().partition("%")[0]))
    except ValueError:
        return -1


def _ipv4_text(number: int) -> bytes:
    return b"%d.%d.%d.%d" % (number >> 24, number >> 16 & 255, number >> 8 & 255, number & 255)


_WAYS = {
    **dict.fromkeys(("phone", "card", "national-id", "iban", "imei"), batches.BARE),
    **dict.fromkeys(("user", "host"), batches.LOWER_CASE),
}
_MARKS = bytes(code for code in range(256) if not (code < 128 and chr(code).isalnum()))


def _plain(kind: str, value: bytes) -> bytes:
    """Return the value as it is the same however it is written: digits of a number, lower case of a name."""
    way = _WAYS.get(kind, batches.AS_IT_IS)
    if way == batches.BARE:
        return value.translate(None, _MARKS).upper()
    return value.lower() if way == batches.LOWER_CASE else value


def _is_own_address(text: bytes) -> bool:
    """Tell whether a text is an address of the ranges that pseudonyms are made of."""
    if not (text[:2] in (b"24", b"25") or b":" in text) or len(text) > 45:
        return False
    try:
        address = ipaddress.ip_address(text.decode("ascii"))
    except ValueError:
        return False
    number = int(address)
    if address.version == 4:
        return 240 <= number >> 24 <= 254
    return (
        number >> 125 == 2
        or number >> 120 == 0xFC
        or number >> 112 == 0xFEBF
        or (number >> 32 in (0xFFFF, 0x64FF9B << 64) and number >> 28 & 15 == 15)
    )
