"""Conversations in the store: botbuilder's contract, and turns (C6, D1, D2, F9)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botbuilder.dialogs import DialogInstance, DialogState, PromptOptions
from botbuilder.schema import Activity
from botbuilder.testing import StorageBaseTests

from bot.errors import Conflict
from bot.rules.limits import Limits
from bot.store import keys
from bot.store.connection import Store
from bot.store.conversations import DIALOG_SHAPES, ConversationStorage, Skipped, Turn
from bot.store.sealed import KeyRing
from bot.store.state_codec import Shape

KEY = "msteams/conversations/a:1"

STOCK_PROMPTS = (
    Shape("prompt", PromptOptions, lambda one: {"prompt": one.prompt, "tries": one.number_of_attempts},
          lambda plain: PromptOptions(prompt=plain["prompt"], number_of_attempts=plain["tries"])),
    Shape("activity", Activity, lambda one: one.serialize(), lambda plain: Activity.deserialize(dict(plain))),
)
"""What botbuilder's own prompts keep; Keyturn does not use them, its storage tests do."""


@pytest.fixture
def storage(store: Store, ring: KeyRing) -> ConversationStorage:
    return ConversationStorage(store, ring, Limits())


@pytest.fixture
def elsewhere(other_store: Store, ring: KeyRing) -> ConversationStorage:
    """The same conversations on another replica."""
    return ConversationStorage(other_store, ring, Limits())


async def kept(storage: ConversationStorage) -> dict[str, Any]:
    found = (await storage.read([KEY])).get(KEY, {})
    return {name: value for name, value in found.items() if name != "e_tag"}


@pytest.mark.parametrize("name", [name for name in vars(StorageBaseTests) if not name.startswith("_")])
async def test_botbuilders_storage_contract(store: Store, ring: KeyRing, name: str) -> None:
    """Every test that botbuilder ships for storages passes."""
    check: Callable[[ConversationStorage], Any] = getattr(StorageBaseTests, name)
    assert await check(ConversationStorage(store, ring, Limits(), (*DIALOG_SHAPES, *STOCK_PROMPTS)))


class TestWrites:
    async def test_a_stale_etag_is_refused(self, storage: ConversationStorage) -> None:
        await storage.write({KEY: {"n": 1}})
        stale = (await storage.read([KEY]))[KEY]
        await storage.write({KEY: {"n": 2}})
        with pytest.raises(Conflict):
            await storage.write({KEY: {**stale, "n": 3}})
        assert await kept(storage) == {"n": 2}

    async def test_a_deleted_and_new_state_repeats_no_etag(self, storage: ConversationStorage) -> None:
        await storage.write({KEY: {"n": 1}})
        stale = (await storage.read([KEY]))[KEY]
        await storage.delete([KEY])
        with pytest.raises(Conflict):
            await storage.write({KEY: stale})
        await storage.write({KEY: {"n": 1}})
        with pytest.raises(Conflict):
            await storage.write({KEY: stale})

    async def test_saving_twice_with_the_same_dict_works(self, storage: ConversationStorage) -> None:
        await storage.write({KEY: {"n": 1}})
        state = (await storage.read([KEY]))[KEY]
        for n in (2, 3):
            state["n"] = n
            await storage.write({KEY: state})
        assert await kept(storage) == {"n": 3}

    async def test_fifty_writers_lose_nothing(
            self, storage: ConversationStorage, elsewhere: ConversationStorage) -> None:
        """With compare-and-set and retry, every one of 50 increments counts (F9)."""
        await storage.write({KEY: {"n": 0}})

        async def increment(through: ConversationStorage) -> None:
            while True:
                state = (await through.read([KEY]))[KEY]
                state["n"] += 1
                try:
                    await through.write({KEY: state})
                except Conflict:
                    continue
                return

        await asyncio.gather(*(increment(storage if n % 2 else elsewhere) for n in range(50)))
        assert await kept(storage) == {"n": 50}

    async def test_states_expire(self, storage: ConversationStorage, store: Store) -> None:
        """An abandoned conversation is gone within a day (limit 27)."""
        await storage.write({KEY: {"n": 1}})
        assert 86390 <= await store.do("TTL", keys.conversation(KEY)) <= 86400


class TestValues:
    async def test_plain_values_and_dialog_stacks_come_back(self, storage: ConversationStorage) -> None:
        state = {"text": "blåbær \ud800 \n", "n": 1, "f": 0.5, "no": None, "yes": True, "list": [{"a": []}],
                 "stack": DialogState([DialogInstance("reset", {"step": 2})])}
        await storage.write({KEY: state})
        back = await kept(storage)
        stack = back.pop("stack").dialog_stack
        assert [(one.id, one.state) for one in stack] == [("reset", {"step": 2})]
        assert back == {name: value for name, value in state.items() if name not in ("stack", "e_tag")}

    @pytest.mark.parametrize("value", [
        {"$": "stack", "of": []}, {"$": "nothing we know"}, {"$$": 1, "$x": 2}, {"py/object": "os.system"},
        {"e_tag": "inner"}])
    async def test_a_dict_never_passes_for_an_object(self, storage: ConversationStorage, value: Any) -> None:
        """Whatever a client's own data looks like, it stays data (D2)."""
        await storage.write({KEY: {"value": value}})
        assert await kept(storage) == {"value": value}

    @pytest.mark.parametrize("value", [
        object(), {1}, (1, 2), b"bytes", {1: "number as a name"}, Activity(), Limits(), str.upper])
    async def test_anything_else_is_refused(self, storage: ConversationStorage, value: Any) -> None:
        with pytest.raises(TypeError, match="conversation"):
            await storage.write({KEY: {"value": value}})

    async def test_not_a_number_is_refused(self, storage: ConversationStorage) -> None:
        with pytest.raises(ValueError, match="JSON"):
            await storage.write({KEY: {"value": float("nan")}})


class TestForeignBytes:
    async def poisoned(self, store: Store, how: str, ring: KeyRing) -> None:
        name = keys.conversation(KEY)
        match how:
            case "wrong type":
                await store.do("DEL", name)
                await store.do("SET", name, "x")
            case "swapped":
                await store.do("HSET", name, "d", ring.seal("conversation", "another", b'1 {"n":9}'))
            case "other version":
                await store.do("HSET", name, "d", ring.seal("conversation", KEY, b'2 {"n":9}'))
            case "no json":
                await store.do("HSET", name, "d", ring.seal("conversation", KEY, b"1 {"))
            case "unknown shape":
                await store.do("HSET", name, "d", ring.seal("conversation", KEY, b'1 {"n":{"$":"os"}}'))
            case "pickle":
                await store.do("HSET", name, "d", b"\x80\x04cos\nsystem\n")
            case "flipped bit":
                data = bytearray(await store.do("HGET", name, "d"))
                data[-1] ^= 1
                await store.do("HSET", name, "d", bytes(data))

    @pytest.mark.parametrize("how", [
        "wrong type", "swapped", "other version", "no json", "unknown shape", "pickle", "flipped bit"])
    async def test_reads_as_absent_and_heals(
            self, storage: ConversationStorage, store: Store, ring: KeyRing, how: str) -> None:
        """A poisoned record restarts its conversation, and the next turn works (D1, F10, F14)."""
        await storage.write({KEY: {"n": 1}})
        await self.poisoned(store, how, ring)
        assert await storage.read([KEY]) == {}
        async with storage.turn(KEY, "1") as turn:
            assert isinstance(turn, Turn)
            assert turn.state == {}
            turn.state["n"] = 5
        assert await kept(storage) == {"n": 5}

    async def test_an_unreadable_state_is_cleared_away(
            self, storage: ConversationStorage, store: Store) -> None:
        await store.do("HSET", keys.conversation(KEY), "d", b"x")
        async with storage.turn(KEY, "1"):
            pass
        assert await store.do("EXISTS", keys.conversation(KEY)) == 0


class TestTurns:
    async def test_state_lives_from_turn_to_turn(
            self, storage: ConversationStorage, elsewhere: ConversationStorage) -> None:
        async with storage.turn(KEY, "1") as turn:
            assert isinstance(turn, Turn)
            turn.state["n"] = 1
        async with elsewhere.turn(KEY, "2") as turn:
            assert isinstance(turn, Turn)
            assert turn.state == {"n": 1}
            turn.state.clear()
        assert await kept(storage) == {}

    async def test_the_framework_sees_the_turns_state(self, storage: ConversationStorage) -> None:
        async with storage.turn(KEY, "1") as turn:
            assert isinstance(turn, Turn)
            assert await storage.read([KEY]) == {}
            await storage.write({KEY: {"n": 1}})
            assert (await storage.read([KEY]))[KEY]["n"] == 1
        assert await kept(storage) == {"n": 1}
        async with storage.turn(KEY, "2"):
            await storage.delete([KEY])
        assert await storage.read([KEY]) == {}

    async def test_a_redelivery_is_dropped_on_every_replica(
            self, storage: ConversationStorage, elsewhere: ConversationStorage) -> None:
        """The same activity delivered again changes nothing (C6)."""
        async with storage.turn(KEY, "1"):
            pass
        for replica in (storage, elsewhere):
            async with replica.turn(KEY, "1") as turn:
                assert turn is Skipped.DUPLICATE
        async with elsewhere.turn("another conversation", "1") as turn:
            assert isinstance(turn, Turn)

    async def test_a_redelivery_while_it_is_processed_waits_and_is_dropped(
            self, storage: ConversationStorage, elsewhere: ConversationStorage) -> None:
        entered, go = asyncio.Event(), asyncio.Event()

        async def first() -> None:
            async with storage.turn(KEY, "1"):
                entered.set()
                await go.wait()

        async def again(replica: ConversationStorage) -> Turn | Skipped:
            async with replica.turn(KEY, "1") as turn:
                return turn

        async with asyncio.TaskGroup() as group:
            group.create_task(first())
            await entered.wait()
            later = [group.create_task(again(one)) for one in (storage, elsewhere)]
            await asyncio.sleep(0)
            go.set()
        assert [one.result() for one in later] == [Skipped.DUPLICATE] * 2

    async def test_activities_without_an_id_are_not_taken_for_each_other(
            self, storage: ConversationStorage) -> None:
        for _ in range(2):
            async with storage.turn(KEY, "") as turn:
                assert isinstance(turn, Turn)

    async def test_a_failed_turn_writes_nothing_and_may_be_delivered_again(
            self, storage: ConversationStorage, elsewhere: ConversationStorage) -> None:
        async def failing() -> None:
            async with storage.turn(KEY, "1") as turn:
                assert isinstance(turn, Turn)
                turn.state["n"] = 1
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await failing()
        async with elsewhere.turn(KEY, "1") as turn:
            assert isinstance(turn, Turn)
            assert turn.state == {}

    async def test_a_cancelled_turn_leaves_no_lease(self, storage: ConversationStorage, store: Store) -> None:
        """Wherever it is cut short, the next message need not wait (F14)."""
        async def message(n: int) -> None:
            async with storage.turn(KEY, str(n)):
                await asyncio.sleep(0)

        async def cut_short_at_its_end() -> None:
            task = asyncio.current_task()
            assert task is not None
            async with storage.turn(KEY, "last"):
                task.cancel()   # felt as soon as it waits for the store

        for n in range(30):
            task = asyncio.create_task(message(n))
            for _ in range(n % 15):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        await asyncio.wait([asyncio.create_task(cut_short_at_its_end())])
        assert await store.do("EXISTS", keys.turn(KEY, "")[1]) == 0

    async def test_a_state_that_cannot_be_kept_fails_only_its_turn(
            self, storage: ConversationStorage) -> None:
        async def failing() -> None:
            async with storage.turn(KEY, "1") as turn:
                assert isinstance(turn, Turn)
                turn.state["n"] = object()

        with pytest.raises(TypeError):
            await failing()
        async with storage.turn(KEY, "2") as turn:
            assert isinstance(turn, Turn)

    async def test_one_turn_at_a_time_on_two_replicas(
            self, storage: ConversationStorage, elsewhere: ConversationStorage) -> None:
        """40 messages of one conversation at once: never two inside, none lost (F9)."""
        inside = 0

        async def message(n: int) -> None:
            nonlocal inside
            async with (storage if n % 2 else elsewhere).turn(KEY, str(n)) as turn:
                assert isinstance(turn, Turn)
                assert inside == 0
                inside += 1
                await asyncio.sleep(0)
                turn.state["n"] = turn.state.get("n", 0) + 1
                inside -= 1

        await asyncio.gather(*(message(n) for n in range(40)))
        assert await kept(storage) == {"n": 40}

    async def test_a_crashed_turn_is_taken_over(self, storage: ConversationStorage, store: Store) -> None:
        """A holder that died without a word blocks its conversation no longer than its lease."""
        await store.do("SET", keys.turn(KEY, "")[1], "dead", "PX", 200)
        async with storage.turn(KEY, "1") as turn:
            assert isinstance(turn, Turn)

    async def test_a_holder_that_outlives_its_lease_is_fenced_off(
            self, storage: ConversationStorage, elsewhere: ConversationStorage, store: Store) -> None:
        async def too_slow() -> None:
            async with storage.turn(KEY, "1") as slow:
                assert isinstance(slow, Turn)
                slow.state["n"] = "slow"
                await store.do("DEL", keys.turn(KEY, "")[1])      # as when it has run out
                async with elsewhere.turn(KEY, "2") as turn:
                    assert isinstance(turn, Turn)
                    turn.state["n"] = "quick"

        with pytest.raises(Conflict):
            await too_slow()
        assert await kept(storage) == {"n": "quick"}

    async def test_a_turn_behind_a_stuck_one_gives_up_in_time(
            self, store: Store, other_store: Store, ring: KeyRing) -> None:
        limits = replace(Limits(), answer_seconds=1)
        await store.do("SET", keys.turn(KEY, "")[1], "stuck", "PX", 60_000)
        async with ConversationStorage(other_store, ring, limits).turn(KEY, "1") as turn:
            assert turn is Skipped.BUSY

    async def test_a_close_sent_twice_is_answered_alike(self, redis_url: str, ring: KeyRing) -> None:
        """The connection may lose the reply and send again: the turn has ended well all the same."""
        again = []

        class Twice(Store):
            async def call(self, script: Any, names: Any, args: Any = ()) -> Any:
                await super().call(script, names, args)
                again.append(script)
                return await super().call(script, names, args)

        twice = Twice.open(redis_url)
        storage = ConversationStorage(twice, ring, Limits())
        async with storage.turn(KEY, "1") as turn:
            assert isinstance(turn, Turn)
            turn.state["n"] = 1
        assert len(again) == 2
        assert await kept(storage) == {"n": 1}
        await twice.close()

    async def test_keys_hold_nothing_readable(self, storage: ConversationStorage, store: Store) -> None:
        """Neither names nor contents of records show who said what (D1)."""
        async with storage.turn("user kari", "1") as turn:
            assert isinstance(turn, Turn)
            turn.state["said"] = "my password"
        names = await store.do("KEYS", "*")
        dump = b"".join([*names, *[await store.do("DUMP", name) for name in names]])
        assert b"kari" not in dump
        assert b"password" not in dump
