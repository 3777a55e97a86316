"""What can go wrong between two processes, and how each language words it in a log."""

PHRASES: dict[str, dict[str, str]] = {
    "java": {
        "timeout": "java.net.SocketTimeoutException: Read timed out after {detail}",
        "refused": "java.net.ConnectException: Connection refused ({peer})",
        "reset": "java.net.SocketException: Connection reset by {peer}",
        "name": "java.net.UnknownHostException: {detail}",
        "tls": "javax.net.ssl.SSLHandshakeException: PKIX path validation failed: {detail}",
        "pool": "java.sql.SQLTransientConnectionException: {peer} - Connection is not available, {detail}",
        "sql": "org.postgresql.util.PSQLException: {detail}",
    },
    "python": {
        "timeout": "ReadTimeout: {peer} gave no response within {detail}",
        "refused": "ConnectError: [Errno 111] Connection refused ({peer})",
        "reset": "RemoteProtocolError: {peer} disconnected without sending a response",
        "name": "gaierror: [Errno -2] {detail}: Name or service not known",
        "tls": "SSLCertVerificationError: certificate verify failed: {detail}",
        "pool": "TimeoutError: pool {peer} limit reached, {detail}",
        "sql": "psycopg.OperationalError: {detail}",
    },
    "go": {
        "timeout": "context deadline exceeded while awaiting headers from {peer} ({detail})",
        "refused": "dial tcp: {peer}: connect: connection refused",
        "reset": "read tcp: {peer}: EOF",
        "name": "dial tcp: lookup {detail}: no such host",
        "tls": "tls: failed to verify certificate: x509: {detail}",
        "pool": "{peer}: no free connection in pool, {detail}",
        "sql": "pq: {detail}",
    },
    "node": {
        "timeout": "ETIMEDOUT: timeout of {detail} exceeded calling {peer}",
        "refused": "ECONNREFUSED: connect to {peer} failed",
        "reset": "ECONNRESET: socket hang up ({peer})",
        "name": "ENOTFOUND: getaddrinfo {detail}",
        "tls": "CERT_ERROR: {detail}",
        "pool": "ResourceRequest timed out: pool {peer}, {detail}",
        "sql": "error: {detail}",
    },
    "dotnet": {
        "timeout": "System.TimeoutException: The operation on {peer} has timed out ({detail})",
        "refused": "System.Net.Sockets.SocketException (111): Connection refused ({peer})",
        "reset": "System.IO.IOException: The response ended prematurely ({peer})",
        "name": "System.Net.Sockets.SocketException (-2): Name does not resolve ({detail})",
        "tls": "System.Security.AuthenticationException: The remote certificate is invalid: {detail}",
        "pool": "System.InvalidOperationException: Timeout expired, pool {peer}, {detail}",
        "sql": "Npgsql.PostgresException: {detail}",
    },
    "nginx": {
        "timeout": "upstream timed out (110: Connection timed out) while reading upstream: {peer}",
        "refused": "connect() failed (111: Connection refused) while connecting to upstream: {peer}",
        "reset": "upstream prematurely closed connection while reading response header from upstream: {peer}",
        "name": "{detail} could not be resolved (3: Host not found)",
        "pool": "no live upstreams while connecting to upstream: {peer}",
        "status": "upstream {peer} answered {detail}",
    },
}


class CallError(Exception):
    """A call to another process failed; `kind` is a key of `PHRASES`, `detail` what was seen."""

    def __init__(self, kind: str, peer: str, detail: str = "", status: int = 503) -> None:
        super().__init__(f"{kind}: {peer} {detail}".strip())
        self.kind = kind
        self.peer = peer
        self.detail = detail
        self.status = status

    def worded(self, language: str) -> str:
        """The message as a program of that language would print it."""
        phrase = PHRASES.get(language, PHRASES["python"]).get(self.kind, "{peer}: {detail}")
        return phrase.format(peer=self.peer, detail=self.detail)


class RejectedError(Exception):
    """A request refused for a reason of the business or of policy, with its HTTP status."""

    def __init__(self, status: int, reason: str, level: str = "info") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.level = level
