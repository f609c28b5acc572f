"""Since when our secrets are in use, and what `doctor` makes of it (D1, D5)."""

from bot.age_doctor import BOT, DIRECTORY, KEYS, in_use, looks
from bot.doctor import examine
from bot.secret import Secret
from bot.settings import load
from bot.store import keys
from bot.store.ages import Ages
from bot.store.connection import Store
from bot.store.sealed import KeyRing, new_key
from tests.support.clock import SteppedClock

DAY = 86400
APP, OTHER = "00000000-0000-0000-0000-0000000000aa", "00000000-0000-0000-0000-0000000000bb"


async def test_an_age_begins_with_the_first_use(store: Store, ring: KeyRing, clock: SteppedClock) -> None:
    """Noted at every start, by every replica: the first one counts; another value begins anew."""
    ages, old, new = Ages(store, ring, clock), Secret("old"), Secret("new")
    assert await ages.of("name", old) is None
    for _ in range(3):
        await ages.note({"name": old})
        clock.advance(DAY)
    assert round(await ages.of("name", old) or 0) == 3 * DAY
    assert await ages.of("name", new) is None
    assert await ages.of("other name", old) is None
    await ages.note({"name": new})
    assert await ages.of("name", new) == 0


async def test_a_new_key_makes_nothing_young(store: Store, clock: SteppedClock) -> None:
    """What the key before it noted is known, and noted anew before that key is gone."""
    first, second, third = new_key(), new_key(), new_key()
    secret = {"name": Secret("s")}
    for rings in ([first], [second, first], [third, second]):
        await Ages(store, KeyRing.parse(rings), clock).note(secret)
        clock.advance(DAY)
    assert round(await Ages(store, KeyRing.parse([third]), clock).of("name", secret["name"]) or 0) == 3 * DAY


async def test_the_store_holds_nothing_of_a_secret(store: Store, ring: KeyRing, clock: SteppedClock) -> None:
    """D1: and what is there by mistake is as if it were not."""
    ages, secret = Ages(store, ring, clock), Secret("hemmelig")
    await ages.note({"name": secret})
    kept = await store.do("HGET", keys.AGES, "name")
    assert b"hemmelig" not in kept
    for broken in (b"", b"x", kept + b" x", kept[1:], kept.replace(b" ", b"")):
        await store.do("HSET", keys.AGES, "name", broken)
        assert await ages.of("name", secret) is None
        await ages.note({"name": secret})
        assert await ages.of("name", secret) == 0


async def test_what_doctor_says_of_ages() -> None:
    """In time to make the next one, with the command for it; never which secret it is."""
    settings = load({"MicrosoftAppId": APP, "MicrosoftAppPassword": "bot-secret", "KEYTURN_DIRECTORY": "entra",
                     "KEYTURN_ENTRA_APP_ID": OTHER, "KEYTURN_ENTRA_SECRET": "graph-secret",
                     "KEYTURN_MODE": "development", "MicrosoftAppTenantId": OTHER,
                     "KEYTURN_SECRET_KEYS": ",".join((new_key(), new_key()))})
    assert list(in_use(settings)) == [KEYS, BOT, DIRECTORY]
    assert in_use(settings)[KEYS].reveal() == settings.secret_keys[0].get_secret_value()

    async def said(days: float | None) -> dict[str, str]:
        async def age(_name: str, _secret: Secret) -> float | None:
            return None if days is None else days * DAY

        found = {one.name.removeprefix("age of "): one.line() for one in await examine(list(looks(settings, age)))}
        assert "-secret" not in "".join(found.values())
        return found

    assert all(line.startswith("ok ") for line in (await said(334)).values())
    assert all("not in use with this store yet" in line for line in (await said(None)).values())
    old = await said(364)
    assert [name for name, line in old.items() if line.startswith("WRONG")] == [BOT, DIRECTORY]
    assert f"az ad app credential reset --id {OTHER} --append" in old[DIRECTORY]
    assert f"az ad app credential list --id {APP}" in old[BOT]
    assert "WRONG age of KEYTURN_SECRET_KEYS: in use for 365 days - put a new one first" in (await said(365))[KEYS]
