"""What the administrator's file says, as frozen values: the shapes that the rest of the program reads.

Every field that stands in the file has the name it has there; a default is what holds when nothing is written.
The same objects can be made in code, from typed values. Nothing here reads a file: see ``config.reader``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from connector.config import values
from connector.config.journal import journal_url

CONFIG_VERSION = 1


def _written(parse: Callable[[str], Any]) -> BeforeValidator:
    """Texts come from the file and are parsed; anything else comes from code and is checked by its type."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _listed(value: object) -> object:
    """One text where a list may stand is a list of one."""
    return (value,) if isinstance(value, str) else value


def _reference(value: object) -> object:
    if isinstance(value, str):
        raise PydanticCustomError("plain_secret", "a secret stands in the file")
    return value


Line = Annotated[str, _written(values.line)]
Name = Annotated[str, _written(values.name)]
Address = Annotated[str, _written(values.address)]
Duration = Annotated[timedelta, _written(values.duration)]
Kept = Annotated[timedelta, _written(values.days_at_least)]
Interval = Annotated[timedelta, _written(values.interval)]
WholeDays = Annotated[
    timedelta, _written(values.whole_days), Field(json_schema_extra={"format": "whole days"})
]
Count = Annotated[int, _written(values.whole_number), Field(ge=1, le=1_000_000)]
Url = Annotated[str, _written(values.base_url)]
Proxy = Annotated[str, _written(values.proxy_url)]
RemoteFolder = Annotated[str, _written(values.remote_folder)]
LocalFile = Annotated[Path, _written(values.local_file)]
LocalFolder = Annotated[Path, _written(values.local_folder)]
Domain = Annotated[str, _written(values.domain)]
LevelName = Literal["simple", "advanced", "qualified"]
TagName = Annotated[str, _written(values.tag_name)]
Yes = Annotated[bool, _written(values.yes_or_no)]
Levels = Annotated[tuple[LevelName, ...], BeforeValidator(_listed), Field(min_length=1)]
Domains = Annotated[tuple[Domain, ...], BeforeValidator(_listed)]
AllowedDomains = Annotated[tuple[Domain, ...], BeforeValidator(_listed), Field(min_length=1)]
Owners = Annotated[tuple[Line, ...], BeforeValidator(_listed), Field(min_length=1)]
Addresses = Annotated[tuple[Address, ...], BeforeValidator(_listed)]
SamePhone = Literal["refuse", "warn"]
DropFolder = Literal["refuse", "allow"]
PublicLinks = Literal["refuse", "allow"]


def _tag_names(value: object) -> object:
    """``tags: false`` is every tag off."""
    return dict.fromkeys(Tags.model_fields, "false") if value == "false" else value


class Frozen(BaseModel):
    """A value that never changes and knows all its keys."""

    # An error of pydantic would otherwise quote what it was given: people's names, or a secret at a wrong place.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SecretReference(Frozen):
    """Where a secret is kept: exactly one of the three. It never holds the secret itself."""

    credential: Annotated[str, _written(values.credential)] | None = None
    """Name of a systemd credential (``LoadCredential=``), a file in ``$CREDENTIALS_DIRECTORY``."""
    file: LocalFile | None = None
    env: Annotated[str, _written(values.variable)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretReference:
        if sum(place is not None for place in (self.credential, self.file, self.env)) != 1:
            raise ValueError("name one place: {credential: NAME}, {file: /path} or {env: NAME}.")
        return self

    def __str__(self) -> str:
        if self.credential is not None:
            return f"credential {self.credential}"
        return f"file {self.file}" if self.file is not None else f"environment variable {self.env}"


Secret = Annotated[SecretReference, BeforeValidator(_reference)]
Login = Annotated[
    Annotated[Line, Tag("<text>")] | Annotated[SecretReference, Tag("<reference>")],
    Discriminator(lambda value: "<text>" if isinstance(value, str) else "<reference>"),
]
"""A text or where it is kept. The tags appear in pydantic's error locations, and are taken out there."""
CallUrl = Annotated[
    Annotated[str, _written(values.call_url), Tag("<text>")] | Annotated[SecretReference, Tag("<reference>")],
    Discriminator(lambda value: "<text>" if isinstance(value, str) else "<reference>"),
]
"""A URL that is called as it is, or where it is kept: some are keys in themselves."""
Holidays = Literal["france", "alsace-moselle", "none"]
Weekends = Literal["work", "quiet"]
Occasion = Literal[
    "sent",
    "signed",
    "to_check",
    "refused",
    "expired",
    "cancelled",
    "to_correct",
    "in_doubt",
    "alarm",
    "alarm_over",
]
OCCASIONS: tuple[Occasion, ...] = get_args(Occasion)
"""What a hook may be called for."""


class Server(Frozen):
    """One login on one WebDAV server."""

    name: Name
    url: Url
    """Root of the login's files, http(s), ends with "/", never holds a login."""
    user: Login
    password: Secret
    ca_file: LocalFile | None = None
    """Certificates to trust instead of the system's, PEM."""
    proxy: Proxy | None = None
    max_connections: Annotated[int, _written(values.whole_number), Field(ge=1, le=64)] = 4
    registry: RemoteFolder | None = None
    """Where markers are kept, below ``url``; None: where the protocol's default says."""


class Platform(Frozen):
    """Jesignexpert, as its publisher gave it to the software editor."""

    url: Url
    """Ends with "/"; ``editor/{shortcut}`` follows."""
    shortcut: Login
    secret: Secret
    contract: dict[str, Any] = Field(default_factory=dict)
    """What replaces assumptions about the API: mappings, lists and texts as written, judged by its own room."""
    follow: Literal["status", "none"] = "status"
    ca_file: LocalFile | None = None
    proxy: Proxy | None = None


class Account(Frozen):
    """One firm's office on the platform."""

    name: Name
    sender: Annotated[str, _written(values.line), Field(max_length=100)]
    """Shown in the invitations; the platform's ``mailSender``."""
    owner: Address
    """Holds the firm's login, gets the link to renew it."""
    max_sends_per_day: Count = 60


class Ceiling(StrEnum):
    """How far requests of a folder may go at most, lowest first."""

    PREVIEW = "preview"
    DRAFT = "draft"
    LIVE = "live"


class Reminders(Frozen):
    """When the platform is asked to invite again."""

    first_after: WholeDays
    every: WholeDays
    at_most: Count


class QuietHours(Frozen):
    """Local wall time between which nothing is sent; ``begin`` later than ``end`` runs over midnight."""

    begin: time
    end: time

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if isinstance(value, str):
            begin, end = values.hours(value)
            return {"begin": begin, "end": end}
        return value


class Policy(Frozen):
    """What may be asked, in every folder."""

    owners: Owners | None = None
    """User ids of the DMS to whom the files of a request may belong; None: whoever can write there."""
    public_links: PublicLinks = "refuse"
    """May something leave from where people without a login can write (public links)?"""
    levels: Levels = ("simple",)
    allow_domains: AllowedDomains | None = None
    """Lower case, without @: the only addresses that may be asked at; None: any but those refused."""
    refuse_domains: Domains = ()
    """Lower case, without @: addresses that nobody may be asked at."""
    same_phone: SamePhone = "refuse"
    """What two signatories with one mobile are."""
    drop_folder: DropFolder = "refuse"
    max_sends_per_hour: Count | None = None
    """Per folder, in any sixty minutes; None: no brake but the others."""
    max_sends_per_day: Count | None = None
    """Per folder, by the calendar of ``timezone``; None: no brake but the account's."""
    reminders: Reminders | None = None
    quiet_hours: QuietHours | None = None
    holidays: Holidays = "france"
    """Which public holidays are quiet, all day, where there are quiet hours."""
    weekends: Weekends = "work"
    """Are Saturdays and Sundays quiet, all day, where there are quiet hours?"""
    remember_contacts: Duration = timedelta(days=400)
    """How long people of earlier requests are remembered, per account; nothing (``0d``): never."""


class PolicyOverride(Frozen):
    """What one folder tightens. None: as in ``policy``."""

    owners: Owners | None = None
    public_links: PublicLinks | None = None
    levels: Levels | None = None
    allow_domains: AllowedDomains | None = None
    refuse_domains: Domains | None = None
    same_phone: SamePhone | None = None
    drop_folder: DropFolder | None = None
    max_sends_per_hour: Count | None = None
    max_sends_per_day: Count | None = None
    reminders: Reminders | None = None
    quiet_hours: QuietHours | None = None
    holidays: Holidays | None = None
    weekends: Weekends | None = None
    remember_contacts: Duration | None = None

    def on(self, policy: Policy) -> Policy:
        """The policy with this folder's own values.

        Refused domains add up; of owners and allowed domains those stay that both name; everything else replaces.
        """
        own = {key: value for key in type(self).model_fields if (value := getattr(self, key)) is not None}
        if self.refuse_domains:
            own["refuse_domains"] = tuple(dict.fromkeys((*policy.refuse_domains, *self.refuse_domains)))
        if self.owners is not None and policy.owners is not None:
            own["owners"] = tuple(one for one in self.owners if one in policy.owners)
        if self.allow_domains is not None and policy.allow_domains is not None:
            common = {values.ascii_domain(one) for one in policy.allow_domains}
            own["allow_domains"] = tuple(
                one for one in self.allow_domains if values.ascii_domain(one) in common
            )
        return policy.model_copy(update=own)


class WatchedFolder(Frozen):
    """A folder of a server, with all below it."""

    name: Name
    server: str
    path: RemoteFolder
    """Decoded, below the server's url; begins and ends with "/"."""
    accounts: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
    """A fence: no other account can be used in here. Written as ``account: x`` or ``accounts: [x, y]``."""
    send: Ceiling = Ceiling.PREVIEW
    comments: Yes = False
    """Are launch, refusal and completion also said in a comment on the file, for those who follow it?"""
    wake: LocalFolder | None = None
    """A folder of this host that mirrors it: the data itself, a sync client's, a mount. A change there wakes us."""
    notify: Addresses | None = None
    policy: PolicyOverride = PolicyOverride()

    @property
    def default_account(self) -> str:
        """The account of a request that names none: the first."""
        return self.accounts[0]


class Mail(Frozen):
    """How mails leave."""

    relay: Annotated[str, _written(values.relay_url)]
    """``smtp://``, ``smtps://`` or ``smtp+starttls://``, host and port."""
    from_address: Address = Field(alias="from")
    admin: Address
    user: Login | None = None
    password: Secret | None = None
    ca_file: LocalFile | None = None
    """Certificates to trust instead of the system's, PEM."""
    digest: Annotated[time, _written(values.clock_time)] = time(8)
    """When the daily digest leaves on working days, local wall time."""


class Hook(Frozen):
    """What is called when something happens: exactly one of a command and a URL."""

    name: Name
    command: Annotated[tuple[Line, ...], BeforeValidator(_listed), Field(min_length=1)] | None = None
    """A program of this host, by its whole path, with what it is given; run without a shell."""
    url: CallUrl | None = None
    events: Annotated[tuple[Occasion, ...], BeforeValidator(_listed), Field(min_length=1)] = OCCASIONS
    personal: Yes = False
    """Is it told names and files, too?"""

    @model_validator(mode="after")
    def _exactly_one(self) -> Hook:
        if (self.command is None) is (self.url is None):
            raise ValueError("name one thing to call: command, or url.")
        if self.command is not None:
            values.local_file(self.command[0])
        return self


class Ping(Frozen):
    """What is called after each round in which all went well: a watch that cries when it hears nothing."""

    url: CallUrl


class Tags(Frozen):
    """What the tags on files are called. None: by ``language``; an empty text: no such tag is hung on a file."""

    to_correct: TagName | None = None
    in_progress: TagName | None = None
    signed: TagName | None = None
    refused: TagName | None = None
    expired: TagName | None = None


class Polling(Frozen):
    """How often both sides are asked."""

    folders: Interval | None = None
    """None: 15 s on Nextcloud, 60 s elsewhere, quicker after activity and slower at night; else that, always."""
    platform: Interval = timedelta(minutes=2)
    """How often a request is asked about in its first hour; at least every 10 minutes later on, then every 30."""
    max_calls_per_minute: Count = 60
    """Per account: asking where things stand, and fetching."""


class JournalSettings(Frozen):
    """Where the journal is kept. ``url`` None: SQLite in the state directory."""

    url: Annotated[str, _written(journal_url)] | None = None
    password: Secret | None = None
    replication: Literal["synchronous", "none", "asynchronous"] = "synchronous"
    """Of PostgreSQL: a standby has every fact before it counts; there is none; or it has them a little later."""
    lease: Annotated[timedelta, _written(values.lease)] | None = None
    """Of several connectors on it: so long after a last sign of life the others take one's work over. None: 90 s."""


class Config(Frozen):
    """The whole file."""

    config_version: Annotated[int, _written(values.whole_number), Field(ge=CONFIG_VERSION, le=CONFIG_VERSION)]
    timezone: Annotated[str, _written(values.timezone)] = "Europe/Paris"
    language: Literal["fr", "en"] = "fr"
    """Of what people read in their folders."""
    support: str = ""
    """Whom the status files name, as written; empty: nobody."""
    connector: Annotated[str, _written(values.connector_id)] | None = None
    """This connector's id; None: chosen once from the host's name."""
    servers: dict[str, Server] = Field(min_length=1)
    platform: Platform
    accounts: dict[str, Account] = Field(min_length=1)
    folders: dict[str, WatchedFolder] = Field(min_length=1)
    policy: Policy = Policy()
    mail: Mail | None = None
    hooks: dict[str, Hook] = Field(default_factory=dict, min_length=1)
    ping: Ping | None = None
    polling: Polling = Polling()
    journal: JournalSettings = JournalSettings()
    seal: Secret | None = None
    """The key that seals marks; None: one made at first start."""
    metrics: Annotated[str, _written(values.loopback_address)] | None = None
    """Where Prometheus and ``/health`` are answered, ``HOST:PORT`` on loopback; None: nowhere."""
    tags: Annotated[Tags, BeforeValidator(_tag_names)] = Tags()
    include: Annotated[tuple[Line, ...], BeforeValidator(_listed)] = ()
    keep_personal_data: Kept | None = None

    @property
    def zone(self) -> ZoneInfo:
        """``timezone`` as an object."""
        return ZoneInfo(self.timezone)

    def policy_of(self, folder: str) -> Policy:
        """The policy that holds in the folder of this name."""
        return self.folders[folder].policy.on(self.policy)
