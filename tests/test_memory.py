"""Memory is settled without a byte of it changing."""

import subprocess
import sys
from pathlib import Path

from bot import memory

_MB = 1 << 20


def test_what_lives_stays_as_it_is() -> None:
    """However much of it the machine can gather just now, all that was written is still there."""
    kept = [bytes([number]) * (8 * _MB) for number in range(4)]
    for _again in range(2):
        memory.settle()
        assert [set(one) for one in kept] == [{0}, {1}, {2}, {3}]


def test_what_is_free_goes_back() -> None:
    """Many small pieces that are freed are kept by glibc until somebody asks; the process is smaller afterwards."""
    code = """
from pathlib import Path
import ctypes
from bot import memory

def held():
    return int(next(one for one in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in one).split()[1])

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
pieces = [libc.malloc(60_000) for _ in range(1000)]
for one in pieces:
    ctypes.memset(one, 1, 60_000)
for one in pieces[:-1]:     # The last one holds the top of the heap.
    libc.free(one)
before = held()
memory.settle()
print(before - held())
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1],
                          capture_output=True, text=True, check=True)
    assert int(done.stdout) > 40_000    # kB
