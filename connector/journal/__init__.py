"""The journal: what this connector knows and intends, in one database; the only SQL of the program."""

from connector.journal.contacts import Contact
from connector.journal.lookups import Intent
from connector.journal.ordered import Ordered
from connector.journal.outbox import Letter, News
from connector.journal.overviews import Overview
from connector.journal.store import Hold, Journal, Watch

__all__ = ["Contact", "Hold", "Intent", "Journal", "Letter", "News", "Ordered", "Overview", "Watch"]
