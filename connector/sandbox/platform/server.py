"""The simulated platform as a real HTTP server on a loopback port."""

from __future__ import annotations

import socket
import threading
import time
from email.utils import format_datetime
from types import TracebackType

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector.sandbox.platform.connection import CuttableProtocol
from connector.sandbox.platform.control import Control
from connector.sandbox.platform.editor_api import EditorApi
from connector.sandbox.platform.people_pages import PeoplePages
from connector.sandbox.platform.world import PlatformWorld

_START_LIMIT_S = 10.0


def application(world: PlatformWorld) -> ASGIApp:
    """Return the whole platform as one ASGI application; it needs ``CuttableProtocol`` beneath it."""
    pages = Starlette(routes=[*Control(world).routes, *PeoplePages(world).routes])
    api = EditorApi(world)

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            # The platform's own clock tells the time, as it does everything else (RFC 9110 section 6.6.1).
            if message["type"] == "http.response.start" and b"date" not in dict(message["headers"]):
                date = format_datetime(world.clock.now(), usegmt=True).encode("ascii")
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        editor = scope["type"] == "http" and scope["path"].startswith("/editor/")
        await (api if editor else pages)(scope, receive, dated)

    return choose


class RunningPlatform:
    """A platform being served; ``url`` ends with a slash. A context manager: leaving it closes the server."""

    def __init__(self, world: PlatformWorld, host: str, port: int) -> None:
        self._socket = socket.create_server((host, port), backlog=128)
        bound = self._socket.getsockname()[1]
        self.world = world
        self.url = world.url = f"http://{host}:{bound}/"
        config = uvicorn.Config(
            application(world),
            http=CuttableProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            date_header=False,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="sandbox-platform", daemon=True
        )
        self._thread.start()
        give_up = time.monotonic() + _START_LIMIT_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > give_up:
                self.close()
                raise RuntimeError("the simulated platform did not start")
            time.sleep(0.002)

    def close(self) -> None:
        """Stop serving and wait until the port is free again. May be called twice."""
        self._server.should_exit = True
        self._thread.join(_START_LIMIT_S)
        self._socket.close()

    def __enter__(self) -> RunningPlatform:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve_platform(world: PlatformWorld, host: str = "127.0.0.1", port: int = 0) -> RunningPlatform:
    """Serve ``world`` in a thread of this process; port 0 = any free one. Raises OSError: the port is taken."""
    return RunningPlatform(world, host, port)
