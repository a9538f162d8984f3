"""What only a simulator has, under ``/sandbox/``: look, push the clock, misbehave, read the outbox."""

from __future__ import annotations

import dataclasses
from html import escape
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from connector.sandbox.platform.editor_api import ROUTES
from connector.sandbox.platform.html import page
from connector.sandbox.platform.model import SIMULATOR, french_date
from connector.sandbox.platform.world import PlatformWorld


class Control:
    """The control routes of one world. None of them counts as a request of the API."""

    def __init__(self, world: PlatformWorld) -> None:
        self._world = world
        self.routes = [
            Route("/", self.home, methods=["GET"]),
            Route("/swagger-ui.html", self.swagger, methods=["GET"]),
            Route("/v2/api-docs", self.api_docs, methods=["GET"]),
            Route("/sandbox/state", self.state, methods=["GET"]),
            Route("/sandbox/outbox.json", self.outbox_json, methods=["GET"]),
            Route("/sandbox/outbox", self.outbox, methods=["GET"]),
            Route("/sandbox/outbox/{number:int}.txt", self.message, methods=["GET"]),
            Route("/sandbox/{order:str}", self.command, methods=["POST"]),
        ]

    async def home(self, _request: Request) -> Response:
        """Explain what this is."""
        body = (
            "<p>Ce serveur imite, pour essayer et montrer, une plateforme de signature. "
            "Rien de ce qui est signé ici n'a de valeur, aucun e-mail ni SMS ne part.</p>"
            '<p><a href="/sandbox/outbox">Voir les e-mails et les SMS</a></p>'
        )
        return page("Plateforme de signature simulée", body)

    async def swagger(self, _request: Request) -> Response:
        """Stand where the real host has its page (KNOWN)."""
        return page("Description de l'API", '<p><a href="/v2/api-docs">/v2/api-docs</a></p>')

    async def api_docs(self, _request: Request) -> Response:
        """Describe the calls as the library's default does (ASSUMED, API page section 1)."""
        paths: dict[str, dict[str, Any]] = {}
        for method, pattern, name in ROUTES:
            plain = pattern
            for group in ("id_request", "hmac", "id"):
                plain = plain.replace(f"(?P<{group}>[^/]+)", "{" + group + "}")
            plain = plain.replace("(?P<order>[1-9][0-9]{0,3})", "{order}")
            responses = {"200": {"description": "OK"}}
            paths.setdefault("/editor/{shortcut}/" + plain, {})[method.lower()] = {
                "operationId": name,
                "responses": responses,
            }
        return JSONResponse({"swagger": "2.0", "info": {"title": SIMULATOR, "version": "0"}, "paths": paths})

    async def state(self, _request: Request) -> Response:
        """Tell everything."""
        return JSONResponse(await run_in_threadpool(self._world.state))

    async def outbox_json(self, _request: Request) -> Response:
        """Give every message."""
        messages = await run_in_threadpool(self._world.outbox)
        return JSONResponse([dataclasses.asdict(item) for item in messages])

    async def outbox(self, _request: Request) -> Response:
        """Show every message, newest first, with its link."""
        rows = []
        for item in reversed(await run_in_threadpool(self._world.outbox)):
            kind = "E-mail" if item.kind == "mail" else "SMS"
            opened = (
                f'<a href="{escape(item.link)}">{escape(item.link)}</a>' if item.link else escape(item.code)
            )
            subject = item.subject or item.text.splitlines()[0]
            rows.append(
                f'<tr><td>{item.number}</td><td class="court">{kind}</td><td>{escape(item.to)}</td>'
                f'<td><a href="/sandbox/outbox/{item.number}.txt">{escape(subject)}</a></td>'
                f"<td>{opened}</td><td>{french_date(item.at)}</td></tr>"
            )
        head = "".join(
            f'<th scope="col">{name}</th>' for name in ("N°", "Sorte", "À", "Objet", "Lien ou code", "Date")
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        return page("E-mails et SMS", table if rows else "<p>Aucun message pour le moment.</p>")

    async def message(self, request: Request) -> Response:
        """Give one message as plain text."""
        number = request.path_params["number"]
        found = [item for item in await run_in_threadpool(self._world.outbox) if item.number == number]
        if not found:
            return PlainTextResponse("Ce message n'existe pas.", 404)
        head = f"De : {found[0].sender}\nÀ : {found[0].to}\nObjet : {found[0].subject}\n\n"
        return PlainTextResponse(head + found[0].text)

    async def command(self, request: Request) -> Response:
        """Obey one order: clock, misbehave, behave, account, site, sign or refuse; 400 tells what was wrong with it."""
        raw = await request.body()
        try:
            order: dict[str, Any] = await request.json() if raw else {}
            await run_in_threadpool(self._obey, request.path_params["order"], order)
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
        return JSONResponse({"ok": True, "clock_offset_s": self._world.clock.offset_s})

    def _obey(self, name: str, order: dict[str, Any]) -> None:
        world = self._world
        if name == "clock":
            world.clock.advance(float(order["advance_s"]))
        elif name == "misbehave":
            world.misbehave(**order)
        elif name == "behave":
            world.behave()
        elif name == "account":
            if order.pop("revoke_tokens", False):
                world.revoke_tokens()
            world.switch(**order)
        elif name == "site":
            world.site(str(order["transaction"]), str(order["action"]))
        elif name == "sign":
            world.person_signs(str(order["transaction"]), str(order["email"]))
        elif name == "refuse":
            world.person_refuses(str(order["transaction"]), str(order["email"]), str(order["reason"]))
        else:
            raise ValueError(f"unknown order {name!r}")
