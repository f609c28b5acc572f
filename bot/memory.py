"""The memory of a process that has started: what is free goes back, what lives is gathered on huge pages.

A turn touches objects all over the heap, and finding the places of pages of 4 KiB takes a tenth of its time (measured
in a virtual machine, where it takes longest). Linux gathers on demand what a process has written: madvise(2),
MADV_COLLAPSE, Linux 6.1 or later. Where it cannot, or the administrator wants no such pages, all stays as it is.
"""

import contextlib
import ctypes
import mmap
from collections.abc import Iterator
from pathlib import Path

_HUGE = Path("/sys/kernel/mm/transparent_hugepage")
_COLLAPSE = 25      # linux/mman.h; the module mmap has no name for it
_PRESENT = 0x80     # in the highest byte of a page's entry in /proc/self/pagemap
_FILLED = 0.75      # of a huge page: gathering takes memory for the rest of it


def settle() -> int:
    """To be called once what lives for good is there; the bytes that are on huge pages for it."""
    libc = ctypes.CDLL(None)
    with contextlib.suppress(AttributeError):   # only glibc keeps what was freed, and has it
        libc.malloc_trim(0)
    try:
        if b"[never]" in (_HUGE / "enabled").read_bytes():
            return 0
        size = int((_HUGE / "hpage_pmd_size").read_bytes())
        filled = list(_filled(size))
    except (OSError, ValueError):
        return 0
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return sum(size for start in filled if libc.madvise(start, size, _COLLAPSE) == 0)


def _filled(size: int) -> Iterator[int]:
    """Where a huge page of `size` bytes fits into private memory of no file, and most of it is in use."""
    pages = size // mmap.PAGESIZE
    maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    with Path("/proc/self/pagemap").open("rb", buffering=0) as pagemap:
        for line in maps.splitlines():
            where, rights, _offset, _device, inode, *name = line.split(maxsplit=5)
            if rights != "rw-p" or inode != "0" or name not in ([], ["[heap]"]):
                continue
            first, end = (int(one, 16) for one in where.split("-"))
            for start in range(-(-first // size) * size, end - size + 1, size):
                pagemap.seek(start // mmap.PAGESIZE * 8)
                # Entries of 64 bits, the highest byte last on all machines that we run on.
                in_use = sum(one >= _PRESENT for one in pagemap.read(pages * 8)[7::8])
                if in_use >= _FILLED * pages:
                    yield start
