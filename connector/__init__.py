"""Sign the documents of a WebDAV folder with Jesignexpert, from the folder itself.

The way of one request, each step a function of its name in ``connector.steps``:

1. **discover**: what the server says is there → sidecars, once they and their PDFs have settled;
2. **read**: a sidecar's bytes → a ``SignatureRequest``, or every problem it has;
3. **check**: request × PDF × the folder's policy → accepted, or every problem at once (``judge`` puts 1–3 in the
   order of the verdicts: known, moved, copied, signed already, new);
4. **prepare**: a transaction at the platform that nobody sees yet;
5. **mark**: a create-once file in the DMS binds the request to that transaction;
6. **send**: the one call that people see and that costs money, made once;
7. **follow**: the platform's words → events, for each signatory;
8. **fetch**: the signed PDF → the spool, if its signatures are intact;
9. **deliver**: a new version of the same file, only if nobody changed it; else beside;
10. **attest**, **lock**, **show**, **tag**, **comment** and **close**: the attestation and the lock where asked
    for; the status people read; the state on the file itself where the server has tags and comments; the marker's
    end, last of all. What is finished may then be moved out of sight (**tidy**).

What people do meanwhile is **attend**ed to: edits, moves, **orders** (**cancel**, **reminders**). Orders that the
administrator gives, and those that ask the platform, are obeyed apart from the look at a folder (**ordered**). What has
happened is **news**, becomes **letters**, and leaves by mail or to a hook (**telling**); an account's owner connects it
again alone (**logins**).

``passes`` runs them, over a server and over an account; ``daemon`` says when; ``cli`` wires the real parts. A
module imports only from its own layer or below: ``tests/unit/test_architecture.py`` has the list.
"""

__version__ = "0.1.0"
