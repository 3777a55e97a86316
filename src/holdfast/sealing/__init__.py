"""Sealing: bytes encrypted in frames that can be read by ranges, keys that wrap keys, and where sealed things lie.

A library: no Django, no database.
"""

from holdfast.sealing.arriving import Arriving, WrongOffset
from holdfast.sealing.failures import Damaged, Missing, StoreFailed
from holdfast.sealing.frames import FileSource, Opened, Sealer, seal_file, sealed_size
from holdfast.sealing.keys import KeyService, KeyUnusable, MasterKeys, Wrapped, WrongKey, fresh_key
from holdfast.sealing.plain import PlainFile
from holdfast.sealing.stores import Folder, Store, StoredSource, open_store

__all__ = [
    "Arriving",
    "Damaged",
    "FileSource",
    "Folder",
    "KeyService",
    "KeyUnusable",
    "MasterKeys",
    "Missing",
    "Opened",
    "PlainFile",
    "Sealer",
    "Store",
    "StoreFailed",
    "StoredSource",
    "Wrapped",
    "WrongKey",
    "WrongOffset",
    "fresh_key",
    "open_store",
    "seal_file",
    "sealed_size",
]
