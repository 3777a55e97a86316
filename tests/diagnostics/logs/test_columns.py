"""Logs that name their own columns."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from holdfast.diagnostics.logs import NO_TIME, Level, LogTable, read_log

Writer = Callable[..., Path]

IIS = """#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2023-08-01 10:00:00
#Fields: date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken
2023-08-01 10:00:01 W3SVC1 10.0.0.4 GET /app/orders id=17 443 - 10.0.0.9 Mozilla/5.0+(Windows+NT+10.0) 200 0 0 15
2023-08-01 10:00:02 W3SVC1 10.0.0.4 POST /app/orders - 443 CORP\\amy 10.0.0.9 curl/8.0 500 0 64 2015
#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2023-08-01 11:00:00
#Fields: date time cs-method cs-uri-stem sc-status
2023-08-01 11:00:01 GET /app/health 404
2023-08-01 11:00:02 GET /app/health -
"""  # noqa: E501
CLOUDFRONT = """#Version: 1.0
#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header
2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.24\tGET\td111111abcdef8.cloudfront.net\t/index.html\t200\t-\tMozilla/5.0%20(Windows)\t-\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\tshop.example.com
2019-12-04\t21:02:32\tLAX1\t392\t192.0.2.24\tPOST\td111111abcdef8.cloudfront.net\t/cart\t502\t-\tcurl\t-\t-\tError\tk6WGMNkEzR5BEM_SaF47gjtX9zBDO2m349OY2an0QPEaUum1ZOLrow==\tshop.example.com
"""  # noqa: E501
EXCHANGE = """#Software: Microsoft Exchange Server
#Version: 15.0.0.0
#Log-type: SMTP Send Protocol Log
#Date: 2023-05-10T00:00:00.000Z
#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context
2023-05-10T12:00:01.123Z,Outbound,08DB5120A1,0,,192.0.2.7:25,*,,"attempting to connect, second try"
2023-05-10T12:00:02.123Z,Outbound,08DB5120A1,1,10.0.0.4:1025,192.0.2.7:25,+,,
"""
PROXY = """#Fields: time cs-categories sc-status cs-method cs-uri
10:00:01 "Search ""Engines""; News" 200 GET https://example.com/
10:00:02 none 503 GET https://example.com/
"""


def told(table: LogTable) -> list[tuple[str, str]]:
    return [
        (table.templates[template].text, Level(level).name)
        for template, level in zip(table.template.tolist(), table.level.tolist(), strict=True)
    ]


def read(write: Writer, text: str) -> LogTable:
    return read_log(write(*text.splitlines()))


def test_the_fields_line_decides_and_may_change_within_a_file(write: Writer) -> None:
    table = read(write, IIS)
    assert table.layout == "w3c-extended"
    assert table.records == table.lines == 12
    assert [level for _, level in told(table)][4:6] == ["INFO", "ERROR"]
    assert [level for _, level in told(table)][10:] == ["WARN", "UNKNOWN"]
    assert table.time[5] - table.time[4] == 1_000_000_000
    assert table.time[2] == np.datetime64("2023-08-01T10:00:00", "ns").astype(np.int64)
    assert [table.components[number] for number in table.component[4:6]] == ["W3SVC1"] * 2
    texts = [text for text, _ in told(table)]
    assert texts[4].startswith("GET")
    assert texts[5].startswith("POST")
    assert "443" not in texts[4]
    assert texts[0] == texts[6], "a restart is a template of its own"


def test_columns_between_tabs(write: Writer) -> None:
    table = read(write, CLOUDFRONT)
    assert [level for _, level in told(table)][2:] == ["INFO", "ERROR"]
    assert (table.time[2:] != NO_TIME).all()
    assert [table.components[number] for number in table.component[2:]] == ["shop.example.com"] * 2
    assert table.id_values[int(table.ids[2])].startswith("SOX4xwn4XV6Q4rgb7")
    assert table.id_values[int(table.ids[3])].startswith("k6WGMNkEzR5BEM_")


def test_columns_between_commas(write: Writer) -> None:
    table = read(write, EXCHANGE)
    assert table.layout == "w3c-extended"
    assert table.time[6] - table.time[5] == 1_000_000_000
    assert table.components[table.component[5]] == "Outbound"


def test_values_in_quotes_are_one_column(write: Writer) -> None:
    table = read(write, PROXY)
    assert [level for _, level in told(table)][1:] == ["INFO", "ERROR"]
    assert table.time[2] - table.time[1] == 1_000_000_000


def test_hostile_names_of_columns_do_no_harm(write: Writer) -> None:
    for names in ("", "{time} {? {level}", "date time " + "x " * 5000, "date", "\0\0 \xff"):
        table = read(write, f"#Fields: {names}\n2023-08-01 10:00:01 GET /x 200\n")
        assert table.lines == 2
