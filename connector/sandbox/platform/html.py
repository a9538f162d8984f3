"""The frame of every page: French, UTF-8, readable without JavaScript, and always saying that it is a simulator."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

from connector.sandbox.platform.model import SIMULATOR

_STYLE = """
body{font:1.05rem/1.5 system-ui,sans-serif;margin:0;color:#1b1b1f;background:#f4f4f2}
header.simulateur{background:#7a3b00;color:#fff;padding:.6rem 1rem;font-weight:600}
main{max-width:58rem;margin:1rem auto;padding:1rem 1.5rem;background:#fff;border:1px solid #ccc}
main,td{overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25}
h2{font-size:1.2rem;line-height:1.3;margin:1.6rem 0 .4rem}
img{max-width:100%;box-sizing:border-box;border:1px solid #999;display:block;margin:0 auto 1rem}
label{display:block;margin:.6rem 0 .2rem}
p:has(>label.case){display:flex;gap:.7rem;align-items:flex-start}
label.case{margin:0}
input[type=checkbox]{flex:none;width:1.4rem;height:1.4rem;margin:.1rem 0 0}
input[type=text],input[type=email],input[type=password],select,textarea{font:inherit;padding:.4rem;width:100%;
max-width:28rem;box-sizing:border-box;border:1px solid #555}
button{font:inherit;padding:.6rem 1.3rem;margin:.8rem 0;background:#0b4f8a;color:#fff;border:0;
border-radius:3px;min-height:44px}
button:focus,input:focus,a:focus,select:focus,textarea:focus{outline:3px solid #d98600;outline-offset:2px}
.alerte{border-left:5px solid #b00020;background:#fdecee;padding:.6rem 1rem}
.avis{border-left:5px solid #0b4f8a;background:#eaf3fb;padding:.6rem 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;border-bottom:1px solid #ccc;padding:.35rem;vertical-align:top}
th,td.court{white-space:nowrap}
@media(max-width:48rem){main{margin:0;padding:.5rem 1rem;border-width:0 0 1px}thead{display:none}
tr{display:block;padding:.6rem 0;border-bottom:1px solid #ccc}td{display:block;border:0;padding:.1rem 0}}
"""


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    """Return a whole page; ``title`` is plain text, ``body`` is HTML."""
    shown = escape(title)
    words = escape(SIMULATOR)
    return HTMLResponse(
        f'<!doctype html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{shown} – SIMULATEUR</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<header class="simulateur">{words}</header>\n<main>\n<h1>{shown}</h1>\n{body}\n</main>\n</body>\n</html>\n',
        status_code=status,
        headers={"Cache-Control": "no-store"},
    )


def alert(text: str) -> str:
    """Return an error in the page, as HTML; "" for no text."""
    return f'<p class="alerte" role="alert">{escape(text)}</p>' if text else ""


def notice(text: str) -> str:
    """Return a statement in the page, as HTML."""
    return f'<p class="avis" role="status">{escape(text)}</p>'


def paragraphs(text: str) -> str:
    """Return plain text as paragraphs."""
    return "\n".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())
