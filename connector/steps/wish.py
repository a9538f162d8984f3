"""How far a request goes now: sent, left as a draft, or shown and no further.

What a person has read in a preview is what leaves: a word in a settings file lets go what was shown before it was
saved, unchanged. Lifting a ceiling sends nothing by itself. Source: findings 11 and 20 of the accountant's page, its
sections 1.2, 1.3 and 5; protocol section 2 (asks).
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.lifecycle import Record, State
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


def wish_of(case: Case, sidecar: ReadSidecar, asked: Asked, checked: checking.Checked, carried: str) -> Going:
    """Decide how far an accepted request goes, by its own words, the settings above it, and what was shown of it."""
    request, shown = checked.request, _shown(case)
    wish = checked.wish
    ordered = _ordered(request, shown)
    if not ordered and request.action is not None and request.action.verb is Verb.SEND and request.send:
        # A leftover "envoyer" on a request that never waited for it has no effect.
        wish = _lower(wish, request.send)
    was_capped = _previewed(case) is not None and bool(extra_of(case.target).get("capped"))
    capped = was_capped or wish is not _lower(request.send or Wish.SEND, Wish.SEND)
    if wish is Wish.PREVIEW or ordered:
        return Going(wish=wish, capped=capped, reason="preview_only" if capped and not ordered else "")
    edited = shown is not None and sidecar.sha256 != shown.sidecar_sha256
    if asked.own is not None and asked.own.send is not None:
        goes = edited or not was_capped
    elif asked.send_said:
        goes, changed = _let_go(request, asked, shown, carried)
        if changed:
            return Going(wish=Wish.PREVIEW, capped=capped, reason="preview_changed")
    else:
        # Nobody says how far: what was born of a list or a drop folder, or was shown already, waits for a word.
        goes = request.born_of is None and not was_capped and (shown is None or edited)
    if goes:
        return Going(wish=wish, capped=capped)
    return Going(wish=Wish.PREVIEW, capped=capped, reason=shown.reason if shown is not None else "")


def _let_go(request: SignatureRequest, asked: Asked, shown: Record | None, carried: str) -> tuple[bool, bool]:
    """A settings file says that it may go: return whether it does, and whether it is no longer what was shown.

    What was shown goes once the file is saved after it, and only as it was shown; what was born of a list was not
    shown to anybody before that, and waits for the file to be saved again.
    """
    if shown is None:
        return request.born_of != "list", False
    if asked.send_said == shown.extra.get("send_said"):
        return False, False
    return shown.carried == carried, shown.carried != carried


def _shown(case: Case) -> Record | None:
    """Return the record that was previewed here, as it stood; none that an order had stopped on its way."""
    target = _previewed(case)
    return target if target is not None and target.reason != STOPPED else None


def _previewed(case: Case) -> Record | None:
    target = case.target
    return target if target is not None and target.state is State.PREVIEWED else None


def _ordered(request: SignatureRequest, shown: Record | None) -> bool:
    """True for a new ``action: envoyer`` on what waits in preview."""
    return (
        shown is not None
        and request.action is not None
        and request.action.verb is Verb.SEND
        and request.action.wording not in shown.obeyed
    )


def _lower(one: Wish, other: Wish) -> Wish:
    return min(one, other, key=list(Wish).index)
