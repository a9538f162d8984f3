"""What is not WebDAV: status.php, OCS, Login Flow v2 (facts sections 8, 9 and 10)."""

from __future__ import annotations

import html
import json
from typing import Any
from urllib.parse import parse_qs

from connector.sandbox.dms.folder import RESHARE, Link, NextcloudFolder
from connector.sandbox.dms.messages import Answer, Call
from connector.sandbox.dms.tree import Node, clean
from connector.sandbox.dms.world import DmsWorld

VERSION = (32, 0, 1)
JSON = ("Content-Type", "application/json; charset=utf-8")
HTML = ("Content-Type", "text/html; charset=UTF-8")


def status(world: DmsWorld) -> Answer:
    """Answer ``/status.php``: 200 even in maintenance."""
    told = {
        "installed": True,
        "maintenance": world.maintenance,
        "needsDbUpgrade": False,
        "version": ".".join(map(str, (*VERSION, 2))),
        "versionstring": ".".join(map(str, VERSION)),
        "edition": "",
        "productname": "Nextcloud",
        "extendedSupport": False,
    }
    return Answer(200, json.dumps(told).encode(), [JSON])


def refused(world: DmsWorld, call: Call) -> Answer | None:
    """Return the answer to an OCS call that is refused before the login is looked at, else None."""
    if world.maintenance:
        return Answer(503, b"", [("X-Nextcloud-Maintenance-Mode", "1")])
    if call.header("ocs-apirequest").lower() != "true":
        return Answer(412, b'{"message":"CSRF check failed"}', [JSON])
    return None


def handle(world: DmsWorld, call: Call, *, password: str | None) -> Answer:
    """Answer an OCS call of a known user; ``password``: the app password that was used, None: another one."""
    with_app_password = password is not None
    match call.path.removeprefix("/ocs/v2.php/").removeprefix("/ocs/v1.php/").strip("/"):
        case "cloud/capabilities":
            return _ocs(200, _capabilities(world, call))
        case "cloud/user":
            return _ocs(200, {"id": call.user, "enabled": True, "display-name": call.user})
        case "core/apppassword" if (
            call.method == "DELETE" and password is not None
        ):  # seen: 200, gone at once
            world.accounts.revoke(password)
            return _ocs(200, {})
        case "core/apppassword" if call.method == "DELETE":
            return _ocs(403, {}, "no app password in use")
        case "core/getapppassword" if with_app_password:
            return _ocs(403, {}, "You cannot request an new apppassword with an apppassword")
        case "core/getapppassword":
            return _ocs(200, {"apppassword": world.accounts.new_app_password(call.user)})
        case "apps/files_sharing/api/v1/shares" if call.method == "GET":
            return _shares(world, call)
        case "apps/files_sharing/api/v1/shares/inherited" if call.method == "GET":
            return _inherited(world, call)
    return _ocs(404, {}, "Invalid query, please check the syntax.")


def _asked_for(world: DmsWorld, call: Call) -> tuple[NextcloudFolder, Node] | None:
    """Return the file that ``path`` names below the user's own files; None when there is none."""
    assert world.nextcloud is not None
    path = parse_qs(call.query).get("path", [""])[0]
    node = world.nextcloud.tree.get(clean(path))
    return None if node is None else (world.nextcloud, node)


def _shares(world: DmsWorld, call: Call) -> Answer:
    """Tell the shares of one file, or of all that lie in a folder: to whoever may not share it on their own alone.

    nextcloud/server, ShareAPIController::getFormattedShares and getSharesInDir.
    """
    found = _asked_for(world, call)
    if found is None:
        return _ocs(404, [], "Wrong path, file/folder does not exist")
    folder, node = found
    query = parse_qs(call.query)
    every = query.get("reshares") == ["true"] and bool(folder.rights(node.path) & RESHARE)
    inside = query.get("subfiles") == ["true"]
    links = folder.links_in(node.path) if inside else folder.links_to(node.path)
    told = [link for link in links if every or link.by == call.user]
    return _ocs(200, [_share(link, f"/{link.path}") for link in told])


def _inherited(world: DmsWorld, call: Call) -> Answer:
    """Tell the shares of all folders above, in the owner's tree; refused to whoever may not share the file on.

    nextcloud/server, ShareAPIController::getInheritedShares; the status of its SharingRightsException is taken from
    the source, not seen.
    """
    found = _asked_for(world, call)
    if found is None:
        return _ocs(404, [], "Wrong path, file/folder does not exist")
    folder, node = found
    if not folder.rights(node.path) & RESHARE:
        return _ocs(500, [], "no sharing rights on this item")
    # What the login does not see is told with the topmost folder that it does see.
    top = node.path.partition("/")[0]
    told = [_share(link, f"/{link.path}") for link in folder.links_above(node.path)]
    return _ocs(200, [{**share, "via_path": share["path"].rstrip("/") or f"/{top}"} for share in told])


def _share(link: Link, path: str) -> dict[str, Any]:
    return {"share_type": link.kind, "permissions": link.rights, "uid_owner": link.by, "path": path}


def _ocs(code: int, data: dict[str, Any] | list[dict[str, Any]], message: str = "OK") -> Answer:
    meta = {"status": "ok" if code == 200 else "failure", "statuscode": code, "message": message}
    return Answer(code, json.dumps({"ocs": {"meta": meta, "data": data}}).encode(), [JSON])


def _capabilities(world: DmsWorld, call: Call) -> dict[str, Any]:
    files: dict[str, Any] = {
        "bigfilechunking": True,
        "undelete": True,
    }
    # What an app that is off does not name (seen on 32.0.1).
    if world.versions_app:
        files |= {"versioning": True, "version_labeling": True, "version_deletion": True}
    if world.comments_app:
        files["comments"] = True
    if world.files_lock:
        files |= {"locking": "1.0", "api-feature-lock-type": True}
    major, minor, micro = VERSION
    return {
        "version": {"major": major, "minor": minor, "micro": micro, "string": f"{major}.{minor}.{micro}"},
        "capabilities": {
            "core": {"pollinterval": 60, "webdav-root": "remote.php/webdav"},
            "bruteforce": {"delay": 0, "allow-listed": False},
            "dav": {"chunking": "1.0", "public_shares_chunking": True},
            "files": files,
            "systemtags": {"enabled": True},
        },
    }


def login_flow(world: DmsWorld, call: Call) -> Answer | None:
    """Answer Login Flow v2: begin, poll, the page where a person agrees, and its form. None: another path."""
    path = call.path.removeprefix("/index.php").rstrip("/")
    if path == "/login/v2" and call.method == "POST":
        token, flow = world.accounts.begin_flow()
        poll = {"token": token, "endpoint": f"{call.base_url}/login/v2/poll"}
        told = {"poll": poll, "login": f"{call.base_url}/login/v2/flow/{flow}"}
        return Answer(200, json.dumps(told).encode(), [JSON])
    if path == "/login/v2/poll" and call.method == "POST":
        return _poll(world, call)
    flow = path.removeprefix("/login/v2/flow/")
    if flow == path:
        return None
    if not world.accounts.has_flow(flow):
        return _page(403, "<p>Cette demande de connexion n'est plus valable.</p>")
    return _grant(world, call, flow) if call.method == "POST" else _page(200, _FORM)


_FORM = (
    '<form method="post"><p>Une application demande l\'accès à ce compte.</p>'
    '<label>Compte <input name="user"></label> '
    '<label>Mot de passe <input name="password" type="password"></label> '
    "<button>Autoriser l'accès</button></form>"
)


def _poll(world: DmsWorld, call: Call) -> Answer:
    token = parse_qs(call.body.decode(errors="replace")).get("token", [""])[0]
    granted = world.accounts.poll_flow(token)
    if granted is None:
        return Answer(404, b"[]", [JSON])
    user, password = granted
    told = {"server": call.base_url, "loginName": user, "appPassword": password}
    return Answer(200, json.dumps(told).encode(), [JSON])


def _grant(world: DmsWorld, call: Call, flow: str) -> Answer:
    form = parse_qs(call.body.decode(errors="replace"))
    user, password = form.get("user", [""])[0], form.get("password", [""])[0]
    if not world.accounts.known(user, password):
        return _page(403, "<p>Mot de passe incorrect.</p>" + _FORM)
    world.accounts.grant_flow(flow, user)
    return _page(200, f"<p>Accès accordé pour {html.escape(user)}. Cette page peut être fermée.</p>")


def _page(code: int, inner: str) -> Answer:
    page = (
        '<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8"><title>Connexion</title></head>'
        f"<body><h1>Nuage d'essai (simulateur)</h1>{inner}</body></html>\n"
    )
    return Answer(code, page.encode(), [HTML])
