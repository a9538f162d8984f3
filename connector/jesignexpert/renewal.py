"""New tokens for an account while the service runs: pages that were drawn are remembered, and what comes is judged.

A page is answered by whoever has its link. So what comes back is kept only where it belongs to the account: the same
firm as before, and a person who may. What is not told (the user is « not always » in the answer, API page section 1)
cannot be judged. Source: issue "The administrator's day" point 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from connector.errors import AccessDenied
from connector.jesignexpert.login import Login, LoginRequest
from connector.jesignexpert.signature import Triple
from connector.jesignexpert.status import read_date
from connector.jesignexpert.tokens import TokenKeeper, Tokens
from connector.ports import Connected, LoginPage
from connector.signatory_text import canonical_email


class Renewal:
    """:class:`connector.ports.AccountLogin` by the contract. Whoever made ``login`` may close it by this.

    ``owner``: the address that the links go to. ``others``: the tokens of the other accounts.
    """

    def __init__(
        self,
        login: Login,
        store: TokenKeeper,
        *,
        owner: str,
        now: Callable[[], datetime],
        others: Callable[[], Iterable[Tokens]] = lambda: (),
    ) -> None:
        self._login, self._store = login, store
        self._owner, self._now, self._others = owner, now, others

    def expires_at(self) -> datetime | None:
        """Return when the present tokens end."""
        tokens = self._tokens()
        return None if tokens is None else tokens.expires_at

    def connected(self) -> bool:
        """True where there are tokens."""
        return self._tokens() is not None

    def page_life_s(self) -> float:
        """Return the contract's expectation (ASSUMED: the ±5 minutes of the clock bound it)."""
        return float(self._login.expectations.url_life_s)

    def draw(self) -> LoginPage:
        """POST auth (KNOWN), and keep the triple, private: it is good for minutes."""
        request = self._login.request_login()
        self._keep([*self._pending(), request])
        return LoginPage(id=request.triple.id_request, url=request.url, until=request.until)

    def awaited(self) -> bool:
        """True while a triple is kept that the platform may still take."""
        return bool(self._pending())

    def fetch(self) -> Connected | None:
        """GET fetch (KNOWN) for each page; the first answer that is kept ends all of them."""
        pending = self._pending()
        for request in pending:
            try:
                fresh = self._login.fetch_tokens(request)
            except AccessDenied:
                if request is pending[-1]:
                    raise
                continue  # only its time has passed
            if fresh is not None:
                found = stranger(fresh, self._tokens(), owner=self._owner, others=self._others())
                if found is Connected.KEPT:
                    self._store.save(self._login.name, fresh)
                    self._keep([])
                else:  # a page that somebody else has answered takes none of the owner's away
                    answered = request.triple.id_request
                    self._keep([one for one in self._pending() if one.triple.id_request != answered])
                return found
        return None

    def close(self) -> None:
        """Let go of the login's connections. Idempotent."""
        self._login.close()

    def _tokens(self) -> Tokens | None:
        try:
            return self._store.load(self._login.name)
        except AccessDenied:  # whoever makes a call hears of it
            return None

    def _pending(self) -> list[LoginRequest]:
        expected = self._login.expectations
        life = timedelta(seconds=max(expected.triple_life_s, expected.url_life_s))
        found = [_read(one) for one in self._store.links(self._login.name)]
        # Drawn by a clock that was ahead, it is none that the platform takes.
        return [one for one in found if one is not None and abs(self._now() - one.drawn_at) < life]

    def _keep(self, requests: list[LoginRequest]) -> None:
        self._store.keep_links(self._login.name, [_plain(one) for one in requests])


def stranger(
    fresh: Tokens, earlier: Tokens | None, *, owner: str, others: Iterable[Tokens] = ()
) -> Connected:
    """Judge tokens that came by a link that was mailed; KEPT where they belong to the account.

    The firm is the one it was; the person is the one it was, or the owner. An account that was never connected, or was
    not told how its firm is called, knows none: the person decides, and where none is told, no other account may be
    that firm.
    """
    if earlier is not None and earlier.office_name and fresh.office_name != earlier.office_name:
        return Connected.OTHER_OFFICE
    if fresh.email is None:
        taken = {name for other in others for name in (other.office, other.office_name) if name}
        if (earlier is None or not earlier.office_name) and taken & {fresh.office, fresh.office_name}:
            return Connected.OTHER_ACCOUNT
        return Connected.KEPT
    known = {canonical_email(owner)}
    if earlier is not None and earlier.email:
        known.add(canonical_email(earlier.email))
    return Connected.KEPT if canonical_email(fresh.email) in known else Connected.OTHER_PERSON


def _plain(request: LoginRequest) -> dict[str, object]:
    triple = request.triple
    return {
        "id_request": triple.id_request,
        "ts": triple.ts,
        "hmac": triple.hmac,
        "drawn_at": request.drawn_at.isoformat(),
        "until": request.until.isoformat(),
    }


def _read(value: Any) -> LoginRequest | None:
    try:
        triple = Triple(id_request=value["id_request"], ts=value["ts"], hmac=value["hmac"])
        drawn_at, until = read_date(value["drawn_at"]), read_date(value["until"])
    except (KeyError, TypeError):
        return None
    if drawn_at is None or until is None:
        return None
    return LoginRequest(url="", triple=triple, drawn_at=drawn_at, until=until)
