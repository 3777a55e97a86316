"""Passwords in command lines and in sentences, and what looks like them."""

from __future__ import annotations

import json

import pytest

from holdfast.redaction import Redactor

HIDDEN = ("S3cr3t", "Zebra99", "hunter2x", "q8Zr2", "T1ger", "horse", "482913", "tiger7", "4821")


@pytest.mark.parametrize(
    "line",
    [
        "the password is Zebra99x7Quagga",
        'note: "The new password for svc_app on db-7 is now Zebra99x7Quagga."',
        "password for user bob: hunter2x",
        'the passphrase was set to "correct horse"',
        "your passcode will be 482913.",
        "Das Passwort lautet Zebra99x7Quagga",
        "The secret is q8Zr2LmX0vTn4KbW7sYd1F, keep it",
        "mysqldump --single-transaction -uroot -pS3cr3tPw --all-databases > x.sql",
        "/usr/bin/mysql -h db '-pS3cr3t Pw' shop",
        "tool --password S3cr3tPw --verbose",
        "sshpass -p S3cr3tPw ssh bob@host",
        "curl --user=admin:S3cr3tPw https://example.org/",
        "curl -sS -uadmin:S3cr3tPw https://example.org/",
        'psql "host=db dbname=x user=app password=S3cr3tPw"',
        "ENV API_TOKEN q8Zr2LmX0vTn4KbW7sYd1F",
        "ENV DB_PASSWORD S3cr3tPw",
        "ARG DB_PASSWORD=S3cr3tPw",
        r"net use \\fs01\share S3cr3tPw /user:ACME\bob",
        r'net use * "\\fs01\my share" "S3cr3t Pw" /persistent:yes',
        r"NET USE Z: \\fs01\share /user:bob S3cr3tPw",
        "net user bob S3cr3tPw /add",
        "net user bob S3cr3tPw",
        "sqlplus -L scott/T1ger99x@orcl @run.sql",
        'sqlplus scott/"T1ger 99x"@orcl',
        "expdp userid=scott/T1ger99x schemas=shop",
        "ssh db mysql -uroot -pS3cr3tPw; echo done",
        "CREATE USER app IDENTIFIED BY S3cr3tPw;",
        "alter user scott identified by tiger7 account unlock;",
        "CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY S3cr3tPw REQUIRE SSL",
        'ALTER USER scott IDENTIFIED BY "S3cr3t Pw"',
        "GRANT ALL ON shop.* TO app IDENTIFIED BY S3cr3tPw WITH GRANT OPTION;",
        "create database link far connect to hr identified by S3cr3tPw using 'far';",
        "SET ROLE dba IDENTIFIED BY S3cr3tPw",
        "htpasswd -b /etc/nginx/.htpasswd bob S3cr3tPw",
        "htpasswd -cbB -C 12 .htpasswd bob 'S3cr3t Pw'",
        "htpasswd -nb bob S3cr3tPw > out",
        "htpasswd -n -b bob S3cr3tPw",
        "echo S3cr3tPw | sudo -S apt-get update",
        "echo 'S3cr3t Pw' | sudo -S -p '' systemctl restart web",
        "echo -n S3cr3t%Pw | /usr/bin/sudo -kS ls",
        "printf '%s' 'S3cr3tPw' | sudo --stdin ls",
        "sudo -S ls <<< 'S3cr3tPw'",
        "Your PIN is 4821 and expires tonight",
        "PIN was 4821.",
        "the PIN for card 12 is now 4821",
        "my pin code is 4821",
        "Die PIN lautet 4821",
    ],
)
def test_a_password_after_its_program_or_sentence_goes(line: str, redactor: Redactor) -> None:
    for text in (line, json.dumps({"cmd": line}), f"sh -c {json.dumps(line)}", f"$ {line}\nnext"):
        made = redactor.text(text).text
        assert not any(one in made for one in HIDDEN), made
        assert redactor.text(made).text == made


@pytest.mark.parametrize(
    "line",
    [
        "the password is wrong, password is too short, password is 8 characters long",
        "password for user root is expired",
        "Password for postgres was changed by admin",
        "the password is stored in settings.env",
        "password is case-sensitive and base64 encoded",
        "key is 8f14e45fceea167a5a36dedd4bea2543",
        "token is invalid, secret is missing",
        "mysql -u root -p shop",
        "mysql -p${PW} shop; mkdir -p /var/lib/mysql-data",
        "docker run --name mysql -p3306:3306 mysql:8",
        "net use Z: /delete",
        r"net use \\fs01\share * /user:me",
        "net user growth was 12 /day",
        "sqlplus / as sysdba",
        "impdp directory=a/b dumpfile=c/d.dmp",
        "user/name@host and refs/heads/main@{upstream}",
        "ENV PATH /usr/local/bin:$PATH",
        "ENV PASSWORD_MIN_LENGTH 12",
        "ARG NPM_TOKEN",
        "tool --password-stdin --password --verbose",
        "CREATE USER app IDENTIFIED WITH caching_sha2_password",
        "CREATE USER app IDENTIFIED BY RANDOM PASSWORD",
        "ALTER USER app IDENTIFIED BY PASSWORD expire",
        "CREATE USER app IDENTIFIED BY &1; ALTER USER app IDENTIFIED BY ${PW}",
        "CREATE USER app IDENTIFIED BY <password>",
        "each user is identified by uuid, rows are identified by number",
        "what refers to accounts identified by name",
        "htpasswd -c /etc/nginx/.htpasswd bob",
        "htpasswd -b .htpasswd bob $PW",
        "htpasswd -D .htpasswd bob",
        "htpasswd -n bob",
        "echo done | sudo tee /etc/motd",
        "echo $pw | sudo -S ls; echo `cat pw` | sudo -S ls",
        "echo hello wide world | sudo -S tee x",
        "echo ready; sudo -S ls; cat x | sudo -S sh",
        "echo deploying; sudo -s",
        "pin 13 is high, PIN 4 of the connector, pin is 3",
        "the pin is 1023 of 1024, its pin is 3300 mV",
        "PIN is 5000 mV, the PIN is required, PIN was wrong 3 times",
        "spinning is 4821, ping was 4821",
    ],
)
def test_what_only_looks_like_one_stays(line: str, redactor: Redactor) -> None:
    for text in (line, json.dumps({"cmd": line}), f"$ {line}\nnext"):
        assert [one for one in redactor.find(text) if one.kind == "secret"] == []


@pytest.mark.parametrize("name", ["access_token", "client_secret", "sessionToken"])
def test_letters_of_both_cases_without_a_digit_are_a_key_behind_a_colon(
    name: str, redactor: Redactor
) -> None:
    for value in ("DFbQCZJshbXBhfnqdCwBIQdLoLqkOvOPrJyDxJAl", "vXjmdvFfcYbvKyNLzOYfanSaJepRkYNCPssWGsNa"):
        assert value not in redactor.text(f'  {name}: "{value}"\n').text
    for word in (
        "AcmeOrdersServiceTokenProviderFactory",
        "taken from the vault",
        "UNEXPECTEDENDOFTHEWHOLEINPUT",
    ):
        assert redactor.text(f'  {name}: "{word}"\n').text == f'  {name}: "{word}"\n'
