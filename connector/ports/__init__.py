"""The two protocols between the steps and the worlds outside: :class:`Folder` and :class:`SigningService`.

Every implementation passes the same contract suite (``tests/contract``). Errors are those of
``connector.errors`` only; a foreign exception that escapes is a defect. Reads may be repeated; each write
says what an unanswered call means.
"""

from __future__ import annotations

from connector.ports.annotations import Annotations, Comment, FileId, Tag, TagId
from connector.ports.connecting import AccountLogin, Connected, LoginPage
from connector.ports.folder import (
    Capabilities,
    Entry,
    ETag,
    Fetched,
    Finding,
    Folder,
    Href,
    Listing,
    Lock,
    Sha256,
    Version,
    folder_of,
)
from connector.ports.signing import (
    Box,
    Progress,
    SignatoryProgress,
    SignatoryStatus,
    SigningService,
    Terms,
    TransactionDraft,
    TransactionId,
    TransactionSignatory,
    TransactionStatus,
)
from connector.ports.tree import OWN_FOLDERS, RACY, Page, Row, Tree, TreeBuilder

__all__ = [
    "OWN_FOLDERS",
    "RACY",
    "AccountLogin",
    "Annotations",
    "Box",
    "Capabilities",
    "Comment",
    "Connected",
    "ETag",
    "Entry",
    "Fetched",
    "FileId",
    "Finding",
    "Folder",
    "Href",
    "Listing",
    "Lock",
    "LoginPage",
    "Page",
    "Progress",
    "Row",
    "Sha256",
    "SignatoryProgress",
    "SignatoryStatus",
    "SigningService",
    "Tag",
    "TagId",
    "Terms",
    "TransactionDraft",
    "TransactionId",
    "TransactionSignatory",
    "TransactionStatus",
    "Tree",
    "TreeBuilder",
    "Version",
    "folder_of",
]
