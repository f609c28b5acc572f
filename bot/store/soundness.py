"""Refuses to start on a store that could forget: a lost counter or code would make guessing cheaper (F5)."""

from bot.errors import SettingsError, StoreUnavailable
from bot.store.connection import Store

_OLDEST = (6, 2)


async def check(store: Store) -> None:
    """Raises SettingsError with one line that says what to change, StoreUnavailable when nobody answers."""
    info = await _info(store)
    if why := unsound(info, await _syncs(store)):
        raise SettingsError(f"REDIS_URL: {why}")
    await store.ping()


def unsound(info: dict[str, str], syncs: str) -> str:
    """What is wrong with a server that says this about itself; empty when it will do.

    `syncs` is its appendfsync; empty when it does not tell, and then it is taken to be the default, "everysec".
    Snapshots do not count: what was spent since the last one would be unspent after a crash.
    """
    version = info.get("redis_version", "0")
    numbers = tuple(int(part) if part.isdigit() else 0 for part in version.split(".")[:2])
    evicts = info.get("maxmemory", "0") != "0" and info.get("maxmemory_policy") != "noeviction"
    policy = info.get("maxmemory_policy")
    findings = (
        (numbers < _OLDEST, f"the server is version {version}; 6.2 or newer is needed"),
        (info.get("cluster_enabled") == "1", "Redis Cluster is not supported; name a single server"),
        (info.get("role") != "master", "the server is a replica, which takes no writes; name the master"),
        (evicts, f"the server throws data away when full ({policy}); set maxmemory-policy noeviction"),
        (info.get("aof_enabled") != "1", "the server forgets its last minutes in a crash; set appendonly yes"),
        (syncs not in ("", "always", "everysec"),
         f"the server may forget more than a second (appendfsync {syncs}); set appendfsync everysec or always"),
    )
    return next((what for found, what in findings if found), "")


async def _info(store: Store) -> dict[str, str]:
    lines = (await store.do("INFO", "everything")).decode("utf-8", "replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


async def _syncs(store: Store) -> str:
    """Hosted servers forbid the question."""
    try:
        found = await store.do("CONFIG", "GET", "appendfsync")
    except StoreUnavailable:
        return ""
    return found[1].decode() if len(found) == 2 else ""
