"""Where sealed things lie: a folder, or a bucket of anything that speaks S3. A thing is there whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from holdfast.sealing.failures import Missing, StoreFailed, told

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*)*")
_RETRIES = 3


class Store(Protocol):
    """Somewhere things lie by a name of our own making."""

    def put(self, name: str, path: Path) -> None:
        """Store a file under a name: afterwards it is there whole, or nothing is."""
        ...

    def size(self, name: str) -> int:
        """Return its bytes; raises Missing."""
        ...

    def read(self, name: str, start: int, end: int) -> bytes:
        """Return the bytes of a range; raises Missing."""
        ...

    def delete(self, name: str) -> None:
        """Remove it, if it is there."""
        ...

    def names(self) -> Iterator[str]:
        """Return the names of everything there."""
        ...


def open_store(address: str, folder: Path) -> Store:
    """Return the store of an address: `s3://...`, `file:/path`, or empty for the folder.

    `s3://KEY:SECRET@bucket/prefix?endpoint=https://s3.example.org&region=eu-1`; what is not given comes from the
    usual `AWS_...` variables. Raises ValueError for an address that is neither.
    """
    parts = urlsplit(address)
    if not address:
        return Folder(folder)
    if parts.scheme == "file" and parts.path:
        return Folder(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.hostname:
        return Bucket(address)
    raise ValueError("a store reads file:/path or s3://KEY:SECRET@bucket/prefix?endpoint=https://host")


class Folder:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, path: Path) -> None:
        """See Store. The file is linked where that can be, which costs nothing, and copied elsewhere."""
        target = self._path(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                try:
                    os.link(path, target)
                except OSError as error:
                    if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
                        raise
                    self._copied(path, target)
            _sync_folder(target.parent)
        except OSError as error:
            raise told(error, name) from error

    @staticmethod
    def _copied(path: Path, target: Path) -> None:
        part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
        try:
            with path.open("rb") as source, part.open("wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)

    def size(self, name: str) -> int:
        """See Store."""
        with _missing(name):
            return self._path(name).stat().st_size

    def read(self, name: str, start: int, end: int) -> bytes:
        """See Store."""
        with _missing(name), self._path(name).open("rb") as file:
            return os.pread(file.fileno(), end - start, start)

    def delete(self, name: str) -> None:
        """See Store."""
        self._path(name).unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """See Store."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(self.folder).as_posix()

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a stored thing")
        return self.folder / name


class Bucket:
    """A bucket by the S3 protocol, through obstore. S3 shows an object when all of it has arrived."""

    def __init__(self, address: str) -> None:
        from obstore.store import S3Store

        parts = urlsplit(address)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        endpoint = asked.get("endpoint", "")
        config: dict[str, Any] = {
            "endpoint": endpoint or None,
            "region": asked.get("region") or None,
            "access_key_id": unquote(parts.username or "") or None,
            "secret_access_key": unquote(parts.password or "") or None,
        }
        self._store = S3Store(
            parts.hostname or "",
            prefix=parts.path.strip("/") or None,
            client_options={"allow_http": endpoint.startswith("http://"), "timeout": "60s"},
            retry_config={"max_retries": _RETRIES},
            **{name: value for name, value in config.items() if value},
        )
        self.name = f"s3://{parts.hostname}{parts.path}"

    def put(self, name: str, path: Path) -> None:
        """See Store."""
        import obstore

        with self._spoken("store", name):
            obstore.put(self._store, name, path)

    def size(self, name: str) -> int:
        """See Store."""
        import obstore

        with self._spoken("find", name):
            return int(obstore.head(self._store, name)["size"])

    def read(self, name: str, start: int, end: int) -> bytes:
        """See Store."""
        import obstore

        with self._spoken("read", name):
            return bytes(obstore.get_range(self._store, name, start=start, end=end))

    def delete(self, name: str) -> None:
        """See Store."""
        import obstore

        with suppress(Missing), self._spoken("delete", name):
            obstore.delete(self._store, name)

    def names(self) -> Iterator[str]:
        """See Store."""
        import obstore

        with self._spoken("list", "everything"):
            for page in obstore.list(self._store):
                for one in page:
                    yield str(one["path"])

    @contextmanager
    def _spoken(self, deed: str, name: str) -> Iterator[None]:
        from obstore.exceptions import BaseError, NotFoundError

        try:
            yield
        except (NotFoundError, FileNotFoundError) as error:
            raise Missing(f"{self.name} has no {name}") from error
        except (BaseError, OSError) as error:
            # what the library says may hold the whole request; only its kind is told
            raise StoreFailed(
                f"{self.name} did not {deed} {name} ({type(error).__name__}); nothing was lost, try again"
            ) from error


@contextmanager
def _missing(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Missing(f"the store has no {name}") from error
    except OSError as error:
        raise told(error, name) from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class StoredSource:
    """A thing in a store, for `frames.Opened`."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name

    def size(self) -> int:
        """Return its bytes."""
        return self._store.size(self._name)

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of a range."""
        return self._store.read(self._name, start, end)
