"""Single texts: what goes, what stays, in which writing; and twice is once."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.redaction import Key, Redactor

SECRET = "Zx7-pQ9vLm2Rt5Kd"
MAIL = "henrike.voss@acme-works.de"


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET}",
        f'{{"password": "{SECRET}"}}',
        f"{{'client_secret': '{SECRET}'}}",
        f"db.password: {SECRET}",
        f"export DB_PASSWORD={SECRET}",
        f"<password>{SECRET}</password>",
        f'<add key="ApiKey" value="{SECRET}"/>',
        f"- name: DB_PASSWORD\n  value: {SECRET}",
        f'{{"name":"X-Api-Key","value":"{SECRET}"}}',
        f"X-Api-Key: {SECRET}",
        f"curl --password {SECRET} https://example.org",
        f"GET /login?user=x&password={SECRET}&next=/ HTTP/1.1",
        f"Server=db;User Id=app;Password={SECRET};Encrypt=true",
        f"jdbc:postgresql://db/x?user=app&password={SECRET}",
        f"host=db user=app password={SECRET} dbname=x",
        f"mysql://app:{SECRET}@db:3306/x",
        f'msg="{{\\"password\\":\\"{SECRET}\\"}}"',
        f'"a": "{{\\\\\\"password\\\\\\":\\\\\\"{SECRET}\\\\\\"}}"',
        f"Authorization: Bearer {SECRET}12345678",
        "Authorization: Basic " + base64.b64encode(f"app:{SECRET}".encode()).decode(),
        f"Cookie: theme=dark; sid={SECRET}; lang=en",
        f"Set-Cookie: sid={SECRET}; Path=/; Secure",
        f"my.cfg [db]\npassword = {SECRET}\n",
        f"set('password', '{SECRET}')",
        f"password => {SECRET},",
        f"DB_PASSWORD%3D{SECRET}%26x",
    ],
)
def test_a_secret_is_found_by_its_surroundings(text: str, redactor: Redactor) -> None:
    assert SECRET not in redactor.text(text).text


@pytest.mark.parametrize(
    "write",
    [
        lambda v: v.replace("@", "%40"),
        lambda v: "".join(f"%{c:02X}" for c in v.encode()),
        lambda v: "".join(f"\\u{ord(c):04x}" for c in v),
        lambda v: "".join(f"\\x{ord(c):02x}" for c in v),
        lambda v: "".join(f"&#{ord(c)};" for c in v),
        lambda v: "".join(f"&#x{ord(c):x};" for c in v),
        lambda v: base64.b64encode(f"a user {v} b".encode()).decode(),
        lambda v: base64.b64encode(f"xa user {v} b".encode()).decode(),
        lambda v: base64.urlsafe_b64encode(f"xxa user {v} b??>".encode()).decode().rstrip("="),
        lambda v: v.encode().hex(),
        lambda v: v.encode().hex().upper(),
        lambda v: base64.b64encode(f"user {v}".encode("utf-16-le")).decode(),
        lambda v: base64.b64encode(base64.b64encode(f"user {v}".encode())).decode(),
        lambda v: v.replace("@", "%2540"),
        lambda v: json.dumps(json.dumps({"a": f"<{v}>"}).replace("@", "\\u0040")),
        lambda v: "-quoted-printable\n" + v.replace("@", "=40"),
    ],
)
def test_a_value_is_found_in_other_writings(write, redactor: Redactor) -> None:  # type: ignore[no-untyped-def]
    written = write(MAIL)
    made = redactor.text(f"value: {written} end").text
    assert written not in made
    assert made.startswith(("value: ", "value"))
    assert redactor.text(made).text == made


@pytest.mark.parametrize(
    "text",
    [
        "commit 5f2c1e0b9d8a7f6e5d4c3b2a19080706f5e4d3c2",
        "id=550e8400-e29b-41d4-a716-446655440000",
        "PublicKeyToken=b77a5c561934e089",
        "token=null password=*** secret=${VAULT_SECRET}",
        "password: must be at least 8 characters",
        "Invalid password for user",
        "unexpected token: ';' at line 3",
        "next_page_token=eyXf8Zr2LmX0vTn4KbW7sYd1F",
        "cache_key=user:profile:1234:settings",
        "tokens=128 max_tokens=4096 token_count: 77",
        "primary key: orders_pkey",
        "2026-11-24T10:00:00.123456Z 12:34:56 level=info",
        "etag: 33a64df551425fcc55e4d42a148795d9f25f89d4",
        "listening on 0.0.0.0:8080 and [::]:8080 and 127.0.0.1",
        "java.lang.IllegalStateException: at com.acme.Token.read(Token.java:88)",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "std::string::npos a::b::c",
        "user=root uid=0 session opened for user root",
        "took 1764019200123456 ns, 4111 rows, 12.345.678 bytes",
        "(KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/119.0.0.0",
        "Mozilla/5.0 (X11; U; Linux x86_64; en-US; rv:1.9.1.8) Gecko/20100214 Ubuntu/9.10 (karmic) Firefox/3.5.8",
        "Could not load System.Data, Version=4.0.0.0, Culture=neutral, PublicKeyToken=null or a dependency of it",
        "addAppToken: AppWindowToken{11516628 token=Token{d43ac4b ActivityRecord{e1ec227}}",
        "LS_COLORS=*.tar=01;31:*.zip=01;31",
        "GET /images/modules/home/desktop-mac.png?v=1",
        "UPSTART_SESSION=unix:abstract=/com/ubuntu/upstart-session/315716/5924",
    ],
)
def test_what_is_nobodys_stays(text: str, redactor: Redactor) -> None:
    assert redactor.text(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "peer kafka-1/120.7.2.9:9092 and localhost/120.0.0.8 closed",
        "sent (rv:120.7.2.9) and rv:120.0.0.8",
        "cd /home/jane.min && cat /home/jroe.js/x",
        "password=Abc{12ab34Xz token=Token{d43ac4bz9Q",
        'zip="01067"',
    ],
)
def test_what_only_looks_as_if_it_were_nobodys_goes(text: str, redactor: Redactor) -> None:
    made = redactor.text(text).text
    told = "120.7.2.9", "120.0.0.8", "jane.min", "Abc{12ab34Xz", "Token{d43ac4bz9Q", "01067"
    assert made != text
    assert not any(value in made for value in told)


def test_base64_that_begins_like_a_path_is_a_secret_and_a_path_is_none(redactor: Redactor) -> None:
    for secret in ("//kWyEMUEwMNSlJLPDWIGONPHmfptYGQhdMYnuEa", "/aBcDe/FgHiJkLmNoPqRsTuVwXyZAbCd="):
        assert secret not in redactor.text(f"APP_SECRET={secret}").text
    for path in ("/run/secrets/AppSecret", "//files/Share/AppSecret", "//fileserver", "/data/SECRETS/prod"):
        assert redactor.text(f"APP_SECRET={path}").text == f"APP_SECRET={path}"


def test_the_same_value_has_the_same_pseudonym(redactor: Redactor, key: Key) -> None:
    first = redactor.text(f"password={SECRET}").text.partition("=")[2]
    again = Redactor(key).text(f'{{"secret":"{SECRET}"}}').text
    assert first in again
    assert first not in Redactor(Key(b"another key of sixteen")).text(f"password={SECRET}").text


def test_json_stays_json(redactor: Redactor) -> None:
    data = {
        "phone": 4915112345678,
        "card": [4539148803436467, "4539148803436467"],
        "password": 'a"b\\c9',
        "n": 5,
    }
    made = json.loads(redactor.text(json.dumps(data)).text)
    assert made["n"] == 5
    assert made["card"][0] == made["card"][1]
    assert isinstance(made["phone"], str)
    assert made["password"].startswith("SECRET-")


def test_a_web_token_keeps_its_keys_and_loses_its_signature(redactor: Redactor) -> None:
    def part(data: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")

    claims_in = {"sub": "h.voss", "email": MAIL, "exp": 1}
    token = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims_in)}.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
    made = redactor.text(f"jwt {token} end").text.split()[1]
    header, claims, mark = made.split(".")
    read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["alg"] == "HS256"
    assert set(read) == {"sub", "email", "exp"}
    assert read["exp"] == 1
    assert read["email"].endswith(".invalid")
    assert mark.startswith("JWT-")
    assert redactor.text(f"jwt {made} end").text == f"jwt {made} end"


def test_a_private_key_keeps_its_number_of_lines(redactor: Redactor) -> None:
    body = "\n".join("MIIEpAIBAAKCAQEA7bq9sU3vJx0aGm5f2nQwQ9vLm2Rt5KdZx7pQ9vLm2Rt5Kd1" for _ in range(9))
    text = f"a\n-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\nb\n"
    made = redactor.text(text).text
    assert "MIIE" not in made
    assert made.count("\n") == text.count("\n")


def test_a_lookalike_is_escaped_and_our_own_is_left(redactor: Redactor) -> None:
    own = redactor.text(f"password={SECRET}").text
    forged = own[:-1] + ("0" if own[-1] != "0" else "1")
    assert redactor.text(own).text == own
    made = redactor.text("see " + forged.partition("=")[2])
    assert made.text.startswith("see LOOKALIKE-")


def test_places_are_told_in_characters(redactor: Redactor) -> None:
    text = f"größe ✓ {MAIL}"
    (one,) = redactor.find(text)
    assert text[one.start : one.end] == MAIL
    assert (one.kind, one.rule, one.tier) == ("email", "email", "certain")


_PIECES = st.sampled_from(
    [SECRET, MAIL, "81.2.69.142", "2a02:908:13::5:1", "password=", '{"token":"', '"}', "\\n", "%40", "=", ":", "\n",
     "aGVucmlrZS52b3NzQGFjbWU=", "user=", "hvoss7", "-----BEGIN PRIVATE KEY-----", "Cookie: a=", "3c:22:fb:19:0a:7e",
     "4539 1488 0343 6467", "postgres://a:", "@", "<secret>", "\\u0040", "&#64;", "ghp_", "x" * 40, "'", "\\"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=12).map("".join))
def test_twice_is_once(redactor: Redactor, text: str) -> None:
    once = redactor.text(text).text
    assert redactor.text(once).text == once
    assert once.count("\n") == text.count("\n")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_taken(redactor: Redactor, text: str) -> None:
    made = redactor.text(text)
    assert made.text.count("\n") == text.count("\n")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_taken(redactor: Redactor, raw: bytes) -> None:
    for span in redactor.spans(raw + b" " + MAIL.encode() + b" " + raw):
        assert 0 <= span.start < span.end <= 2 * len(raw) + len(MAIL) + 2


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60).filter(lambda raw: b"\xff" not in raw))
def test_a_planted_value_never_survives(redactor: Redactor, raw: bytes) -> None:
    text = raw.decode("latin-1") + f' "password": "{SECRET}" '
    assert SECRET not in redactor.text(text).text


@pytest.mark.parametrize(
    "text",
    [
        {"said": "29 of 56 wrote no log: 33.33.33.115, 33.33.33.116, 33.33.33.155 and 25 more"},
        ["paid with: 4111111111111111, then again", 'he said "card": 4111111111111111, and hung up'],
        {"cards": [4111111111111111, 5500005555555559], "card": 4111111111111111, "ip": ["10.1.2.3"]},
        ["cards: [4111111111111111, 5500005555555559]"],
    ],
)
def test_json_stays_json_where_numbers_stand_bare_and_where_they_stand_in_words(
    text: object, redactor: Redactor
) -> None:
    made = redactor.text(json.dumps(text)).text
    assert "4111111111111111" not in made
    assert "33.33.33.115" not in made
    json.loads(made)
