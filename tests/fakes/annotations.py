"""``MemoryAnnotations``: the port ``Annotations`` in memory, with the rules of a real Nextcloud."""

from __future__ import annotations

from collections.abc import Callable

from connector.errors import AccessDenied, InvalidResponse, NotFound, PreconditionFailed
from connector.ports import Comment, FileId, Tag, TagId


class MemoryAnnotations:
    """Tags and comments of the files that ``known`` knows, written by ``user()``.

    ``by_admin_only``: nobody may make a tag, as an administrator can decide.
    """

    def __init__(self, known: Callable[[str], bool], user: Callable[[], str]) -> None:
        self.by_admin_only = False
        self._known, self._user = known, user
        self._tags: dict[TagId, Tag] = {}
        self._on: dict[FileId, set[TagId]] = {}
        self._said: dict[FileId, list[Comment]] = {}

    def tags(self) -> tuple[Tag, ...]:
        """Every tag."""
        return tuple(self._tags.values())

    def make_tag(self, name: str, color: str) -> Tag:
        """Make one, or find it, in whatever letters."""
        if self.by_admin_only:
            raise AccessDenied("refused", operation="make tag", status=403)
        for tag in self._tags.values():
            if tag.name.encode().lower() == name.encode().lower():
                return tag
        tag = Tag(tag_id=TagId(str(len(self._tags) + 1)), name=name, color=color)
        self._tags[tag.tag_id] = tag
        return tag

    def tags_of(self, file_id: FileId) -> tuple[Tag, ...]:
        """Those on one file."""
        self._must_know(file_id)
        return tuple(tag for tag in self._tags.values() if tag.tag_id in self._on.get(file_id, ()))

    def put_tag(self, file_id: FileId, tag_id: TagId) -> bool:
        """Hang it there."""
        self._must_know(file_id)
        if tag_id not in self._tags:
            raise PreconditionFailed("no such tag", operation="hang tag", status=412)
        before = self._on.setdefault(file_id, set())
        new = tag_id not in before
        before.add(tag_id)
        return new

    def take_tag(self, file_id: FileId, tag_id: TagId) -> bool:
        """Take it off."""
        there = self._on.get(file_id, set())
        if tag_id not in there:
            return False
        there.remove(tag_id)
        return True

    def comments(self, file_id: FileId, *, most: int) -> tuple[Comment, ...]:
        """The newest first."""
        self._must_know(file_id)
        return tuple(reversed(self._said.get(file_id, [])))[:most]

    def comment(self, file_id: FileId, text: str) -> None:
        """Say something."""
        self._must_know(file_id)
        if len(text) > 1000:
            raise InvalidResponse("too long", status=400)
        self._said.setdefault(file_id, []).append(Comment(author=self._user(), text=text))

    def _must_know(self, file_id: str) -> None:
        if not self._known(file_id):
            raise NotFound("no file has this id", status=404)
