"""Echo through the real gate, adapter and connector, so that their cost can be measured beside other bots'.

Serves $PORT; with MicrosoftAppId, BENCH_LOGIN_URL and BENCH_METADATA_URL it knows the channel, without them it
runs as development does. KEYTURN_LOOP=asyncio leaves uvloop out.
"""

import gc
import os
from collections.abc import AsyncIterator

import uvloop
from aiohttp import web
from botbuilder.core import TurnContext

from bot.channel.adapter import Adapter
from bot.channel.bot_token import BotToken
from bot.channel.connector import BotConnectors
from bot.channel.gate import Gate
from bot.channel.hosts import ReplyHosts
from bot.channel.keys import ChannelKeys
from bot.channel.outbox import Outbox, open_session
from bot.channel.tokens import TokenVerifier
from bot.clock import SharedClock
from bot.people import Speaker
from bot.rules.limits import Limits
from bot.secret import Secret


async def echo(context: TurnContext, _speaker: Speaker) -> None:
    if context.activity.type == "message":
        await context.send_activity(f"Echo: {context.activity.text}")


async def no_apology(_context: TurnContext, error: Exception) -> None:
    raise error


async def serve(app: web.Application) -> AsyncIterator[None]:
    clock, limits, hosts = SharedClock(), Limits(), ReplyHosts(("127.0.0.1", "localhost"))
    verifier = token = None
    async with open_session() as session:
        if app_id := os.environ.get("MicrosoftAppId"):
            keys = ChannelKeys(session, os.environ["BENCH_METADATA_URL"], clock)
            verifier = TokenVerifier(keys, clock, app_id=app_id)
            token = BotToken(session, clock, app_id=app_id, login_url=os.environ["BENCH_LOGIN_URL"],
                             password=Secret(os.environ["MicrosoftAppPassword"]))
        adapter = Adapter(echo, no_apology)
        connectors = BotConnectors(Outbox(session, hosts, token, clock))
        gate = Gate(adapter, connectors, hosts, limits=limits, verifier=verifier)
        app.router.add_route("*", "/api/messages", gate.handle)
        gc.collect()
        gc.freeze()
        yield
        await gate.drain(5)


def main() -> None:
    if os.environ.get("KEYTURN_LOOP") != "asyncio":
        uvloop.install()
    app = web.Application()
    app.cleanup_ctx.append(serve)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None)


if __name__ == "__main__":
    main()
