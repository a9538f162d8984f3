"""Where each signatory signs, on each document: what was written, else free room, else a problem.

Pure. What a page shows is asked through :data:`FreeRoom` and :data:`FindText`, because looking at a page is the
isolated worker's work. Source: "x, y", "près de" and "Corner margin" of the design, section 4.
"""

from connector.placement.placing import overlap, place_all, usual_size
from connector.placement.sheets import BoxSize, FindText, FreeRoom, PlacedAll, Sheet

__all__ = ["BoxSize", "FindText", "FreeRoom", "PlacedAll", "Sheet", "overlap", "place_all", "usual_size"]
