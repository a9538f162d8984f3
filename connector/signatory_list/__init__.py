"""A list of signatories in a spreadsheet: one row, one request.

``table`` reads the file (in the limited worker only: it is anybody's file), ``columns`` finds out what each column
holds, ``rows`` reads the people of each row, ``writing`` makes the request's text, ``template`` the list to begin
with. Pure; the only owner of openpyxl. Source: "The list in exact terms" of the accountant's page, section 1.2.
"""
