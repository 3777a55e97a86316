"""Pseudonyms: keyed, linkable, recognisable, and nobody's."""

from __future__ import annotations

import ipaddress
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.redaction import Key
from holdfast.redaction.pseudonyms import Pseudonyms
from holdfast.redaction.texts import Classed


@pytest.fixture(scope="module")
def names(key: Key) -> Pseudonyms:
    """Of the tests' key."""
    return Pseudonyms(key)


def shared(a: int, b: int, width: int) -> int:
    """Return how many leading bits two numbers share."""
    return width - (a ^ b).bit_length()


@given(st.integers(0x01000000, 0xDFFFFFFF), st.integers(0, 23))
def test_ipv4_keeps_who_shares_a_prefix(names: Pseudonyms, number: int, flip: int) -> None:
    other = number ^ (1 << flip)
    one, two = names.ipv4_number(number), names.ipv4_number(other)
    if number >> 24 == 127:
        assert one == number
        return
    assert shared(one, two, 32) == shared(number, other, 32)
    assert 240 <= one >> 24 <= 254
    assert names.ipv4_number(one) == one


@given(st.integers(1 << 125, (1 << 126) - 1), st.integers(0, 95))
def test_ipv6_keeps_who_shares_a_prefix(names: Pseudonyms, number: int, flip: int) -> None:
    other = number ^ (1 << flip)
    one, two = names.ipv6_number(number), names.ipv6_number(other)
    assert shared(one, two, 128) == shared(number, other, 128)
    assert not ipaddress.IPv6Address(one).is_global or one >> 125 == 2
    assert names.ipv6_number(one) == one


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.251", "::1", "ff02::1"]
)
def test_an_address_of_nobody_stays(names: Pseudonyms, address: str) -> None:
    kind = "ipv6" if ":" in address else "ipv4"
    assert names.of(kind, address.encode()).decode() == address


@pytest.mark.parametrize(
    ("address", "begins"),
    [("10.1.2.3", "250."), ("172.20.2.3", "251.20." [:4]), ("192.168.1.9", "252.168."), ("203.0.113.9", "249.0.113."),
     ("2001:db8::7", "4001:db8:"), ("fd12::7", "fc"), ("fe80::7", "febf:")],
)  # fmt: skip
def test_a_private_address_is_told_by_its_first_part(names: Pseudonyms, address: str, begins: str) -> None:
    kind = "ipv6" if ":" in address else "ipv4"
    assert names.of(kind, address.encode()).decode().startswith(begins)


def test_different_addresses_of_one_network_differ(names: Pseudonyms) -> None:
    made = {names.ipv4_number((81 << 24) + k) for k in range(5000)}
    assert len(made) == 5000
    assert len({number >> 24 for number in made}) == 1


def test_mail_keeps_its_domain(names: Pseudonyms) -> None:
    one, two, other = (names.of("email", m) for m in (b"a@x.org", b"b@x.org", b"a@y.org"))
    assert one.partition(b"@")[2] == two.partition(b"@")[2] != other.partition(b"@")[2]
    assert names.of("email", b"A@X.org") == one


@pytest.mark.parametrize("form", ["3c:22:fb:19:0a:7e", "3C-22-FB-19-0A-7E", "3c22.fb19.0a7e"])
def test_a_hardware_address_is_written_as_it_was(names: Pseudonyms, form: str) -> None:
    made = names.of("mac", form.encode()).decode()
    assert len(made) == len(form)
    assert made.lower().replace(":", "").replace("-", "").replace(".", "").startswith("fa")
    assert names.is_own(made.encode(), "mac")


def test_all_at_once_is_one_by_one(names: Pseudonyms) -> None:
    dice = random.Random(1)
    kinds = ["secret", "email", "ipv4", "ipv6", "mac", "phone", "user", "ipv4"] * 20
    made = {
        "email": b"a%d@b.org", "ipv4": b"81.2.3.%d", "ipv6": b"2a02::%d", "mac": b"3c:22:fb:19:0a:%02d",
    }  # fmt: skip
    values = [made.get(kind, b"value %d") % dice.randrange(99) for kind in kinds]
    pairs = list(zip(values, kinds, strict=True))
    assert list(names.many(Classed.of(pairs))) == [names.of(kind, value) for value, kind in pairs]


@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.binary(max_size=300),
                st.from_regex(rb"[0-9]{1,4}(\.[0-9]{1,4}){2,4}", fullmatch=True),
                st.from_regex(rb"[A-Za-z0-9.@]{0,6}@[A-Za-z.]{0,6}", fullmatch=True),
            ),
            st.sampled_from(["secret", "email", "ipv4", "phone", "user", "name", "iban"]),
        ),
        max_size=12,
    )
)
def test_all_at_once_is_one_by_one_whatever_the_values(
    names: Pseudonyms, pairs: list[tuple[bytes, str]]
) -> None:
    assert list(names.many(Classed.of(pairs))) == [names.of(kind, value) for value, kind in pairs]


@given(st.binary(min_size=1, max_size=40))
def test_only_the_keys_holder_makes_what_is_recognised(names: Pseudonyms, value: bytes) -> None:
    made = names.of("secret", value)
    assert names.is_own(made)
    assert not Pseudonyms(Key(b"another key of sixteen")).is_own(made)
