"""Fixtures that every contract suite may use."""

from tests.contract.folders import dms, rich, running

__all__ = ["dms", "rich", "running"]
