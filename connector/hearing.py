"""What a DMS server told one of several processes counts for all of them, so far as that costs next to nothing.

A server that wants to be let be is asked by none, and a login that it refused is not tried by each process in turn: ten
refusals would block the address for everybody. Looked at with each sign of life. Where the journal cannot be asked,
each process goes by what it was told itself. Source: WebDAV facts, trap 4; issue "Many firms", point 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from connector.journal.hearsay import Remark

_GRAIN_S: Final = 2.0
"""Two clocks that are read one after the other differ by less."""


class Told(Protocol):
    """What one login was told: ``connector.webdav.connections.Connections``."""

    @property
    def refused(self) -> bool:
        """True since it was refused."""
        ...

    @property
    def accepted(self) -> int:
        """How often it was accepted since it was last in question."""
        ...

    def let_be_s(self) -> float:
        """So many seconds the server still wants to be let be."""
        ...

    def mark(self, key: bytes) -> str:
        """Tell this login from others, without giving it away."""
        ...

    def heed(self, *, let_be_s: float = 0.0, refused: bool = False) -> None:
        """Take in what another process was told."""
        ...

    def reconnect(self) -> None:
        """Forget that it was refused."""
        ...


class Hearing:
    """Of one process. Not thread-safe. ``key``: by which logins are marked, the same in all processes."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, float] | None = None
        """Server → the refusal that was there when we began: a start may try a login once."""
        self._believed: set[str] = set()
        """Servers whose refusal we have told, or taken over from another process."""
        self._doubted: dict[str, tuple[float, int]] = {}
        """Server → a refusal that another process met while ours was accepted, and how often ours had been by then."""

    def exchange(
        self, clients: Mapping[str, Told], remarks: Mapping[str, Remark], tell: Callable[[str, Remark], None]
    ) -> None:
        """Take in what the others were told, and ``tell`` what is new of ours."""
        if self._known is None:
            self._known = {server: remark.at for server, remark in remarks.items() if remark.refused}
        for server, client in clients.items():
            before = remarks.get(server, Remark())
            now = self._refusal(server, client, before, self._known)
            left = client.let_be_s()
            if before.let_be_s > left + _GRAIN_S:
                client.heed(let_be_s=before.let_be_s)
                left = before.let_be_s
            if now != before.refused or left > before.let_be_s + _GRAIN_S:
                tell(server, Remark(let_be_s=left, refused=now))

    def _refusal(self, server: str, client: Told, before: Remark, known: Mapping[str, float]) -> str:
        """Return the login that is refused, as far as is known now."""
        mark = client.mark(self._key)
        if server in self._believed and before.refused != mark:
            self._believed.discard(
                server
            )  # somebody was accepted with it since, or another login is in question
            client.reconnect()
            return before.refused
        if client.refused:
            self._believed.add(server)
            return mark
        if before.refused != mark:
            return before.refused
        if client.accepted:
            at, accepted = self._doubted.get(server, (0.0, 0))
            if at != before.at:
                self._doubted[server] = (before.at, client.accepted)
                return mark
            return "" if client.accepted > accepted else mark
        if known.get(server) != before.at:
            client.heed(refused=True)
            self._believed.add(server)
        return mark
