"""How one write to a folder can go wrong, once: each by a short name that may be a folder's."""

from __future__ import annotations

from typing import Any

FAULTS: dict[str, dict[str, Any]] = {
    "perdu": {"kind": "lost_answer"},
    "coupe": {"kind": "cut_before"},
    "412": {"kind": "status", "status": 412},
    "423": {"kind": "status", "status": 423},
    "503": {"kind": "status", "status": 503},
    "507": {"kind": "status", "status": 507},
    "html": {"kind": "html"},
}
TORN = {"dechire": {"kind": "tear", "at": 1000}, "vide": {"kind": "tear", "at": 0}}
