"""The pages that recipients see: plain HTML without scripts, cookies or anything from elsewhere."""

import base64
import hashlib

STYLE = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;"
    "color:#1b1b1f;background:#fff}button{font:inherit;padding:.6rem 1.2rem;border:0;"
    "border-radius:.4rem;color:#fff;background:#1b4dff;cursor:pointer}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#16161a}}"
)
STYLE_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
FORM_FIELD = "unsubscribe"
FORM_VALUE = "yes"

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1>{body}</main></body>
</html>
"""


def _page(title: str, body: str) -> str:
    return _PAGE.format(title=title, style=STYLE, body=body)


CONFIRM = _page(
    "Unsubscribe",
    "<p>Press the button, and this sender will not mail you again.</p>"
    f'<form method="post"><button name="{FORM_FIELD}" value="{FORM_VALUE}">'
    "Unsubscribe</button></form>",
)
DONE = _page("You are unsubscribed", "<p>This sender will not mail you again.</p>")
BAD_LINK = _page(
    "This link does not work",
    "<p>It is incomplete or was changed on its way. Try to open it from the e-mail itself.</p>",
)
NOT_UNDERSTOOD = _page(
    "Nothing was changed",
    "<p>The request did not say what to do. Open the link of the e-mail, press the button.</p>",
)
OLD_PREVIEW = _page(
    "This preview is over", "<p>Previews are kept for some minutes. Open it again.</p>"
)
NOT_BUILT = _page(
    "The web interface is not built",
    "<p>Everything else runs. In the folder of the source, run <code>make ui</code>, then load "
    "this page again. An installed wheel has it already.</p>",
)
