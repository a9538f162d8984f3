"""What Nextcloud offers beyond RFC 4918: its URLs, SEARCH, versions.

WebDAV facts sections 4, 6 and 9.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from connector.errors import InvalidResponse, NotFound
from connector.ports import FileId, Href, TagId, Version
from connector.webdav.headers import read_date, read_size
from connector.webdav.hrefs import ServerRoot, encode, path_of
from connector.webdav.listings import wanted_properties
from connector.webdav.multistatus import DAV, NC, Resource

_FILES_PATH = re.compile(r"(?P<base>.*?)/remote\.php/dav/files/(?P<user>[^/]+)(?:/|$)", re.DOTALL)
_UPLOAD = re.compile(r"[A-Za-z0-9-]{1,64}")
_LABEL, _MOUNT = NC + "version-label", NC + "mount-type"


@dataclass(frozen=True)
class Places:
    """The encoded request paths that belong to one user's files."""

    base: str
    user: str

    @classmethod
    def of(cls, root: ServerRoot) -> Places | None:
        """Return them if the URL has Nextcloud's shape, ``…/remote.php/dav/files/USER/…``."""
        match = _FILES_PATH.match(root.path)
        return None if match is None else cls(match["base"], match["user"])

    @property
    def search(self) -> str:
        """Where SEARCH is understood; elsewhere it is answered with 501."""
        return encode(f"{self.base}/remote.php/dav/")

    def scope(self, root: ServerRoot, href: Href) -> str:
        """Return how SEARCH names a folder: below the DAV root and *not* encoded; encoded it is not found."""
        return f"{root.path}{href}".removeprefix(f"{self.base}/remote.php/dav").rstrip("/")

    @property
    def capabilities(self) -> str:
        """Where the server tells its version and what is switched on."""
        return encode(f"{self.base}/ocs/v2.php/cloud/capabilities") + "?format=json"

    @property
    def shares(self) -> str:
        """Where the server tells who may reach what (OCS)."""
        return encode(f"{self.base}/ocs/v2.php/apps/files_sharing/api/v1/shares")

    def below_user(self, root: ServerRoot) -> str:
        """Return the decoded path from the user's own files to the server's root, "" where they are the same."""
        return root.path.removeprefix(f"{self.base}/remote.php/dav/files/{self.user}")

    def upload(self, name: str) -> str:
        """Return the folder of one chunked upload. ValueError unless letters, digits and dashes."""
        if not _UPLOAD.fullmatch(name):
            raise ValueError("an upload's name has letters, digits and dashes only, at most 64")
        return encode(f"{self.base}/remote.php/dav/uploads/{self.user}/{name}")

    def versions(self, file_id: FileId) -> str:
        """Return the folder of a file's versions."""
        return encode(f"{self.base}/remote.php/dav/versions/{self.user}/versions/{_digits(file_id)}/")

    def version(self, file_id: FileId, version_id: str) -> str:
        """Return one version."""
        return self.versions(file_id) + _digits(version_id)

    def tags(self, tag_id: TagId | None = None) -> str:
        """Return the list of all tags, or one of them."""
        return encode(f"{self.base}/remote.php/dav/systemtags/") + (_digits(tag_id) if tag_id else "")

    def tags_of(self, file_id: FileId, tag_id: TagId | None = None) -> str:
        """Return the tags that hang on a file, or the place of one there."""
        below = encode(f"{self.base}/remote.php/dav/systemtags-relations/files/{_digits(file_id)}/")
        return below + (_digits(tag_id) if tag_id else "")

    def comments(self, file_id: FileId) -> str:
        """Return the comments on a file."""
        return encode(f"{self.base}/remote.php/dav/comments/files/{_digits(file_id)}/")


def _digits(identifier: str) -> str:
    if not (identifier.isascii() and identifier.isdigit()):
        raise NotFound("no such id can exist")
    return identifier


def search_body(places: Places, file_id: FileId) -> bytes:
    """Return a SEARCH for one file by its id among all files of the user."""
    scope = escape(f"/files/{places.user}")
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<d:searchrequest xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:basicsearch>'
        f"<d:select>{wanted_properties(extras=True)}</d:select>"
        f"<d:from><d:scope><d:href>{scope}</d:href><d:depth>infinity</d:depth></d:scope></d:from>"
        f"<d:where><d:eq><d:prop><oc:fileid/></d:prop><d:literal>{_digits(file_id)}</d:literal></d:eq></d:where>"
        "<d:orderby/></d:basicsearch></d:searchrequest>"
    ).encode()


VERSIONS_BODY = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<d:propfind xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:prop><d:resourcetype/>'
    b"<d:getcontentlength/><d:getlastmodified/><nc:version-label/></d:prop></d:propfind>"
)


MOUNT_BODY = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<d:propfind xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:prop><nc:mount-type/></d:prop></d:propfind>'
)


def is_external(resource: Resource) -> bool:
    """True for what lies on an external storage (files_external): a team folder is ``group``, a share ``shared``."""
    return resource.found.get(_MOUNT) == "external"


def label_body(label: str) -> bytes:
    """Return the PROPPATCH that names a version."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<d:propertyupdate xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:set><d:prop>'
        f"<nc:version-label>{escape(label)}</nc:version-label></d:prop></d:set></d:propertyupdate>"
    ).encode()


def label_status(answer: Iterable[Resource]) -> int:
    """Return the status a PROPPATCH gave the label: that of the 207 itself says nothing."""
    for resource in answer:
        if _LABEL in resource.found:
            return 200
        if _LABEL in resource.refused:
            return resource.refused[_LABEL]
        if resource.status is not None:
            return resource.status
    raise InvalidResponse("the answer does not speak of the label")


def to_versions(
    answer: Iterable[Resource], folder: str, current_modified: datetime | None
) -> tuple[Version, ...]:
    """Return the versions, newest first. ``folder`` is the decoded path of the versions of this file.

    The id of a version is its content's time in seconds, so the present content is the one whose id is the
    file's own time; the newest need not be it after a restore. Raises InvalidResponse.
    """
    current = None if current_modified is None else str(int(current_modified.timestamp()))
    found: list[Version] = []
    itself = False
    for resource in answer:
        if resource.status is not None and resource.status >= 300:
            raise InvalidResponse(f"a listing of versions holds status {resource.status}")
        path = path_of(resource.href)
        if path.rstrip("/") == folder.rstrip("/"):
            itself = True
            continue
        name = path.removeprefix(folder.rstrip("/") + "/").rstrip("/")
        if name == path or "/" in name:
            raise InvalidResponse("a listing of versions holds something else")
        found.append(_to_version(resource, name, current))
    if not itself:
        raise InvalidResponse("the versions' folder is not in its own listing")
    return tuple(sorted(found, key=lambda version: version.version_id.rjust(20, "0"), reverse=True))


def _to_version(resource: Resource, name: str, current: str | None) -> Version:
    size = resource.found.get(DAV + "getcontentlength", "")
    return Version(
        version_id=name,
        size=read_size(size),
        modified=read_date(resource.found.get(DAV + "getlastmodified")),
        label=resource.found.get(_LABEL) or None,
        current=name == current,
    )
