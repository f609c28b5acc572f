"""A double of a chat-completions service on loopback: holds callers to the published contract, and can misbehave.

The contract: POST <base>/chat/completions with a JSON object of known fields, `model` and `messages` among them; the
answer is one `chat.completion` with `choices`, or an `error` object with a status that says whose fault it is.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

KEY = "sk-double-of-a-key"
MODEL = "small-model"

FIELDS = frozenset({
    "model", "messages", "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens",
    "metadata", "n", "presence_penalty", "response_format", "seed", "stop", "store", "stream", "temperature",
    "tool_choice", "tools", "top_logprobs", "top_p", "user"})
ROLES = frozenset({"developer", "system", "user", "assistant", "tool"})


class Refused(Exception):
    def __init__(self, status: int, message: str, kind: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": None}}


@dataclass
class Completions:
    """`says` makes the assistant's words of the question and the titles; `instead` answers in its place.

    While `held` is clear, nothing is answered.
    """

    says: Callable[[str, list[str]], Any] = lambda _question, _titles: "0"
    instead: Callable[[], web.Response] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    @property
    def settings(self) -> dict[str, str]:
        return {"KEYTURN_OPINION_URL": self.url, "KEYTURN_OPINION_MODEL": MODEL, "KEYTURN_OPINION_KEY": KEY}

    async def handle(self, request: web.Request) -> web.Response:
        try:
            body = await _checked(request)
        except Refused as refused:
            self.refused.append(str(refused))
            return web.json_response(refused.body, status=refused.status)
        self.asked.append(body)
        await self.held.wait()
        if self.instead:
            return self.instead()
        said = json.loads(body["messages"][-1]["content"])
        return web.json_response(completion(self.says(said["question"], list(said["topics"].values()))))


def completion(content: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_795_000_000, "model": MODEL,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content, "refusal": None},
                     "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}}


async def _checked(request: web.Request) -> dict[str, Any]:
    if request.headers.get("Authorization") != f"Bearer {KEY}":
        raise Refused(401, "Incorrect API key provided", "invalid_request_error")
    if request.content_type != "application/json":
        raise Refused(400, "the body is not application/json", "invalid_request_error")
    body = await request.json()
    if unknown := body.keys() - FIELDS:
        raise Refused(400, f"Unrecognized request argument supplied: {min(unknown)}", "invalid_request_error")
    if body.get("model") != MODEL:
        raise Refused(404, f"The model {body.get('model')!r} does not exist", "invalid_request_error", "model")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(400, "[] is too short - 'messages'", "invalid_request_error", "messages")
    for one in messages:
        if one.get("role") not in ROLES or not isinstance(one.get("content"), str):
            raise Refused(400, "a message needs a role and a content", "invalid_request_error", "messages")
    return dict(body)


@asynccontextmanager
async def completions() -> AsyncIterator[Completions]:
    double = Completions()
    double.held.set()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", double.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    double.url = f"http://127.0.0.1:{server.port}/v1"
    try:
        yield double
    finally:
        double.held.set()
        await server.close()
