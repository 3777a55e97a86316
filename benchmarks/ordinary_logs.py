"""Ordinary lines of many systems, with the ids, hashes, counters and words that are taken for secrets by mistake."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

HEX = "0123456789abcdef"
ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _hex(dice: random.Random, size: int) -> str:
    return "".join(dice.choices(HEX, k=size))


def _uuid(dice: random.Random) -> str:
    raw = _hex(dice, 32)
    return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))


def _time(dice: random.Random) -> str:
    return f"2026-11-{dice.randrange(1, 31):02d}T{dice.randrange(24):02d}:{dice.randrange(60):02d}:{dice.randrange(60):02d}.{dice.randrange(1000):03d}Z"


def kubelet(d: random.Random) -> str:
    """Kubernetes' own."""
    pod = f"orders-{_hex(d, 9)}-{''.join(d.choices('bcdfghjklmnpqrstvwxz2456789', k=5))}"
    return d.choice((
        f'I1124 10:00:00.{d.randrange(10**6):06d}    {d.randrange(9999)} kubelet.go:2407] "SyncLoop UPDATE" source="api" pods=["shop/{pod}"]',
        f'E1124 10:00:00.{d.randrange(10**6):06d}    2210 pod_workers.go:1298] "Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"web\\" with CrashLoopBackOff" podUID="{_uuid(d)}"',
        f'I1124 10:00:00.{d.randrange(10**6):06d}    2210 operation_generator.go:721] MountVolume.SetUp succeeded for volume "kube-api-access-{_hex(d, 5)}" (UniqueName: "kubernetes.io/projected/{_uuid(d)}-kube-api-access") pod "{pod}"',
        f'I1124 10:00:00.{d.randrange(10**6):06d}    2210 reconciler.go:352] "operationExecutor.VerifyControllerAttachedVolume started for volume \\"default-token-{_hex(d, 5)}\\" (UniqueName: \\"kubernetes.io/secret/{_uuid(d)}-default-token-{_hex(d, 5)}\\")"',
        f'W1124 10:00:00.{d.randrange(10**6):06d}    2210 watcher.go:93] Error while processing event ("/sys/fs/cgroup/kubepods/pod{_uuid(d)}": 0x40000100 == IN_CREATE|IN_ISDIR)',
    ))  # fmt: skip


def postgres(d: random.Random) -> str:
    """PostgreSQL."""
    return f"2026-11-24 10:00:00.{d.randrange(1000):03d} UTC [{d.randrange(9999)}] " + d.choice((
        f'LOG:  checkpoint complete: wrote {d.randrange(999)} buffers (0.1%); 0 WAL file(s) added; lsn={d.randrange(9)}/{_hex(d, 7).upper()}',
        'ERROR:  duplicate key value violates unique constraint "orders_pkey"',
        f'DETAIL:  Key (order_id)=({_uuid(d)}) already exists.',
        'FATAL:  password authentication failed for user "app"',
        'STATEMENT:  SELECT id, token_count FROM sessions WHERE session_key = $1 AND hash = $2',
        f'LOG:  duration: {d.randrange(9999)}.{d.randrange(999)} ms  execute S_{d.randrange(99)}: UPDATE "cache" SET "key" = $1 WHERE id = {d.randrange(9999)}',
    ))  # fmt: skip


def nginx(d: random.Random) -> str:
    """A web server."""
    path = d.choice(
        (
            f"/static/app.{_hex(d, 20)}.js",
            f"/api/v1/orders/{_uuid(d)}",
            f"/img/{_hex(d, 40)}.png",
            "/password/reset",
            "/oauth/token",
            f"/search?q=session+key&page={d.randrange(99)}&sort=token",
            f"/assets/vendor-{''.join(d.choices(ALNUM, k=8))}.css?v={_hex(d, 8)}",
        )
    )
    return f'10.0.{d.randrange(256)}.{d.randrange(256)} - - [24/Nov/2026:10:00:00 +0000] "GET {path} HTTP/1.1" 200 {d.randrange(99999)} "-" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36" rt=0.{d.randrange(999)} cache_key="{path[:12]}"'


def java(d: random.Random) -> str:
    """A Spring application."""
    return f"2026-11-24 10:00:00.{d.randrange(1000)}  INFO 1 --- [nio-8080-exec-{d.randrange(99)}] " + d.choice((
        f"o.a.kafka.clients.consumer.KafkaConsumer : [Consumer clientId=consumer-orders-{d.randrange(9)}, groupId=orders] Subscribed to topic(s): orders.v1",
        f"c.acme.security.TokenFilter : Token expired at {_time(d)}, requesting new one",
        "c.acme.auth.PasswordEncoder : Password hash upgraded, algorithm=bcrypt cost=12",
        "org.hibernate.SQL : select o1_0.id,o1_0.secret_question,o1_0.api_key_id from orders o1_0 where o1_0.token_type=?",
        f"c.acme.Orders : order={_uuid(d)} etag=W/\"{_hex(d, 32)}\" traceId={_hex(d, 32)} spanId={_hex(d, 16)}",
        f"o.s.s.web.DefaultSecurityFilterChain : Will secure any request with [org.springframework.security.web.session.DisableEncodeUrlFilter@{_hex(d, 8)}, org.springframework.security.web.context.SecurityContextHolderFilter@{_hex(d, 7)}]",
        f"com.zaxxer.hikari.HikariDataSource : HikariPool-{d.randrange(9)} - Added connection org.postgresql.jdbc.PgConnection@{_hex(d, 8)}",
    ))  # fmt: skip


def docker(d: random.Random) -> str:
    """A container engine."""
    return f'time="{_time(d)}" level={d.choice(("info", "debug"))} ' + d.choice((
        f'msg="pulled image sha256:{_hex(d, 64)}" name=registry.local/orders:{d.randrange(99)}.{d.randrange(9)}',
        f'msg="starting signal loop" namespace=moby path=/run/containerd/io.containerd.runtime.v2.task/moby/{_hex(d, 64)} pid={d.randrange(99999)}',
        f'msg="ignoring event" container={_hex(d, 64)} module=libcontainerd topic=/tasks/delete type="*events.TaskDelete"',
        f'msg="loading plugin \\"io.containerd.grpc.v1.{d.choice(("secrets", "tokens", "leases"))}\\"..." type=io.containerd.grpc.v1',
    ))  # fmt: skip


def git(d: random.Random) -> str:
    """A builder."""
    return d.choice((
        f"HEAD is now at {_hex(d, 7)} Merge pull request #{d.randrange(9999)} from acme/token-refresh",
        " * [new branch]      fix/secret-rotation -> origin/fix/secret-rotation",
        f"index {_hex(d, 7)}..{_hex(d, 7)} 100644",
        f"commit {_hex(d, 40)}",
        f"Fetched 12 objects, pack-{_hex(d, 40)}.pack",
        f'    "integrity": "sha512-{"".join(d.choices(ALNUM, k=86))}=="',
        f"go.sum: github.com/acme/keys v1.{d.randrange(99)}.0 h1:{''.join(d.choices(ALNUM, k=43))}=",
    ))  # fmt: skip


def dotnet(d: random.Random) -> str:
    """A Windows service."""
    return f"2026-11-24 10:00:00,{d.randrange(1000):03d} [{d.randrange(99)}] DEBUG Acme.Orders - " + d.choice((
        f"Loading assembly System.Web, Version=4.0.0.0, Culture=neutral, PublicKeyToken={_hex(d, 16)}",
        "CryptographicException: Key not valid for use in specified state. HResult=0x8009000B",
        f"Request {_uuid(d)} CorrelationId: {_uuid(d)} ActivityId={_hex(d, 32)}",
        f"Session {{{_uuid(d).upper()}}} state changed from Active to Idle",
        f"at Acme.Auth.TokenService.<RefreshAsync>d__{d.randrange(99)}.MoveNext() in C:\\src\\Auth\\TokenService.cs:line {d.randrange(999)}",
        f"Cache hit ratio 0.{d.randrange(99)} for key=Products:Category:{d.randrange(99)}:Page:{d.randrange(9)}",
    ))  # fmt: skip


def jsonlog(d: random.Random) -> str:
    """Structured logs of a service."""
    return d.choice((
        f'{{"time":"{_time(d)}","level":"INFO","msg":"cache set","key":"user:{d.randrange(9999)}:prefs","ttl":3600,"request_id":"{_uuid(d)}"}}',
        f'{{"time":"{_time(d)}","level":"WARN","msg":"token bucket empty","tokens":0,"limit":{d.randrange(999)},"route":"/v1/keys/{{id}}"}}',
        f'{{"time":"{_time(d)}","level":"INFO","msg":"upload done","etag":"\\"{_hex(d, 32)}\\"","sha256":"{_hex(d, 64)}","bytes":{d.randrange(10**9)}}}',
        f'{{"time":"{_time(d)}","level":"ERROR","msg":"invalid password","attempts":{d.randrange(9)},"secret":null,"password":"***"}}',
        f'{{"time":"{_time(d)}","level":"INFO","msg":"model done","prompt_tokens":{d.randrange(9999)},"completion_tokens":{d.randrange(999)},"model":"acme-large-2026"}}',
        f'{{"time":"{_time(d)}","level":"INFO","msg":"partition assigned","partition_key":"orders-{d.randrange(99)}","member":"consumer-1-{_uuid(d)}"}}',
    ))  # fmt: skip


def sshd(d: random.Random) -> str:
    """A login server."""
    return f"Nov 24 10:00:00 web-{d.randrange(9)} sshd[{d.randrange(99999)}]: " + d.choice((
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.0.5",
        "Failed password for root from 10.0.0.5 port 4242 ssh2",
        f"Accepted publickey for root from 10.0.0.5 port 4242 ssh2: ED25519 SHA256:{''.join(d.choices(ALNUM, k=43))}",
        "Connection closed by authenticating user root 10.0.0.5 port 4242 [preauth]",
        "Server listening on :: port 22.",
        "error: kex_exchange_identification: Connection closed by remote host",
    ))  # fmt: skip


def kernel(d: random.Random) -> str:
    """A kernel."""
    return f"[{d.randrange(99999)}.{d.randrange(10**6):06d}] " + d.choice((
        f"audit: type=1400 audit(1764019200.{d.randrange(999)}:{d.randrange(99)}): apparmor=\"STATUS\" operation=\"profile_load\" name=\"docker-default\" pid={d.randrange(9999)}",
        "Key type dns_resolver registered",
        f"Loaded X.509 cert 'Build time autogenerated kernel key: {_hex(d, 40)}'",
        f"IPv6: ADDRCONF(NETDEV_CHANGE): veth{_hex(d, 7)}: link becomes ready",
        f"EXT4-fs (sda1): mounted filesystem {_uuid(d)} with ordered data mode. Quota mode: none.",
        f"Call Trace: <TASK> __x64_sys_keyctl+0x{_hex(d, 3)}/0x{_hex(d, 3)} RIP: 0010:0x{_hex(d, 16)}",
    ))  # fmt: skip


def terraform(d: random.Random) -> str:
    """A provisioner."""
    return d.choice((
        f"aws_db_instance.main: Refreshing state... [id=db-{''.join(d.choices('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', k=26))}]",
        "  + password                     = (sensitive value)",
        "  + secret_string                = (known after apply)",
        f"aws_iam_policy.keys: Creation complete after 1s [id=arn:aws:iam::123456789012:policy/keys-{_hex(d, 8)}]",
        f"module.kms.aws_kms_key.this: Modifying... [id={_uuid(d)}]",
        '  ~ token_validity               = "30m" -> "60m"',
        "variable \"api_key\" { type = string  sensitive = true }",
    ))  # fmt: skip


def mysql(d: random.Random) -> str:
    """MySQL."""
    return f"{_time(d)} {d.randrange(99)} " + d.choice((
        f"[Note] [MY-010051] [Server] Event Scheduler: scheduler thread started with id {d.randrange(99)}",
        "[Warning] [MY-013360] [Server] Plugin mysql_native_password reported: ''mysql_native_password' is deprecated'",
        "[Note] Access denied for user 'app'@'10.0.0.7' (using password: YES)",
        f"[ERROR] [MY-012574] [InnoDB] Duplicate entry '{_hex(d, 32)}' for key 'sessions.token_hash'",
        "[Note] [MY-011323] [Server] X Plugin ready for connections. Bind-address: '::' port: 33060, socket: /var/run/mysqld/mysqlx.sock",
        f"# Query_time: 0.{d.randrange(10**6):06d}  Lock_time: 0.000{d.randrange(999):03d} Rows_sent: {d.randrange(99)}  Bytes_sent: {d.randrange(9999)}",
    ))  # fmt: skip


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "kubelet": kubelet, "postgres": postgres, "nginx": nginx, "java": java, "docker": docker, "git": git,
    "dotnet": dotnet, "json": jsonlog, "sshd": sshd, "kernel": kernel, "terraform": terraform, "mysql": mysql,
}  # fmt: skip


def systems(dice: random.Random, lines: int = 3000) -> Iterator[tuple[str, str]]:
    """Yield each system's name and so many of its lines."""
    for name, make in MAKERS.items():
        yield name, "\n".join(make(dice) for _ in range(lines)) + "\n"
