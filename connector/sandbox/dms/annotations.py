"""Tags and comments: what people hang on a file without changing it (facts section 7)."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from connector.sandbox.dms.ledger import Ledger


@dataclass
class Tag:
    """A system tag; ``color`` is six hex digits or empty."""

    tagid: int
    name: str
    color: str = ""
    visible: bool = True
    assignable: bool = True


@dataclass(frozen=True)
class Comment:
    """A comment on a file; ``created`` in seconds since the epoch."""

    commentid: int
    fileid: int
    actor: str
    message: str
    created: float


class Annotations:
    """Every tag, which file bears which, and every comment. Nothing here moves an ETag."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.tags = {int(key): Tag(**row) for key, row in ledger.rows("tag").items()}
        self._relations = {int(key): list(row["tags"]) for key, row in ledger.rows("relation").items()}
        self.comments = [Comment(**row) for row in ledger.rows("comment").values()]

    def create(self, name: str, *, visible: bool, assignable: bool) -> Tag | None:
        """Make a tag, or return None if one of that name is there, small letters or capitals.

        Seen on 32.0.1 with SQLite: letters of ASCII only, ``SIGNÉ`` is another tag than ``Signé``.
        """
        if any(tag.name.encode().lower() == name.encode().lower() for tag in self.tags.values()):
            return None
        tag = Tag(max(self.tags, default=0) + 1, name, "", visible, assignable)
        self.keep(tag)
        return tag

    def keep(self, tag: Tag) -> None:
        """Remember a new or changed tag."""
        self.tags[tag.tagid] = tag
        self._ledger.keep("tag", str(tag.tagid), asdict(tag))

    def of(self, fileid: int) -> list[Tag]:
        """Return the tags of a file, by name."""
        return sorted((self.tags[i] for i in self._relations.get(fileid, [])), key=lambda tag: tag.name)

    def assign(self, fileid: int, tagid: int) -> bool:
        """Hang a tag on a file; False if it hangs there already."""
        here = self._relations.setdefault(fileid, [])
        if tagid in here:
            return False
        here.append(tagid)
        self._ledger.keep("relation", str(fileid), {"tags": here})
        return True

    def take_off(self, fileid: int, tagid: int) -> bool:
        """Take a tag off a file; False if it was not there."""
        here = self._relations.get(fileid, [])
        if tagid not in here:
            return False
        here.remove(tagid)
        self._ledger.keep("relation", str(fileid), {"tags": here})
        return True

    def comment(self, fileid: int, actor: str, message: str, created: float) -> Comment:
        """Add a comment to a file."""
        comment = Comment(len(self.comments) + 1, fileid, actor, message, created)
        self.comments.append(comment)
        self._ledger.keep("comment", str(comment.commentid), asdict(comment))
        return comment

    def forget(self, fileid: int) -> None:
        """Drop the tags and comments of a deleted file."""
        if self._relations.pop(fileid, None) is not None:
            self._ledger.drop("relation", str(fileid))
