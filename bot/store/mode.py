"""Keeps demo people, whose codes anybody may read, out of a production's store, and production off theirs."""

from bot.errors import SettingsError
from bot.store import keys
from bot.store.connection import Script, Store

# KEYS: the mark, what `ping` writes. ARGV: our mode, 1 if only an empty store may be begun with, 1 to mark. Looking and
# marking are one step, so that of two that start at once on one store the second one sees the first.
_CLAIM = Script("""
local mode = redis.call('GET', KEYS[1])
if mode then return mode end
if ARGV[2] == '1' and redis.call('DBSIZE') > redis.call('EXISTS', KEYS[2]) then return 'used' end
if ARGV[3] == '1' then redis.call('SET', KEYS[1], ARGV[1]) end
return ARGV[1]
""")


async def claim(store: Store, *, development: bool) -> None:
    """Mark a store as begun in this mode. Raises SettingsError, in one line, when it belongs to another.

    Development begins on an empty database only: what is in another may be a production's (fail closed).
    """
    await _ask(store, development=development, mark=True)


async def examine(store: Store, *, development: bool) -> None:
    """As `claim`, and leave no mark."""
    await _ask(store, development=development, mark=False)


async def _ask(store: Store, *, development: bool, mark: bool) -> None:
    ours = "development" if development else "production"
    found = (await store.call(_CLAIM, [keys.MODE, keys.READY], [ours, int(development), int(mark)])).decode()
    if found == ours:
        return
    if found == "used":
        raise SettingsError(
            "REDIS_URL: there is data in it, and development mode makes demo people; name an empty database, "
            "unset REDIS_URL, or set KEYTURN_MODE=production")
    raise SettingsError(
        f"REDIS_URL: this store was begun in {found} mode and is not used in {ours} mode, because of the demo people; "
        "name another, or set KEYTURN_MODE")
