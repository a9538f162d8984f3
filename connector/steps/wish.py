"""How far a request goes now: sent, left as a draft, or shown and no further.

What a person has read in a preview is what leaves: a word in a settings file lets go what was shown before it was
saved, unchanged. Lifting a ceiling sends nothing by itself. Source: findings 11 and 20 of the accountant's page, its
sections 1.2, 1.3 and 5; protocol section 2 (asks).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from connector.lifecycle import State
from connector.sidecar.model import SignatureRequest, Verb, Wish
from connector.steps import check as checking
from connector.steps.asked import Asked
from connector.steps.case import Case, extra_of
from connector.steps.orders import STOPPED
from connector.steps.read import ReadSidecar


@dataclass(frozen=True, kw_only=True)
class Going:
    """How far it goes, whether the folder's ceiling is what stops it, and what is said of that."""

    wish: Wish
    capped: bool = False
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a person was last shown of a request: it outlives every look that goes wrong until the request leaves."""

    sidecar_sha256: str
    carried: str
    send_said: str = ""
    capped: bool = False
    """The folder's ceiling stopped it."""
    reason: str = ""
    gone: bool = False
    """It was let go since, and waits to leave."""
    moved: bool = False
    """It was moved since: what the settings of its new place have said so far was not said of it."""


def wish_of(case: Case, sidecar: ReadSidecar, asked: Asked, checked: checking.Checked, carried: str) -> Going:
    """Decide how far an accepted request goes, by its own words, the settings above it, and what was shown of it."""
    request, shown = checked.request, _shown(case)
    wish = checked.wish
    ordered = _ordered(case, request, shown)
    kept = shown is not None and shown.gone and shown == _as_gone(sidecar, asked, carried)
    if not ordered and not kept and request.action is not None and request.action.verb is Verb.SEND:
        # A leftover "envoyer" on a request that never waited for it has no effect.
        wish = _lower(wish, request.send or wish)
    was_capped = _was_capped(case, shown)
    capped = was_capped or wish is not _lower(request.send or Wish.SEND, Wish.SEND)
    if wish is Wish.PREVIEW or ordered or kept:
        return Going(
            wish=wish, capped=capped, reason="preview_only" if capped and not (ordered or kept) else ""
        )
    waits = shown is not None and not shown.gone
    edited = shown is not None and waits and sidecar.sha256 != shown.sidecar_sha256
    if asked.own is not None and asked.own.send is not None:
        goes = edited or not was_capped
    elif asked.send_said or (shown is not None and shown.gone):
        goes, changed = _let_go(request, asked, shown, carried)
        if changed:
            return Going(wish=Wish.PREVIEW, capped=capped, reason="preview_changed")
    else:
        # Nobody says how far: what was born of a list or a drop folder, or was shown already, waits for a word.
        goes = request.born_of is None and not was_capped and (not waits or edited)
    if goes:
        return Going(wish=wish, capped=capped)
    return Going(wish=Wish.PREVIEW, capped=capped, reason=shown.reason if shown is not None else "")


def remembered(case: Case, sidecar: ReadSidecar, asked: Asked, carried: str, going: Going) -> dict[str, Any]:
    """Return what is kept (in ``extra``) of what a person is shown now, or was shown before it is let go now."""
    gone = _as_gone(sidecar, asked, carried)
    if going.wish is Wish.PREVIEW and going.reason != STOPPED:
        return {"shown": asdict(replace(gone, gone=False, capped=going.capped, reason=going.reason))}
    before = extra_of(case.target).get("shown") if going.wish is not Wish.PREVIEW else None
    return {"shown": asdict(gone)} if before else {}


def _as_gone(sidecar: ReadSidecar, asked: Asked, carried: str) -> Shown:
    return Shown(sidecar_sha256=sidecar.sha256, carried=carried, send_said=asked.send_said, gone=True)


def _let_go(request: SignatureRequest, asked: Asked, shown: Shown | None, carried: str) -> tuple[bool, bool]:
    """A settings file says that it may go: return whether it does, and whether it is no longer what was shown.

    What was shown goes once the file is saved after it, and only as it was shown; what was born of a list was not
    shown to anybody before that, and waits for the file to be saved again.
    """
    if shown is None:
        return request.born_of != "list", False
    if not shown.gone and (shown.moved or asked.send_said == shown.send_said):
        return False, False
    return shown.carried == carried, shown.carried != carried


def _shown(case: Case) -> Shown | None:
    """Return what was shown here; nothing of one that an order had stopped on its way."""
    target = case.target
    if target is None or (target.state is State.PREVIEWED and target.reason == STOPPED):
        return None
    kept = extra_of(target).get("shown")
    return Shown(**kept) if kept else None


def _was_capped(case: Case, shown: Shown | None) -> bool:
    """Was it prepared under a ceiling that stopped it, and has nobody let it go since?"""
    if case.target is not None and case.target.state is State.PREVIEWED:
        return bool(extra_of(case.target).get("capped"))
    return shown is not None and shown.capped


def _ordered(case: Case, request: SignatureRequest, shown: Shown | None) -> bool:
    """True for a new ``action: envoyer`` on what waits in preview."""
    return (
        shown is not None
        and not shown.gone
        and case.target is not None
        and request.action is not None
        and request.action.verb is Verb.SEND
        and request.action.wording not in case.target.obeyed
    )


def _lower(one: Wish, other: Wish) -> Wish:
    return min(one, other, key=list(Wish).index)
