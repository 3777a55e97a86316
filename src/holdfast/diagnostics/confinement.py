"""A process gives up, for ever, what reading a file does not need: the network, other processes, all other files.

Two layers of Linux, both open to unprivileged processes: Landlock (kernel 5.13, docs.kernel.org/userspace-api/landlock)
leaves the files named and nothing else; seccomp (docs.kernel.org/userspace-api/seccomp_filter) takes the system
calls away that open sockets, start or touch processes, mount, or change the rights of files. Where a layer is not to
be had, the process goes on with the other, and whoever started it is told which ones hold.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

LAYERS = ("landlock", "seccomp")
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2


def confine(readable: Iterable[Path], writable: Iterable[Path] = ()) -> tuple[str, ...]:
    """Leave this process files to read and files to write, and nothing else; return the layers that hold.

    Python and what it loads stay readable. It cannot be taken back, and holds for threads started later.
    """
    if sys.platform != "linux":
        return ()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return ()
    held = []
    if _landlock(libc, [*_python(), *readable], list(writable)):
        held.append("landlock")
    if _seccomp(libc):
        held.append("seccomp")
    return tuple(held)


# Landlock -------------------------------------------------------------------------------------------------

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REMOVE_FILE, _MAKE_REG, _TRUNCATE = 1 << 5, 1 << 8, 1 << 14
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _REMOVE_FILE | _MAKE_REG | _TRUNCATE
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Rights over files that each version of the interface knows; later ones know no more of them."""


def _landlock(libc: ctypes.CDLL, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    rights = _RIGHTS[min(version, 5)]
    network = 3 if version >= 4 else 0  # to bind and to connect
    scoped = 3 if version >= 6 else 0  # abstract sockets and signals of others
    attributes = struct.pack("=QQQ", rights, network, scoped)[
        : 8 if version < 4 else 16 if version < 6 else 24
    ]
    ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    try:
        for paths, allowed in ((readable, _READ), (writable, _WRITE)):
            for path in paths:
                _allow(libc, ruleset, path, allowed & rights)
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    """Allow what lies beneath a path; one that is not there allows nothing."""
    try:
        at = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if path.is_dir() else rights & _OF_A_FILE
        libc.syscall(_ADD_RULE, ruleset, 1, struct.pack("=Qi", allowed, at), 0)
    finally:
        os.close(at)


def _python() -> Iterable[Path]:
    """Return what the interpreter and its libraries read while they run."""
    yield from (Path(one) for one in {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()})
    yield from (Path(one) for one in sys.path if one)
    if kept := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(kept)
    system = ("/usr/lib", "/lib", "/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/localtime")
    yield from map(
        Path, (*system, "/etc/ld.so.cache", "/dev/null", "/dev/urandom", "/proc/self", "/sys/devices")
    )


# seccomp --------------------------------------------------------------------------------------------------

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_REFUSED = {
    # the network and other doors between processes
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    # processes
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None), "kill": (62, 129),
    "tkill": (200, 130), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    # what the machine is
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "mount_setattr": (442, 442), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "open_by_handle_at": (304, 265), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "personality": (135, 92), "acct": (163, 89),
    # rights and marks of files, which Landlock leaves alone
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "mknod": (133, None), "mknodat": (259, 33), "utimensat": (280, 88),
}  # fmt: skip
"""System calls that answer EPERM, by their numbers on x86_64 and aarch64."""
_CLONE, _CLONE3, _TGKILL = (56, 220), (435, 435), (234, 131)
_CLONE_THREAD = 0x10000
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, little endian


def _seccomp(libc: ctypes.CDLL) -> bool:
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return False
    program = _program(_ARCHITECTURES[machine], list(_ARCHITECTURES).index(machine), os.getpid())
    code = ctypes.create_string_buffer(b"".join(program))
    given = struct.pack("@HxxxxxxQ", len(program), ctypes.addressof(code))
    return bool(libc.prctl(_SET_SECCOMP, _FILTER, given, 0, 0) == 0)


def _program(architecture: int, column: int, number: int) -> list[bytes]:
    """Return the filter as classic BPF, each instruction 8 bytes; `number` is the process's own."""
    refuse = _step(_RETURN, _ERRNO | errno.EPERM)
    program = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, architecture, yes=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
    ]
    if column == 0:  # the x32 numbers of x86_64 would be a way around
        program += [_step(_AT_LEAST, 0x40000000, no=1), refuse]
    for call in _REFUSED.values():
        if (called := call[column]) is not None:
            program += [_step(_EQUAL, called, no=1), refuse]
    # libc falls back to clone, whose arguments a filter can see; threads are let through, processes are not.
    program += [_step(_EQUAL, _CLONE3[column], no=1), _step(_RETURN, _ERRNO | errno.ENOSYS)]
    program += [
        _step(_EQUAL, _CLONE[column], no=4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_ANY_BIT, _CLONE_THREAD, yes=1),
        refuse,
        _step(_RETURN, _ALLOW),
        _step(_EQUAL, _TGKILL[column], no=4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_EQUAL, number, yes=1),
        refuse,
        _step(_RETURN, _ALLOW),
    ]
    return [*program, _step(_RETURN, _ALLOW)]


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
