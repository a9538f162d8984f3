"""PDFs, judged and drawn: what one holds, whether a signed one is intact, where room is, how a preview looks.

Pure: functions on file paths, no network, no clock. The files come from anybody, so in production every
function here runs inside a limited worker (``connector.isolation``); pdfium, which is not thread-safe, is
never loaded elsewhere. Foreign libraries are imported inside the functions that need them, so that importing
this package costs next to nothing.
"""
