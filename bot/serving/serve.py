"""`serve`: a process of Keyturn, from its start to its end."""

import asyncio
import gc
import signal
import sys

import click
import structlog
import uvloop

from bot import age_doctor, memory
from bot.clock import SharedClock
from bot.content import Content
from bot.errors import StoreUnavailable
from bot.log_stream import losing
from bot.making.keeping import redis_of, ring_of
from bot.making.policy import policy_of
from bot.making.words import content_of, reader_of
from bot.rules.limits import too_loose
from bot.serving.desk import Desk
from bot.serving.listeners import admin_listening, listening, look_at_ports
from bot.serving.running import running
from bot.settings import Settings, environment, load
from bot.store.ages import Ages
from bot.store.connection import Store
from bot.store.mode import claim
from bot.store.sealed import KeyRing
from bot.store.soundness import check as check_store
from bot.understanding import Reader

log = structlog.get_logger(__name__)

LEAVING_SECONDS = 3.0       # /readyz says 503 before the door closes, for load balancers to notice (F11)


@click.command(name="serve")
def cli() -> None:
    """Run the bot until it is told to stop."""
    sys.stdout = losing(sys.stdout)     # a log as well, where it is a service
    settings = load(environment())
    for line in too_loose(settings.limits):
        log.warning("loose_limit", limit=line, allowed="in development only")
    policy_of(settings)
    # A folder that is in use or takes nothing, or a port that is taken, is said before minutes go into learning.
    with redis_of(settings) as redis_url:
        look_at_ports(settings)
        content = content_of(settings)
        uvloop.run(_serve(settings, content, reader_of(settings, content), redis_url, ring_of(settings)))


async def _serve(settings: Settings, content: Content, reader: Reader, redis_url: str, ring: KeyRing) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stopped.set)
    clock = SharedClock()
    store = Store.open(redis_url)
    if settings.redis_url.get_secret_value():
        await check_store(store)
        await claim(store, development=settings.development)
    desk = Desk(settings, content, reader, store, ring, clock)
    assert desk.kept.watch is not None
    await desk.kept.watch.begin()
    try:
        await Ages(store, ring, clock).note(age_doctor.in_use(settings))
    except StoreUnavailable:
        log.warning("ages.not_noted")       # Only `doctor` would have asked.
    async with running(desk), listening(desk), admin_listening(desk):
        # What lives now lives for good: the collector need not look at it again (it paused turns by 40 ms).
        gc.collect()
        gc.freeze()
        memory.settle()
        print(f"Keyturn is ready: {settings.base_url}/", flush=True)  # noqa: T201 the contract of `serve`
        if desk.admin_url:
            print(f"Admin pages: {desk.admin_url}/admin", flush=True)  # noqa: T201
        await stopped.wait()
        desk.health.leaving = True
        desk.ending.begin()
        if not settings.development:
            await asyncio.sleep(LEAVING_SECONDS)
