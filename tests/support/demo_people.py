"""The demo people of one test process: made once, then put into every empty store (slow hashes take two seconds)."""

from dataclasses import replace

from bot.directory import demo
from bot.directory.demo_staff import seed_staff
from bot.rules.registered import TOTP
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.store import keys
from bot.store.connection import Store
from bot.store.sealed import new_key

SECRET_KEY = new_key()
"""Seals what they have: a house with another key makes people of its own."""
SEED = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"
"""Kari's authenticator: one for all runs, so that a code made up as a wrong one is always wrong."""
KARI = demo.PEOPLE[0].account.id

_DAY = 86400
_KEPT: list[tuple[float, dict[bytes, bytes]]] = []
"""Since when they are registered, and what the store holds of them then, as it dumps it."""


async def move_in(desk: Desk, store: Store) -> None:
    """What a house in development mode does as it starts, done before it; nothing where somebody lives already."""
    if await store.do("EXISTS", keys.account(KARI)):
        return
    now = desk.clock.now()
    kept = next((dumped for since, dumped in _KEPT if 0 <= now - since < _DAY), None)
    if kept is None:
        _KEPT.append((now, await _made(desk, store, now)))
    else:
        for key, dumped in kept.items():
            await store.do("RESTORE", key, 0, dumped)
    if not desk.settings.admin_port:
        await store.do("DEL", keys.STAFF)


async def _made(desk: Desk, store: Store, now: float) -> dict[bytes, bytes]:
    kept, hashes = desk.kept, desk.people.hashes
    await demo.seed(kept.accounts, kept.enrolments, hashes, now)
    await seed_staff(kept.it, hashes)
    enrolment = await kept.enrolments.read(KARI)
    app, = enrolment.of_kind(TOTP)
    await kept.enrolments.change(KARI, enrolment.having(replace(app, seed=Secret(SEED))))
    made = {keys.STAFF.encode()}
    for pattern in ("kt:{accounts}:*", "kt:{e:*"):
        made |= set(await store.do("KEYS", pattern))
    return {key: await store.do("DUMP", key) for key in made}
