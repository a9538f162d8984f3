"""Images (JPEG, PNG, TIFF, HEIC) made into A4 PDFs that a person would have made: ``convert`` is the door.

Pure: from one file path to another, no network, no clock, no chance. The files come from anybody, so in
production this runs inside a limited worker only (``connector.isolation``). Pillow and pi-heif are imported
inside the functions that need them, and nowhere else.
"""
