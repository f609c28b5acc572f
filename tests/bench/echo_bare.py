"""The floor under any bot on aiohttp: a handler that answers each activity with one POST, and does nothing else."""

import os
from collections.abc import AsyncIterator
from urllib.parse import quote

from aiohttp import ClientSession, web

SESSION = web.AppKey("SESSION", ClientSession)


async def hear(request: web.Request) -> web.Response:
    heard = await request.json()
    url = f"{heard['serviceUrl']}v3/conversations/{quote(heard['conversation']['id'])}/activities/{heard['id']}"
    said = {"type": "message", "text": f"Echo: {heard['text']}", "replyToId": heard["id"],
            "conversation": heard["conversation"], "from": heard["recipient"], "recipient": heard["from"]}
    async with request.app[SESSION].post(url, json=said) as answer:
        await answer.read()
    return web.Response()


async def with_session(app: web.Application) -> AsyncIterator[None]:
    async with ClientSession() as session:
        app[SESSION] = session
        yield


def main() -> None:
    app = web.Application()
    app.router.add_post("/api/messages", hear)
    app.cleanup_ctx.append(with_session)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None)


if __name__ == "__main__":
    main()
