"""The administrator's file: read, judged as a whole, and handed on as frozen values.

``load_config`` or ``read_config`` make a :class:`Config`; ``resolve_secret`` reads one secret when it is needed.
Pure but for reading the file and the secrets it names: no network, nothing written.
"""

from connector.config.model import (
    CONFIG_VERSION,
    Account,
    Ceiling,
    Config,
    JournalSettings,
    Mail,
    Platform,
    Policy,
    PolicyOverride,
    Polling,
    SecretReference,
    Server,
    WatchedFolder,
)
from connector.config.reader import Reading, load_config, read_config
from connector.config.secrets import check_secrets, notes, references, resolve_secret

__all__ = [
    "CONFIG_VERSION",
    "Account",
    "Ceiling",
    "Config",
    "JournalSettings",
    "Mail",
    "Platform",
    "Policy",
    "PolicyOverride",
    "Polling",
    "Reading",
    "SecretReference",
    "Server",
    "WatchedFolder",
    "check_secrets",
    "load_config",
    "notes",
    "read_config",
    "references",
    "resolve_secret",
]
