"""Hosts by the name of their field, and what stands in the same fields and is none: products and platforms."""

from __future__ import annotations

import json

import pytest

from holdfast.redaction import Redactor
from holdfast.redaction.checks import is_platform

PRODUCTS = [
    "GitHub.com", "AmazonS3", "cloudflare", "cloudflare-nginx", "nginx", "nginx/1.24.0", "nginx/1.24.0 (Ubuntu)",
    "istio-envoy", "Golfe2", "Microsoft-IIS/10.0", "Microsoft-HTTPAPI/2.0", "Apache/2.4.57 (Debian) OpenSSL/3.0.11",
    "Apache-Coyote/1.1", "awselb/2.0", "Jetty(9.4.48.v20220622)", "ECAcc (fra/A3B1)", "Google Frontend", "tsa_b",
]  # fmt: skip
HOSTS = [
    "db-7.corp.example", "web01", "web-12", "nginx-1", "nginx.acme.example", "s3.acme.example", "github.acme.example",
    "github.com", "amazons3", "GitHub.com.acme.example", "GitHub.com:8080", "db-7.prod.acme.internal",
    "build.acme.corp", "Build.Acme.Corp", "nginx.web.local", "AmazonS3.prod.internal", "x86_64.corp", "SRV-SQL01",
]  # fmt: skip
PLATFORMS = [
    "x86_64", "X86_64", "x86-64", "AMD64", "amd64", "aarch64", "AArch64", "arm64", "i386", "i686", "armv7l", "ppc64le",
    "s390x", "riscv64", "loongarch64", "mips64el", "sparc64", "ia64", "x86_64-pc-linux-gnu",
    "aarch64-unknown-linux-gnu", "x86_64-redhat-linux", "x86_64-alpine-linux-musl", "arm-linux-gnueabihf",
    "x86_64-apple-darwin22.6.0", "x86_64-pc-windows-msvc", "x86_64-w64-mingw32", "powerpc-ibm-aix7.2.0.0",
    "linux-x64", "linux-amd64", "darwin-arm64", "linux_amd64",
]  # fmt: skip
MACHINES = [
    "x86-7", "x86_64-7", "x86_64-web", "amd64-01", "arm64-runner", "arm64-acme-linux", "build-arm64", "ubuntu-arm64",
    "x86_64.acme.example", "x86_64:22", "i686-pc", "linux-pc", "linux-01", "amd64-linux01", "x86_64-linux-acme",
    "aarch64-", "-x86_64-linux", "riscv64-unknown", "00F9C1964C00",
]  # fmt: skip


def written(field: str, value: str) -> list[str]:
    """Return a field as evidence has it: header lines, curl's, HAR, JSON, YAML, XML, connection strings."""
    return [
        f"HTTP/1.1 200 OK\r\n{field}: {value}\r\nContent-Length: 0\r\n",
        f"< {field.lower()}: {value}\n",
        json.dumps({"headers": [{"name": field, "value": value}]}),
        json.dumps({"headers": [{"name": field, "value": value}]}, indent=2),
        json.dumps({field.lower(): value}),
        f"db:\n  {field.lower()}: {value}\n  port: 5432\n",
        f"<{field}>{value}</{field}>",
        f"{field}={value};Database=x",
    ]


@pytest.mark.parametrize("value", PRODUCTS)
def test_a_product_is_no_host(value: str, redactor: Redactor) -> None:
    for text in written("Server", value):
        assert redactor.text(text).text == text


@pytest.mark.parametrize("value", HOSTS)
def test_a_server_that_is_a_host_goes(value: str, redactor: Redactor) -> None:
    for text in written("Server", value):
        assert value not in redactor.text(text).text, text


@pytest.mark.parametrize(
    "text",
    [
        "Server: nginx/1.24.0 (db-7.prod.acme.internal)",
        "Server: Apache/2.4.57 db-7.acme.corp",
        "Via: 1.1 db-7.acme.corp (squid/4.1), 1.1 varnish",
        '{"name": "Via", "value": "1.1 db-7.acme.local:3128"}',
        "X-Powered-By: db-7.acme.internal",
        "User-Agent: probe/1.2 (db-7.acme.lan)",
    ],
)
def test_an_internal_host_among_products_goes(text: str, redactor: Redactor) -> None:
    assert "db-7" not in redactor.text(text).text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Via", "1.1 varnish"),
        ("Via", "1.1 varnish (Varnish/6.0), 1.1 vegur"),
        ("Via", "HTTP/1.1 google"),
        ("X-Powered-By", "ASP.NET"),
        ("X-Powered-By", "PHP/8.1.2-1ubuntu2.14"),
        ("X-Powered-By", "Phusion Passenger(R) 6.0.17"),
        ("User-Agent", "curl/8.1.2"),
        ("User-Agent", "python-requests/2.31.0"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/118.0"),
        ("User-Agent", "Debian APT-HTTP/1.3 (2.6.1) non-interactive"),
        ("User-Agent", "kubelet/v1.27.3 (linux/amd64) kubernetes/25b4e43"),
    ],
)
def test_headers_that_hold_products_stay(field: str, value: str, redactor: Redactor) -> None:
    for text in written(field, value):
        assert redactor.text(text).text == text


@pytest.mark.parametrize("value", PLATFORMS)
def test_a_platform_is_no_host(value: str, redactor: Redactor) -> None:
    assert is_platform(value)
    for field in ("Host", "Machine", "Node", "Server"):
        for text in written(field, value):
            assert redactor.text(text).text == text


@pytest.mark.parametrize("value", MACHINES)
def test_a_host_that_is_named_after_its_platform_goes(value: str, redactor: Redactor) -> None:
    assert not is_platform(value)
    for text in (f'{{"host": "{value}"}}', f'{{"name": "Host", "value": "{value}"}}', f"machine='{value}'"):
        assert value not in redactor.text(text).text, text


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Server=db-7.corp.example;Database=x", ["db-7.corp.example"]),
        ("Server=db-7.corp.example,1433;Initial Catalog=x;", ["db-7.corp.example"]),
        ("  Host=db-7.corp.example; Port=5432\n", ["db-7.corp.example"]),
        ("Server=SRV-SQL01\\INST1;Database=x", ["SRV-SQL01"]),
        ("Server=db-7.corp.example;\r\n", ["db-7.corp.example"]),
        ("Server=db-7.corp.example; \n", ["db-7.corp.example"]),
        ("User=hvoss7;Server=db-7.corp.example", ["hvoss7", "db-7.corp.example"]),
        ("user=hvoss7;jroe8\n", ["hvoss7", "jroe8"]),
        ("user=hvoss7;jroe8", ["hvoss7", "jroe8"]),
        ("password=Zebra99;x7=Quagga\n", ["Zebra99", "Quagga"]),
    ],
)
def test_the_first_pair_of_a_connection_string_is_read(
    text: str, values: list[str], redactor: Redactor
) -> None:
    made = redactor.text(text).text
    assert not any(value in made for value in values)


def test_of_what_a_system_says_of_itself_the_name_goes(redactor: Redactor) -> None:
    said = "uname_result(system='Linux', node='web-12', release='5.15.0-91-generic', machine='x86_64')"
    made = redactor.text(said).text
    assert "web-12" not in made
    assert "machine='x86_64'" in made


def test_a_platform_and_a_product_are_learnt_of_no_field(redacted) -> None:  # type: ignore[no-untyped-def]
    lines = b"seen at web-12 on x86_64, by AmazonS3 for GitHub.com\n"
    _, made = redacted(
        {
            "a.log": lines,
            "m.csv": b"node,machine,server\nweb-12,x86_64,AmazonS3\nweb-13,aarch64,GitHub.com\n",
            "n.json": b'{"node": "web-12", "machine": "x86_64"}\n',
            "s.txt": b"HTTP/1.1 200 OK\r\nServer: GitHub.com\r\n\r\n",
        }
    )
    assert b"web-1" not in b"".join(made.values())
    assert made["a.log"].endswith(b" on x86_64, by AmazonS3 for GitHub.com\n")
    assert made["m.csv"].count(b"x86_64,AmazonS3\n") == made["m.csv"].count(b"aarch64,GitHub.com\n") == 1
