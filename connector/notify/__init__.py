"""Telling people and programs: mails by a relay, hooks, the ping that a watch waits for. How, never what or when.

What is to be told, to whom, and that it was, are the journal's facts (``journal.outbox``); the steps decide
(``steps.telling``). Everything here may fail and stops nothing; each call has an end of its own. ``relay`` is loaded
where there is one.
"""

from connector.notify.hooks import Hook, call
from connector.notify.message import Mail, message_id
from connector.notify.ping import Pinger

__all__ = ["Hook", "Mail", "Pinger", "call", "message_id"]
