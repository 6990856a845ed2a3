"""Ask the mail catcher to forget messages, by their ids: no address is needed for it."""

from collections.abc import Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from uuid import UUID

TIMEOUT_S = 10.0
AT_ONCE = 50  # ids in one request


def forget_mail(http_port: int, messages: Sequence[UUID]) -> None:
    """Let these messages be deleted. Raises OSError when the catcher cannot do it now."""
    connection = HTTPConnection("127.0.0.1", http_port, timeout=TIMEOUT_S)
    try:
        for at in range(0, len(messages), AT_ONCE):
            ids = ",".join(message.hex for message in messages[at : at + AT_ONCE])
            connection.request("DELETE", f"/api/messages?ids={ids}")
            answer = connection.getresponse()
            answer.read()
            if answer.status != HTTPStatus.NO_CONTENT:
                raise OSError(f"the mail catcher answered {answer.status}")
    except HTTPException as error:
        raise OSError(f"the mail catcher does not answer: {error!r}") from error
    finally:
        connection.close()
