"""What people see: the login page of ``connect``, the signatory's pages, the download page. Plain forms only."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from connector.sandbox.platform import signatory_side
from connector.sandbox.platform.context import Context
from connector.sandbox.platform.documents import picture
from connector.sandbox.platform.errors import PersonError
from connector.sandbox.platform.html import alert, notice, page, paragraphs
from connector.sandbox.platform.signatory_side import Visit
from connector.sandbox.platform.world import PlatformWorld

_SEE_OTHER = 303
_BOTTOM = "signer"


class PeoplePages:
    """The pages of one world."""

    def __init__(self, world: PlatformWorld) -> None:
        self._world = world
        sign = "/signature/{key}"
        self.routes = [
            Route("/connexion/{id_request}", self.login, methods=["GET"]),
            Route("/connexion/{id_request}", self.log_in, methods=["POST"]),
            Route(sign, self.signature, methods=["GET"]),
            Route(sign + "/accepter", self.accept, methods=["POST"]),
            Route(sign + "/signer", self.sign, methods=["POST"]),
            Route(sign + "/refuser", self.refusal, methods=["GET"]),
            Route(sign + "/refuser", self.refuse, methods=["POST"]),
            Route(sign + "/confirmation", self.confirmation, methods=["GET"]),
            Route(sign + "/document/{order:int}.pdf", self.document, methods=["GET"]),
            Route(sign + "/document/{order:int}/page/{number:int}.png", self.picture, methods=["GET"]),
            Route(sign + "/telechargement", self.downloads, methods=["GET"]),
            Route(sign + "/telechargement/{order:int}.pdf", self.signed, methods=["GET"]),
        ]

    # -- connect ---------------------------------------------------------------------------------------

    async def login(self, request: Request) -> Response:
        """Show the login page."""
        return await run_in_threadpool(self._login_page, request.path_params["id_request"], "")

    async def log_in(self, request: Request) -> Response:
        """Log in and pick an office; then the success page, or the editor's ``success_url``."""
        id_request = request.path_params["id_request"]
        form = await _form(request)
        try:
            login = await run_in_threadpool(
                self._world.act,
                lambda context: context.account.log_in(
                    id_request, form.get("cabinet", ""), form.get("email", "")
                ),
            )
        except PersonError as error:
            return await run_in_threadpool(self._login_page, id_request, str(error))
        if login.success_url:
            return RedirectResponse(login.success_url, _SEE_OTHER)
        text = f"Vous êtes connecté pour {_quoted(login.office)}. Vous pouvez fermer cette page et revenir au logiciel."
        return page("Connexion réussie", notice(text))

    def _login_page(self, id_request: str, error: str) -> HTMLResponse:
        try:
            offices = self._world.act(lambda context: _offices(context, id_request))
        except PersonError as unknown:
            return page("Connexion", alert(str(unknown)), 404)
        options = "".join(f'<option value="{escape(name)}">{escape(name)}</option>' for name in offices)
        body = (
            f"{alert(error)}<p>Un logiciel demande l'accès à votre compte de signature.</p>"
            f'<form method="post" action="/connexion/{quote(id_request)}">'
            '<label for="email">Votre adresse e-mail</label>'
            '<input id="email" name="email" type="email" autocomplete="username" required>'
            '<label for="mot_de_passe">Votre mot de passe (le simulateur accepte tout)</label>'
            '<input id="mot_de_passe" name="mot_de_passe" type="password" autocomplete="current-password">'
            f'<label for="cabinet">Cabinet</label><select id="cabinet" name="cabinet">{options}</select>'
            '<p><button type="submit">Se connecter</button></p></form>'
        )
        return page("Connexion au compte du cabinet", body, 400 if error else 200)

    # -- the signatory ---------------------------------------------------------------------------------

    async def signature(self, request: Request) -> Response:
        """Show the whole document and what the signatory can do now."""
        return await run_in_threadpool(self._signature_page, _key(request), "")

    async def accept(self, request: Request) -> Response:
        """Take the ticked box and send the code."""
        form = await _form(request)
        key = _key(request)
        try:
            await run_in_threadpool(
                self._world.act, signatory_side.accept, key, ticked=form.get("accepte") == "oui"
            )
        except PersonError as error:
            return await run_in_threadpool(self._signature_page, key, str(error))
        return RedirectResponse(f"/signature/{quote(key)}#{_BOTTOM}", _SEE_OTHER)

    async def sign(self, request: Request) -> Response:
        """Take the code and sign."""
        form = await _form(request)
        key = _key(request)
        try:
            await run_in_threadpool(self._world.act, signatory_side.sign, key, form.get("code", ""))
        except PersonError as error:
            return await run_in_threadpool(self._signature_page, key, str(error))
        return RedirectResponse(f"/signature/{quote(key)}/confirmation", _SEE_OTHER)

    async def refusal(self, request: Request) -> Response:
        """Show the form of « Refuser de signer »."""
        return await run_in_threadpool(self._refusal_page, _key(request), "")

    async def refuse(self, request: Request) -> Response:
        """Take the refusal and its reason."""
        form = await _form(request)
        key = _key(request)
        try:
            await run_in_threadpool(self._world.act, signatory_side.refuse, key, form.get("motif", ""))
        except PersonError as error:
            return await run_in_threadpool(self._refusal_page, key, str(error))
        return RedirectResponse(f"/signature/{quote(key)}/confirmation", _SEE_OTHER)

    async def confirmation(self, request: Request) -> Response:
        """Say what was done."""
        try:
            found = await run_in_threadpool(self._world.act, signatory_side.visit, _key(request))
        except PersonError as error:
            return page("Signature", alert(str(error)), 404)
        if found.person.status == "signed":
            text = f"{found.person.name}, votre signature de {_quoted(found.record.object)} est enregistrée."
            return page("Signature enregistrée", notice(text) + _what_follows(found))
        if found.person.status == "refused":
            text = "Votre refus est enregistré. La collecte a pris fin et le cabinet en est informé."
            return page("Refus enregistré", notice(text))
        return RedirectResponse(f"/signature/{quote(found.person.key)}", _SEE_OTHER)

    async def document(self, request: Request) -> Response:
        """Give the document as signed so far."""
        return await run_in_threadpool(self._file, request, False)

    async def picture(self, request: Request) -> Response:
        """Give one page as a picture."""
        return await run_in_threadpool(self._file, request, True)

    async def downloads(self, request: Request) -> Response:
        """Show the links of the last e-mail."""
        key = _key(request)
        try:
            found = await run_in_threadpool(self._world.act, signatory_side.visit, key)
            await run_in_threadpool(self._world.act, signatory_side.signed_document, key, 1)
        except PersonError as error:
            return page("Document signé", alert(str(error)), 404)
        links = "".join(
            f'<li><a href="/signature/{quote(key)}/telechargement/{item.order}.pdf">{escape(item.name)}</a></li>'
            for item in found.record.documents
        )
        return page("Document signé", f"<p>Télécharger :</p><ul>{links}</ul>")

    async def signed(self, request: Request) -> Response:
        """Give the signed document."""
        order = request.path_params["order"]
        try:
            content = await run_in_threadpool(
                self._world.act, signatory_side.signed_document, _key(request), order
            )
        except PersonError as error:
            return page("Document signé", alert(str(error)), 404)
        return Response(content, media_type="application/pdf")

    def _file(self, request: Request, as_picture: bool) -> Response:
        order = request.path_params["order"]

        def read(context: Context) -> bytes:
            found = signatory_side.visit(context, _key(request))
            known = [document.order for document in found.record.documents]
            if order not in known or found.record.phase not in ("started", "completed"):
                raise PersonError("Ce document n'est pas disponible.")
            return context.store.current(found.record, order)

        try:
            content = self._world.act(read)
            if as_picture:
                return Response(picture(content, request.path_params["number"]), media_type="image/png")
        except (PersonError, IndexError):
            return page("Document", alert("Ce document n'est pas disponible."), 404)
        return Response(content, media_type="application/pdf")

    def _signature_page(self, key: str, error: str) -> HTMLResponse:
        try:
            found = self._world.act(signatory_side.opened, key)
        except PersonError as unknown:
            return page("Signature", alert(str(unknown)), 404)
        if found.obstacle:
            return page(found.record.object, notice(found.obstacle), 200)
        return page(found.record.object, _to_sign(found, error), 400 if error else 200)

    def _refusal_page(self, key: str, error: str) -> HTMLResponse:
        try:
            found = self._world.act(signatory_side.visit, key)
        except PersonError as unknown:
            return page("Refuser de signer", alert(str(unknown)), 404)
        if found.obstacle:
            return page("Refuser de signer", notice(found.obstacle))
        body = (
            f"{alert(error)}<p>Votre refus met fin à la collecte pour tous les signataires.</p>"
            f'<form method="post" action="/signature/{quote(key)}/refuser">'
            '<label for="motif">Motif du refus</label>'
            '<textarea id="motif" name="motif" rows="4" required></textarea>'
            '<p><button type="submit">Refuser de signer</button></p></form>'
            f'<p><a href="/signature/{quote(key)}">Revenir au document</a></p>'
        )
        return page("Refuser de signer", body, 400 if error else 200)


def _to_sign(found: Visit, error: str) -> str:
    """Return the page of somebody who may sign: everything to read first, what to press at the very bottom."""
    record, key = found.record, quote(found.person.key)
    parts = [
        f"<p>Bonjour {escape(found.person.name)}, {escape(record.mail_sender or record.office)} "
        "vous invite à lire et à signer ce qui suit.</p>",
        paragraphs(record.message),
        f'<p><a href="/signature/{key}/refuser">Refuser de signer</a></p>',
    ]
    for item in record.documents:
        name = escape(item.name)
        parts.append(
            f'<h2>{name}</h2><p><a href="/signature/{key}/document/{item.order}.pdf">Ouvrir le PDF</a></p>'
        )
        parts += [
            f'<img src="/signature/{key}/document/{item.order}/page/{number}.png" '
            f'alt="{name}, page {number} sur {item.pages}">'
            for number in range(1, item.pages + 1)
        ]
    # Named, and named by whatever leads back here: an answer must not leave its reader at the top of a long document.
    parts.append(f'<div id="{_BOTTOM}">{alert(error)}')
    parts.append(_code_form(found, key) if found.person.status == "code-sent" else _accept_form(key))
    parts.append("</div>")
    return "\n".join(parts)


def _accept_form(key: str) -> str:
    return (
        f'<form method="post" action="/signature/{key}/accepter#{_BOTTOM}">'
        '<p><input id="accepte" name="accepte" type="checkbox" value="oui" required> '
        '<label class="case" for="accepte">J\'ai lu et j\'accepte le document ci-dessus</label></p>'
        '<p><button type="submit">Recevoir le code par SMS</button></p></form>'
    )


def _code_form(found: Visit, key: str) -> str:
    return (
        f"<p>Un code à 6 chiffres a été envoyé au numéro se terminant par {escape(found.person.phone[-2:])}.</p>"
        f'<form method="post" action="/signature/{key}/signer#{_BOTTOM}">'
        '<label for="code_sms">Code reçu par SMS</label>'
        '<input id="code_sms" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" required>'
        '<p><button type="submit">Signer</button></p></form>'
    )


def _what_follows(found: Visit) -> str:
    if found.record.notification != "ALL":
        return ""
    if found.record.phase == "completed":
        return "<p>Tous les signataires ont signé : un e-mail vous donne le lien de téléchargement.</p>"
    return "<p>Vous recevrez un e-mail avec un lien de téléchargement quand tous auront signé.</p>"


def _quoted(text: str) -> str:
    """Return ``text`` in French quotation marks that no end of a line parts from it."""
    return f"«\u00a0{text}\u00a0»"


def _offices(context: Context, id_request: str) -> list[str]:
    context.account.login(id_request)
    return list(context.account.offices)


def _key(request: Request) -> str:
    return str(request.path_params["key"])


async def _form(request: Request) -> dict[str, str]:
    async with request.form() as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}
