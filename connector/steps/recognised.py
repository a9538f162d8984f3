"""Who was asked, of what is known by its marker alone: told by the sidecar that still lies beside its document.

A marker hides the addresses of its people (protocol R2). Whoever hides to the same in what the sidecar says now is that
person, whatever else was edited since. Pure.
"""

from __future__ import annotations

from connector.identity import canonical_email
from connector.lifecycle import Record, SignatoryFacts
from connector.marks import Sealer
from connector.sidecar.model import Signatory, SignatureRequest
from connector.steps.fading import PEOPLE


def recognised(
    record: Record, request: SignatureRequest | None, sealer: Sealer
) -> tuple[SignatoryFacts, ...]:
    """Return the signatories of an adopted request, named as far as the sidecar tells; what is known stays as it is.

    Of what is over their names alone; of what has faded nothing: their addresses and numbers are kept for its sake.
    """
    if request is None or not record.adopted or PEOPLE in record.extra:
        return record.signatories
    told = {sealer.hide(canonical_email(one.email)): one for one in request.signatories if one.email}
    hidden = list(record.key_parts.get("people", ()))
    people = {order: told.get(str(mac)) for order, mac in enumerate(hidden, start=1)}
    named = (_named(facts, people.get(facts.order)) for facts in record.signatories)
    if not record.state.ended:
        return tuple(named)
    return tuple(
        told.model_copy(update={"email": known.email, "phone": known.phone})
        for told, known in zip(named, record.signatories, strict=True)
    )


def _named(facts: SignatoryFacts, told: Signatory | None) -> SignatoryFacts:
    if told is None or facts.email or facts.name:
        return facts
    name = told.name or " ".join(filter(None, [told.first_name, told.last_name]))
    return facts.model_copy(update={"email": told.email, "name": name, "phone": facts.phone or told.phone})
