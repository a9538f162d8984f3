"""What hangs on a file without changing it: tags that everybody sees, comments. Nothing here moves an ETag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType, Protocol

FileId = NewType("FileId", str)
TagId = NewType("TagId", str)


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One tag of a server. ``color``: six hexadecimal digits, None where it has none."""

    tag_id: TagId
    name: str
    color: str | None = None
    assignable: bool = True
    """May this login hang it on a file?"""


@dataclass(frozen=True, kw_only=True)
class Comment:
    """One comment on a file; ``author`` is the login that wrote it."""

    author: str
    text: str


class Annotations(Protocol):
    """Tags and comments of one DMS login. Thread-safe; errors as those of ``Folder``.

    Every write may be repeated after OutcomeUnknown, but :meth:`comment`: look first. Source: WebDAV facts section 7.
    """

    def tags(self) -> tuple[Tag, ...]:
        """Every tag that the login sees."""
        ...

    def make_tag(self, name: str, color: str) -> Tag:
        """Make a tag that everybody sees and may use; the one of that name where it is there already.

        AccessDenied where only the administrator makes tags. The colour is given to a new tag only, and is left
        out where tags have none.
        """
        ...

    def tags_of(self, file_id: FileId) -> tuple[Tag, ...]:
        """The tags on one file. NotFound for an unknown file."""
        ...

    def put_tag(self, file_id: FileId, tag_id: TagId) -> bool:
        """Hang a tag on a file; False when it hung there already.

        NotFound for an unknown file, PreconditionFailed for an unknown tag, AccessDenied where the file or the tag
        is not this login's to tag.
        """
        ...

    def take_tag(self, file_id: FileId, tag_id: TagId) -> bool:
        """Take a tag off a file; False when it was not there, or either is unknown."""
        ...

    def comments(self, file_id: FileId, *, most: int) -> tuple[Comment, ...]:
        """The newest ``most`` comments on a file, newest first. NotFound for an unknown file."""
        ...

    def comment(self, file_id: FileId, text: str) -> None:
        """Comment on a file: whoever follows it is told by the server. At most 1000 characters."""
        ...
