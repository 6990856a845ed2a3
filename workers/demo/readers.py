"""The people of the demo: a seeded share opens, clicks and unsubscribes, through real HTTP."""

import http.client
import random
from collections.abc import Sequence
from html.parser import HTMLParser
from urllib.parse import urlencode

import msgspec

from workers.demo.mailbox import Mail, OpenedMail, open_mail
from workers.demo.web import UnexpectedAnswerError, Web

SEED = 20_261_124
OPENING = 0.40
CLICKING = 0.30  # of those who open
UNSUBSCRIBING = 0.05  # of those who open
FORM = "application/x-www-form-urlencoded"


class Behaviour(msgspec.Struct):
    """Who did what: recipients by deed."""

    opened: list[str] = []
    clicked: list[str] = []
    unsubscribed: list[str] = []


def behave(web: Web, mails: Sequence[Mail]) -> Behaviour:
    """Let the people read their mail. Raises UnexpectedAnswerError when a link does not work."""
    chance = random.Random(SEED)  # noqa: S311 - the same people every time
    done = Behaviour()
    for unopened in mails:
        if chance.random() >= OPENING:
            continue
        mail = open_mail(unopened)
        _expect(web.request("GET", mail.pixel_url).status, http.client.OK, "the pixel")
        done.opened.append(mail.recipient)
        if mail.links and chance.random() < CLICKING:
            _click(web, chance.choice(mail.links))
            done.clicked.append(mail.recipient)
        if chance.random() < UNSUBSCRIBING:
            _unsubscribe(web, mail, one_click=len(done.unsubscribed) % 2 == 0)
            done.unsubscribed.append(mail.recipient)
    return done


def _click(web: Web, url: str) -> None:
    answer = web.request("GET", url)
    _expect(answer.status, http.client.FOUND, "a tracked link")
    if not (answer.headers["Location"] or "").startswith(("http://", "https://")):
        raise UnexpectedAnswerError("a tracked link leads nowhere")


def _unsubscribe(web: Web, mail: OpenedMail, *, one_click: bool) -> None:
    """As a mail client does (RFC 8058), or as a person does: look at the page, then press."""
    if not mail.one_click:
        raise UnexpectedAnswerError("the mail has no List-Unsubscribe-Post header")
    if one_click:
        body = b"List-Unsubscribe=One-Click"
    else:
        page = web.request("GET", mail.unsubscribe_url)
        _expect(page.status, http.client.OK, "the unsubscribe page")
        body = _button(page.body.decode())
    answer = web.request("POST", mail.unsubscribe_url, body, FORM)
    _expect(answer.status, http.client.OK, "unsubscribing")


def _button(page: str) -> bytes:
    """Return what a browser sends when the page's only button is pressed."""
    form = _Form()
    form.feed(page)
    return urlencode(form.fields).encode()


class _Form(HTMLParser):
    """Collects the fields that a form sends."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in {"button", "input"} and values.get("name"):
            self.fields[values["name"] or ""] = values.get("value") or ""


def _expect(status: int, wanted: int, what: str) -> None:
    if status != wanted:
        raise UnexpectedAnswerError(f"{what} answered {status} instead of {wanted}")
