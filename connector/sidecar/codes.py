"""Every code a problem can carry: the values its sentence may use, and what it says.

The one list between those who raise a :class:`~connector.errors.Problem` and ``report``, which words it.
``CODES[code]`` is ``(names of the values, meaning)``. Values are texts, as written by the person unless the name
says otherwise; every name listed is always present (it may be empty only where the meaning says so).

What the names hold:

``who``
    the signatory as people would say it: name, else e-mail, else ``""`` when neither could be read.
``written``
    what stands in the file, on one line, at most 80 characters.
``nearest``
    the nearest known word, in the language that was written; ``""`` when nothing is near.
``key``
    a known word of the grammar, as the person wrote it where it was written, else in French.
``allowed``
    the French words that may stand there, joined by ``", "``.
``count``, ``limit``
    whole numbers in digits. ``size_mb``, ``limit_mb``: megabytes with at most one decimal and a point (``14.2``).
``other_file``
    the file in which the other of two things stands, as ``file`` names it. ``file`` itself is beside these values
    whenever a problem is not one of the request's own file (``report.problems`` says it).
``document``
    the file's name where it is not the request's own PDF (an annex, a further document, an image); else ``""``.
``page``, ``pages``
    a page as the person counts (from 1), and how many there are.
``signatory``
    a signatory's rank, from 1; so is ``other`` where ``signatory`` is.
``document``
    the file it is about, where it is not the main one, else ``""``.

Codes beginning with ``yaml_`` belong to ``text_yaml`` and are listed at its head.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_REQUEST: Final = {
    "settings_empty": ((), "a settings file holds nothing at all: perhaps it is half saved"),
    "sidecar_empty": ((), "the file holds nothing, or nothing but comments"),
    "sidecar_html": ((), "the file is a web page (a login page was saved under this name)"),
    "sidecar_not_text": ((), "the file is no text: a word processor or another program made it"),
    "sidecar_too_large": (("size_mb", "limit_mb"), "the file is too large to be a request"),
    "sidecar_not_understood": (
        ("written",),
        "the file is neither keys nor a signatory; `written` = its beginning",
    ),
    "mail_signature": (
        ("written",),
        "a mail's signature was pasted below the request; `written` = its first line",
    ),
    "two_people_no_dash": (
        ("key",),
        "`key` stands twice in one signatory: two people without a dash before each",
    ),
    "people_numbered": (
        ("written",),
        "people under keys with a number (`signataire 1:`), where one key holds them all; said once",
    ),
    "two_people_in_one": (
        (),
        "what should be one person holds two addresses and two numbers: no dash before each, or on one line",
    ),
    "unknown_key": (("written", "nearest"), "no such key; `nearest` may be empty"),
    "key_misplaced": (("key",), "a known key at the wrong depth (a signatory's at the edge, or the reverse)"),
    "order_of_one": (
        ("key",),
        "`ordre` below one signatory: it is that of the lines, or all sign at the same time",
    ),
    "keys_below_line": (("key",), "a signatory's key below one who is written on one line"),
    "colon_missing": (
        ("key",),
        "a line begins with `key` and goes on without a colon: YAML reads no key there",
    ),
    "key_twice": (
        ("written", "first", "first_line"),
        "one key under two of its names; `first` on line `first_line`",
    ),
    "key_only_in_settings": (("key",), "this key belongs in _signature.yaml, not in a request"),
    "action_in_settings": (("written",), "an order stands in _signature.yaml, where it would fire for ever"),
    "key_needs": (("key", "needs"), "`key` says nothing without `needs` beside it"),
    "keys_contradict": (
        ("key", "other"),
        "`key` and `other` cannot both stand here (two ways to say one thing)",
    ),
    "value_missing": (("key",), "nothing stands after the key"),
    "value_not_text": (("key",), "a list or indented keys stand where one text is expected"),
    "value_not_keys": (("key", "written"), "a text or a list stands where indented keys are expected"),
    "value_unknown": (
        ("key", "written", "nearest", "allowed"),
        "not one of the words allowed; `nearest` may be empty",
    ),
    "number_invalid": (("key", "written"), "not a whole number from 1"),
    "length_invalid": (("key", "written"), "not a length (20, 20 mm, 2 cm, 50 pt, 10 %)"),
    "offset_invalid": (("key", "written"), "not two lengths: to the right, then down"),
    "days_invalid": (("key", "written"), "not a number of days (3, 3 j, 3 jours, 2 semaines)"),
    "document_elsewhere": (("written",), "a path where the name of a file or folder beside is expected"),
    "document_kind": (("written",), "neither a PDF nor a picture, whether it is there or not"),
    "files_on_one_line": (
        ("written",),
        "several names of files on one line, where a comma separates nothing",
    ),
    "files_too_many": (("count", "limit"), "more documents and annexes than one request takes"),
    "message_file_kind": (("written",), "the message is to be read from a file that is no plain, short text"),
    "message_file_garbled": (
        ("written", "found"),
        "accents of the file that holds the message were destroyed",
    ),
    "message_file_missing": (("written",), "the file that holds the message is not there, or is empty"),
    "two_settings": (("names",), "two settings files in one folder; `names` joined by ', '"),
    "settings_misnamed": (
        ("names",),
        "the only settings of a folder bear nearly their name, under which they are not read; `names` = that one",
    ),
    "settings_not_text": (("names",), "the same, and a word processor made them; `names` = that file"),
    "text_garbled": (
        ("key", "written"),
        "accents are unreadable (Ã©, â€™, �) in a text that people would read",
    ),
    "initials_impossible": (("written",), "initials were asked for; Jesignexpert has none"),
    "language_impossible": (("written",), "a language was asked for; the platform has no field for it"),
    "expiry_impossible": (("written",), "a last day was asked for; the platform has no field for it"),
    "copies_impossible": (("written",), "copies were asked for; the platform has no field for them"),
    "then_is_sequential": (
        ("other_file",),
        "`ordre: parallèle` with `puis`; `other_file` = the settings that hold `puis`, empty when it is the same file",
    ),
    "filed_away": (
        ("folder",),
        "the request lies, with its document, among those that are finished; `folder` = that folder's name",
    ),
    "two_sidecars": (("names",), "two requests for one PDF; `names` joined by ', '"),
    "document_taken": (
        ("other", "document"),
        "the PDF is out for signature already; `other` = that request's file",
    ),
    "subject_too_long": (("count", "limit"), "the subject that a person wrote has too many characters"),
    "message_too_long": (("count", "limit"), "the message has too many characters"),
    "account_fenced": (("account",), "this folder may not use that account"),
    "owner_refused": (
        ("written", "owner"),
        "the file `written` belongs to `owner`, who may not ask in this folder",
    ),
    "owner_untold": (("written",), "owners are named in this folder, and whose `written` is, nobody tells"),
    "public_link": (
        ("folder",),
        "people without a login can write there; `folder` = what is so shared, empty for the request itself",
    ),
    "public_link_file": (
        ("written",),
        "people without a login can change the file `written`, which decides what leaves",
    ),
    "public_link_untold": ((), "whether people without a login can write there is not told to us"),
    "public_link_unanswered": ((), "the same, for as long as the server does not answer that question"),
}
_SIGNATORIES: Final = {
    "signatories_missing": ((), "nobody is asked to sign"),
    "signatories_too_many": (("count", "limit"), "more signatories than may be asked at once"),
    "contact_unknown": (
        ("written", "nearest", "known"),
        "no contact by this name; `nearest` may be empty, `known` = all names (empty: there is none)",
    ),
    "hidden_signatories": (
        ("names",),
        "a warning: the request's list replaces this longer one; `names` = who is left out",
    ),
    "signatory_twice": (
        ("who", "other_file"),
        "one person asked twice; `other_file` = the settings that ask first, empty for the request or the same file",
    ),
    "signatory_not_understood": (
        ("written",),
        "no person can be read from this text (no e-mail and no mobile)",
    ),
    "name_missing": (("who",), "no name for this person"),
    "name_garbled": (("who", "written"), "accents are unreadable (Ã©, â€™, �) in a name"),
    "name_digits": (("who", "written"), "digits are left over beside the name: `written`; never guessed"),
    "key_in_name": (
        ("key", "written"),
        "a word of a request without its colon was read as a part of the name `written`",
    ),
    "name_unclear": (("who", "written"), "more than a name was read as one: `=`, a label, a sentence"),
    "email_missing": (("who",), "no e-mail for this person"),
    "email_invalid": (
        ("who", "written", "meant"),
        "not an e-mail address; `meant` = the one that a slip was put into, empty where none is seen",
    ),
    "email_two": (("who", "first", "second"), "two addresses for one person"),
    "phone_missing": (("who",), "no mobile for this person"),
    "phone_fixed_line": (("who", "written"), "a fixed line or internet line: no SMS arrives there"),
    "phone_two_numbers": (("who", "written"), "two numbers for one person"),
    "phone_excel": (("who", "written"), "Excel damaged the number (3,36E+10)"),
    "phone_too_short": (("who", "written", "count"), "digits are missing; `count` = digits found"),
    "phone_too_long": (("who", "written", "count"), "digits too many; `count` = digits found"),
    "phone_grouping": (("who", "written"), "grouped as a foreign number without its +41…: is it French?"),
    "phone_dummy": (
        ("who", "written"),
        "an obvious dummy (06 06 06 06 06, 06 01 23 45 67), or the mobile of a model",
    ),
    "phone_unknown": (("who", "written"), "not a mobile number that is known anywhere"),
    "same_phone": (("who", "other", "written"), "one mobile for two signatories; policy refuses or warns"),
    "same_email": (("who", "other", "written"), "one e-mail for two signatories; policy refuses or warns"),
    "domain_refused": (("who", "written"), "the firm asks nobody at this domain; `written` = the domain"),
    "domain_not_allowed": (
        ("who", "written"),
        "only addresses of some domains may be asked here, and this is none; `written` = the domain",
    ),
    "level_refused": (("who", "written"), "the firm does not allow this level; `written` = the French word"),
}
_PLACEMENT: Final = {
    "placement_outside": (("who", "page", "document"), "the box would stand (partly) outside the page"),
    "placement_page": (("page", "pages", "document"), "there is no such page"),
    "placement_overlap": (("who", "other", "page", "document"), "two boxes overlap"),
    "placement_no_room": (("who", "page", "document"), "no free room for the box on the page"),
    "placement_document": (
        ("written", "known", "document"),
        "`written` is no document of this request; `known` = those that are, joined by ', '; `document` is empty",
    ),
    "placement_under_text": (
        ("who", "written", "page", "document"),
        "under the text `written` there is no room for the box on the page",
    ),
    "text_not_found": (
        ("written", "page", "document"),
        "the text stands nowhere; `page` is empty unless one was named",
    ),
    "text_on_other_page": (
        ("written", "page", "elsewhere", "document"),
        "the text stands on other pages than the one named; `elsewhere` = the first five of them, joined by ', '",
    ),
    "text_too_few": (
        ("written", "occurrence", "count", "page", "document"),
        "the text stands there `count` times, fewer than `occurrence`; `page` is empty unless one was named",
    ),
    "text_too_often": (("written", "limit", "document"), "the text stands there more than `limit` times"),
    "text_in_scan": (("written", "document"), "the PDF is a picture: it bears no text to look for"),
    "box_page_not_a4": (("signatory", "page"), "the platform's contract refuses boxes on this page's format"),
    "box_outside_page": (("signatory", "page"), "on the platform's axes the box leaves the page"),
    "boxes_overlap": (("signatory", "other", "page"), "on the platform's axes two boxes overlap"),
}
_PDF: Final = {
    "pdf_encrypted": (("document",), "a password is needed to open it"),
    "pdf_restricted": (("document",), "it opens without a password, and another one forbids changes"),
    "pdf_signed": (
        ("document", "earlier"),
        "already carries an electronic signature; `earlier`: an earlier status, not ours, stood beside it by that name",
    ),
    "pdf_form_fields": (("document",), "holds form fields to fill in"),
    "pdf_xfa": (("document",), "an XFA form, which is not a document of fixed pages"),
    "pdf_active": (("document",), "runs a script or a program, or holds sound or film"),
    "pdf_portfolio": (("document",), "a portfolio: its page is the cover of files within"),
    "pdf_too_large": (("document", "size_mb", "limit_mb"), "heavier than the platform takes"),
    "pdf_empty": (("document",), "the file holds no byte"),
    "pdf_unreadable": (("document",), "a damaged PDF"),
    "pdf_not_pdf": (("document",), "not a PDF, whatever its name says"),
    "pdf_too_slow": (("document",), "reading it takes too long or too much memory"),
    "pdf_name_too_long": (("document",), "the server takes no new version under so long a name"),
    "pdf_name_ambiguous": (("names",), "two PDFs answer to this request; `names` joined by ', '"),
}
_PDF_TOLD: Final = {
    "pdf_attachments": (("document", "count"), "told only: files within, which leave with it"),
    "pdf_remarks": (("document", "count"), "told only: reviewers' notes and marks, which leave with it"),
    "pdf_layers": (
        ("document",),
        "told only: layers that are switched off, or differ between screen and paper",
    ),
}
_IMAGES: Final = {
    "image_empty": (("document",), "the file holds no byte"),
    "image_not_image": (("document",), "not a JPEG, PNG, TIFF or HEIC, whatever its name says"),
    "image_unreadable": (("document",), "a damaged image, or one cut short"),
    "image_too_large": (("document",), "too many pixels, or no way to make it light enough"),
    "image_too_many_pages": (("document",), "a TIFF of more pages than are converted"),
    "image_animated": (
        ("document", "count"),
        "told only: `count` pictures in one file, of which the first is sent",
    ),
}
_LIST: Final = {
    "list_not_workbook": (
        (),
        "not a workbook, whatever its name says (a web page, a text, another program's file)",
    ),
    "list_old_format": ((), "the workbook is in the old .xls form, whatever its name says"),
    "list_other_format": (
        ("written",),
        "a list in a form that is not read (.xls, .ods …); `written` = its name",
    ),
    "list_strict": ((), "a workbook of the form « Strict Open XML », which is not read"),
    "list_password": ((), "protected by a password"),
    "list_damaged": ((), "cut off or damaged: it cannot be opened"),
    "list_swollen": ((), "too many formatted cells: reading it takes too long or too much memory"),
    "list_too_large": (("size_mb", "limit_mb"), "the file is too large to be a list"),
    "list_too_many": (("count", "limit"), "more rows than are read at once"),
    "list_no_header": (
        ("sheets",),
        "no line of titles: no cell « e-mail »; `sheets` = the workbook's others that hold something, joined by ', '",
    ),
    "list_title_garbled": (("written",), "a title whose accents were destroyed on the way"),
    "list_no_document": ((), "no column « document »"),
    "list_column_twice": (("first", "written"), "two columns with one title (or two names of one)"),
    "list_columns_hidden": (
        ("titles",),
        "columns that are read and hold something are not shown; `titles` = theirs, joined by ', '",
    ),
    "list_document_missing": ((), "the row names no document"),
    "list_document_twice": (
        ("document", "other_line"),
        "the same document in several rows; `other_line` = the other rows, joined by ', '",
    ),
    "list_document_ours": (("document",), "the row names a file that the connector made"),
    "list_name_too_long": (("document",), "the document's name leaves no room for the request's"),
    "list_merged": ((), "a merged cell lies on the row"),
    "list_date": (("column", "written"), "Excel made a date of what was written"),
    "list_cell_error": (("column", "written"), "the cell shows #N/A, #REF! or the like"),
    "list_formula": (("column",), "a formula whose result was never saved"),
    "list_cell_long": (("column",), "the cell holds more than is read"),
    "list_not_writable": ((), "no request can be written that would be read back as this row"),
}

CODES: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    **_REQUEST,
    **_SIGNATORIES,
    **_PLACEMENT,
    **_PDF,
    **_PDF_TOLD,
    **_IMAGES,
    **_LIST,
}
"""Code → (names of its values, meaning)."""
