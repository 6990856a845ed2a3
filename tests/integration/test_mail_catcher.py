"""The mail catcher: keeps everything, refuses by rule, shows it safely, survives a kill."""

import asyncio
import json
import signal
import smtplib
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

import pytest

from domain.delivery.backoff import retry_hint_s
from infra.mail_catcher.catcher import MailCatcher
from infra.mail_catcher.forgetting import forget_mail
from infra.mail_catcher.store import MailReader
from infra.smtp.mail import Accepted, OutgoingMail, Refused
from infra.smtp.sender import SmtpSender
from tests.support.smtp_mail import a_mail, options_for, outcomes_of, verdict_on

pytestmark = pytest.mark.integration

PATIENT = {"connect_timeout_s": 10.0, "command_timeout_s": 10.0, "final_dot_timeout_s": 10.0}

HTML_MAIL = b"""\
Message-ID: <html@example.com>\r
From: News <news@example.com>\r
To: Ada <ada@example.org>\r
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <b>\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary=x\r
\r
--x\r
Content-Type: text/plain; charset=utf-8\r
\r
plain <b>text</b>\r
--x\r
Content-Type: text/html; charset=utf-8\r
\r
<html><head><title>t</title></head><body><script>alert(1)</script><p>hello</p></body></html>\r
--x--\r
"""


@pytest.fixture
async def catcher(tmp_path: Path) -> AsyncIterator[MailCatcher]:
    async with MailCatcher(smtp_port=0, http_port=0, data_dir=tmp_path) as running:
        yield running


@pytest.fixture
async def sender(catcher: MailCatcher) -> AsyncIterator[SmtpSender]:
    async with SmtpSender(options_for(catcher.smtp_port, connections=4, **PATIENT)) as opened:
        yield opened


async def request(
    catcher: MailCatcher, path: str, *, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    def ask() -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", catcher.http_port, timeout=10)
        try:
            connection.request(method, path, headers={"Host": host} if host else {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    return await asyncio.to_thread(ask)


async def get_json(catcher: MailCatcher, path: str) -> dict[str, object]:
    status, _, body = await request(catcher, path)
    assert status == 200
    decoded: dict[str, object] = json.loads(body)
    return decoded


async def test_what_was_accepted_is_listed_in_order_and_comes_back_byte_for_byte(
    catcher: MailCatcher, sender: SmtpSender
) -> None:
    mails = [
        a_mail(f"p{n}@example.org", data=b"Message-ID: <%d@x>\r\n\r\n.\r\n..a\r\n" % n)
        for n in range(25)
    ]
    outcomes = await outcomes_of(sender, mails)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
    first = await get_json(catcher, "/api/messages?after=0&limit=20&raw=1")
    rest = await get_json(catcher, f"/api/messages?after={first['next_after']}&limit=20&raw=1")
    listed = [*first["messages"], *rest["messages"]]  # type: ignore[misc]
    assert [entry["id"] for entry in listed] == sorted(entry["id"] for entry in listed)
    assert {entry["rcpt_to"]: b64decode(entry["raw_base64"]) for entry in listed} == {
        mail.rcpt_to: mail.data for mail in mails
    }
    status, headers, raw = await request(catcher, f"/api/messages/{listed[0]['id']}/raw")
    assert (status, raw) == (200, b64decode(listed[0]["raw_base64"]))
    assert headers["Content-Type"].startswith("text/plain")
    assert await get_json(catcher, "/api/stats") == {"accepted": 25, "refused": 0, "deferred": 0}
    nothing_more = await get_json(catcher, f"/api/messages?after={rest['next_after']}")
    assert nothing_more == {"messages": [], "next_after": rest["next_after"]}


async def test_people_who_are_gone_bounce_and_others_of_their_domain_do_not(
    catcher: MailCatcher, sender: SmtpSender
) -> None:
    gone, present = a_mail("Gone.7@bounce.example.com"), a_mail("ada@bounce.example.com")
    blocked = a_mail("blocked@bounce.example.com")
    outcomes = await outcomes_of(sender, [gone, present, blocked])
    assert verdict_on(outcomes[gone.message_id]).suppresses
    assert not verdict_on(outcomes[blocked.message_id]).suppresses
    assert isinstance(outcomes[present.message_id], Accepted)
    assert await get_json(catcher, "/api/stats") == {"accepted": 1, "refused": 2, "deferred": 0}


async def test_slow_people_take_each_message_at_the_second_try(
    catcher: MailCatcher, sender: SmtpSender
) -> None:
    for mail in (a_mail("ada@slow.example.com"), a_mail("ada@slow.example.com")):
        first = await sender.send_one(mail)
        assert isinstance(first, Refused)
        assert str(first.reply).startswith("450 4.2.0 ")
        assert retry_hint_s(first.reply.text) == 1
        assert isinstance(await sender.send_one(mail), Accepted)
    assert await get_json(catcher, "/api/stats") == {"accepted": 2, "refused": 0, "deferred": 2}


def test_smtplib_delivers_with_utf8_addresses_and_several_recipients(tmp_path: Path) -> None:
    async def run(deliver: Callable[[int], None]) -> None:
        async with MailCatcher(smtp_port=0, http_port=0, data_dir=tmp_path) as catcher:
            await asyncio.to_thread(deliver, catcher.smtp_port)

    def deliver(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.ehlo("test")
            assert {"pipelining", "smtputf8", "8bitmime", "size"} <= client.esmtp_features.keys()
            client.sendmail(
                "", ["jörg@bücher.example", "ada@example.org"], "Subject: grüß\r\n\r\n".encode(),
                mail_options=["SMTPUTF8", "BODY=8BITMIME"],
            )  # fmt: skip
            client.sendmail("a@example.com", "b@example.org", b".")
            assert client.docmd("DATA")[0] == 503
            assert client.docmd("MAIL", f"FROM:<a@example.com> SIZE={10**9}")[0] == 552

    asyncio.run(run(deliver))
    reader = MailReader(tmp_path)
    kept = reader.oldest_first(after=0, limit=10)
    assert [(mail.mail_from, mail.rcpt_to) for mail in kept] == [
        ("", "jörg@bücher.example"),
        ("", "ada@example.org"),
        ("a@example.com", "b@example.org"),
    ]
    assert reader.raw(kept[2].id) == b".\r\n"
    reader.close()


async def test_the_inbox_is_paged_searchable_and_escapes_what_it_shows(
    catcher: MailCatcher, sender: SmtpSender
) -> None:
    hostile = b"Subject: <script>alert(1)</script>\r\n\r\n"
    await outcomes_of(sender, [a_mail(f"p{n}@example.org", data=hostile) for n in range(51)])
    await sender.send_one(a_mail("Eve@example.org"))
    _, headers, newest = await request(catcher, "/")
    assert b"52 accepted" in newest
    assert newest.index(b"<td>Eve@example.org") < newest.index(b"<td>p")
    assert b"<script" not in newest
    assert b"&lt;script&gt;" in newest
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    older_link = newest.partition(b'rel="next" href="')[2].partition(b'"')[0].decode()
    _, _, older = await request(catcher, older_link.replace("&amp;", "&"))
    assert older.count(b"<tr><td>") == 2
    _, _, found = await request(catcher, "/?rcpt_to=eve@EXAMPLE.org")
    assert found.count(b"<tr><td>") == 1


async def test_a_captured_message_is_shown_in_a_sandbox_without_script_or_remote_images(
    catcher: MailCatcher, sender: SmtpSender
) -> None:
    await sender.send_one(a_mail(data=HTML_MAIL))
    _, _, page = await request(catcher, "/messages/1")
    text = page.decode()
    assert "Grüße &lt;b&gt;" in text
    assert "plain &lt;b&gt;text&lt;/b&gt;" in text
    assert '<iframe sandbox="allow-popups' in text
    assert "<script" not in text
    _, headers, frame = await request(catcher, "/messages/1/html")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "default-src 'none'; img-src data:" in policy
    assert b'<head><base target="_blank"><title>t' in frame


async def test_deleting_forgets_messages_and_never_uses_an_id_again(
    catcher: MailCatcher, sender: SmtpSender
) -> None:
    await sender.send_one(a_mail())
    status, _, _ = await request(catcher, "/api/messages", method="DELETE")
    assert status == 204
    assert await get_json(catcher, "/api/stats") == {"accepted": 0, "refused": 0, "deferred": 0}
    await sender.send_one(a_mail())
    kept = await get_json(catcher, "/api/messages")
    assert [entry["id"] for entry in kept["messages"]] == [2]  # type: ignore[attr-defined]


async def test_a_message_is_forgotten_by_its_id_and_nothing_of_it_is_left_in_the_files(
    catcher: MailCatcher, sender: SmtpSender, tmp_path: Path
) -> None:
    mine, other = uuid4(), uuid4()
    for message, who in ((mine, "zoe@slow.example.com"), (other, "bob@example.org")):
        body = f"Message-ID: <{message.hex}@x>\r\nSubject: s\r\n\r\nDear {who}\r\n"
        mail = a_mail(who, data=body.encode())
        while not isinstance(await sender.send_one(mail), Accepted):
            pass  # put off the first time: that leaves traces too
    gone = a_mail("gone.zoe@bounce.example.com")
    assert isinstance(await sender.send_one(gone), Refused)

    def written() -> bytes:
        return b"".join(file.read_bytes() for file in tmp_path.iterdir())

    assert b"zoe@slow" in written()
    await asyncio.to_thread(forget_mail, catcher.http_port, [mine, uuid4()])
    assert b"zoe" not in written()
    assert b"Dear bob@example.org" in written()
    assert await get_json(catcher, "/api/stats") == {"accepted": 1, "refused": 1, "deferred": 1}


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/messages/99",
        "/api/messages/99",
        "/api/messages/1/html",
        "/messages/" + "9" * 40,
    ],
)
async def test_what_is_not_there_is_not_found(catcher: MailCatcher, path: str) -> None:
    status, _, _ = await request(catcher, path)
    assert status == 404


async def test_a_foreign_host_name_reads_nothing(catcher: MailCatcher) -> None:
    for method in ("GET", "DELETE"):
        status, _, _ = await request(
            catcher, "/api/messages", method=method, host="rebound.example:80"
        )
        assert status == 421


async def test_large_bodies_and_dots_at_every_cut_arrive_whole(
    catcher: MailCatcher, sender: SmtpSender
) -> None:
    body = b"Subject: big\r\n\r\n" + b".\r\n..\r\nsentence.\r\n" * 200_000
    assert isinstance(await sender.send_one(a_mail(data=body)), Accepted)
    _, _, raw = await request(catcher, "/api/messages/1/raw")
    assert raw == body


def _start(data_dir: Path) -> tuple[subprocess.Popen[bytes], dict[str, int]]:
    argv = [sys.executable, "-m", "infra.mail_catcher", "--data-dir", str(data_dir)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert process.stdout is not None
    ports: dict[str, int] = json.loads(process.stdout.readline())
    process.stdout.close()
    return process, ports


async def _accepted_until_lost(port: int, mails: list[OutgoingMail]) -> set[str]:
    async with SmtpSender(options_for(port, connections=4, **PATIENT)) as sender:
        return {
            str(outcome.message_id)
            async for outcome in sender.send(mails)
            if isinstance(outcome, Accepted)
        }


async def test_a_killed_catcher_still_has_every_message_it_answered_for(tmp_path: Path) -> None:
    process, ports = await asyncio.to_thread(_start, tmp_path)
    mails = [a_mail() for _ in range(4_000)]
    sending = asyncio.create_task(_accepted_until_lost(ports["smtp_port"], mails))
    await asyncio.sleep(0.4)
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait)
    accepted = await sending
    reader = MailReader(tmp_path)
    kept = {
        mail.message_id.strip("<>").partition("@")[0]
        for page in range(0, 4_000, 1_000)
        for mail in reader.oldest_first(after=page, limit=1_000)
    }
    reader.close()
    assert 0 < len(accepted) < len(mails)
    assert accepted <= kept
    assert len(kept) <= len(accepted) + 4


async def test_sigterm_stops_the_process_cleanly_and_a_restart_shows_the_same_inbox(
    tmp_path: Path,
) -> None:
    for expected in (1, 2):
        process, ports = await asyncio.to_thread(_start, tmp_path)
        assert await _accepted_until_lost(ports["smtp_port"], [a_mail()])
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 10) == 0
        reader = MailReader(tmp_path)
        assert reader.stats().accepted == expected
        reader.close()


async def test_a_taken_port_is_an_error_and_leaves_nothing_open(
    catcher: MailCatcher, tmp_path: Path
) -> None:
    for ports in ((catcher.smtp_port, 0), (0, catcher.http_port)):
        with pytest.raises(OSError, match="in use"):
            async with MailCatcher(
                smtp_port=ports[0], http_port=ports[1], data_dir=tmp_path / "other"
            ):
                pass
