"""What became of a change that was made under a key: at most once, and never after somebody has asked (F2, F3)."""

from bot.store.connection import Script, Store

EFFECT_SECONDS = 7 * 86400
"""For so long it is known whether a change was made: longer than any that was cut off waits for somebody to look."""

# KEYS: the effect. ARGV: seconds. Asking for a change that has not happened closes its key.
_OUTCOME = Script("""
redis.call('SET', KEYS[1], 'void', 'NX', 'EX', ARGV[1])
return redis.call('GET', KEYS[1])
""")


async def outcome(store: Store, place: str) -> bool:
    """Whether the change whose effect is kept at `place` was made, as 'done' there; if not, it never will be."""
    return bool(await store.call(_OUTCOME, [place], [EFFECT_SECONDS]) == b"done")
