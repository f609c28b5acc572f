"""A store whose every answer is lost once: each command is sent twice, and the second answer counts."""

from collections.abc import Sequence
from typing import Any

from bot.store.connection import Part, Script, Store


class TwiceStore(Store):
    async def do(self, *command: Part) -> Any:
        await super().do(*command)
        return await super().do(*command)

    async def call(self, script: Script, keys: Sequence[str], args: Sequence[Part] = ()) -> Any:
        await super().call(script, keys, args)
        return await super().call(script, keys, args)
