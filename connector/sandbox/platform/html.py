"""The frame of every page: French, UTF-8, readable without JavaScript, and always saying that it is a simulator."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

from connector.sandbox.platform.model import SIMULATOR

_STYLE = """
body{font:1.05rem/1.5 system-ui,sans-serif;margin:0;color:#1b1b1f;background:#f4f4f2}
header.simulateur{background:#7a3b00;color:#fff;padding:.6rem 1rem;font-weight:600}
main{max-width:58rem;margin:1rem auto;padding:1rem 1.5rem;background:#fff;border:1px solid #ccc}
h1{font-size:1.5rem;line-height:1.25}
img{max-width:100%;border:1px solid #999;display:block;margin:0 0 1rem}
label{display:block;margin:.6rem 0 .2rem}
label.case{display:inline}
input[type=text],input[type=email],input[type=password],select,textarea{font:inherit;padding:.4rem;width:100%;
max-width:28rem;box-sizing:border-box;border:1px solid #555}
button{font:inherit;padding:.5rem 1.2rem;margin:.8rem 0;background:#0b4f8a;color:#fff;border:0}
button:focus,input:focus,a:focus,select:focus,textarea:focus{outline:3px solid #d98600;outline-offset:2px}
.alerte{border-left:5px solid #b00020;background:#fdecee;padding:.6rem 1rem}
.avis{border-left:5px solid #0b4f8a;background:#eaf3fb;padding:.6rem 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;border-bottom:1px solid #ccc;padding:.35rem}
"""


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    """Return a whole page; ``title`` is plain text, ``body`` is HTML."""
    shown = escape(title)
    words = escape(SIMULATOR)
    return HTMLResponse(
        f'<!doctype html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{shown} – SIMULATEUR</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
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
