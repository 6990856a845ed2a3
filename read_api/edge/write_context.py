"""The context of a write: who, when, which command; an Idempotency-Key makes it the same one."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, SkipValidation

from commands.http.client import truncated_ip
from domain.shared.context import Context
from domain.shared.platform import PLATFORM
from infra.postgres.request_keys import Claim, RequestKeys
from read_api.edge.refusals import RefusalError
from read_api.edge.request_marks import (
    CALLER,
    Caller,
    caller_of,
    noted,
    operation_of,
    request_id_of,
    scope_of,
    workspace_of,
)
from read_api.edge.upload import discard_upload, spooled_upload

SENDS = "campaigns:send"
STRANGER = "stranger"
"""The actor of what somebody does who is not signed in: registers, asks for a reset."""
AnyRequest = Request[Any, Any, Any]  # the vendor's three free parameters

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        min_length=1,
        max_length=256,
        description="The same key with the same request is done once and answered alike; with "
        "another request it is refused: 409 idempotency_key_reused.",
    ),
]


class WriteContext:
    """Provides `claim`, and from it `context`, `account_context` and `new_id`."""

    def __init__(
        self,
        keys: RequestKeys,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
        has_sandbox: bool,
    ) -> None:
        self._keys = keys
        self._now = now
        self._new_id = new_id
        self._has_sandbox = has_sandbox

    async def claim(self, request: AnyRequest, idempotency_key: IdempotencyKey = None) -> Claim:
        """Return new ids, or those that the key got when it came first."""
        proposed = Claim(self._new_id(), self._new_id())
        if idempotency_key is None or noted(request, CALLER, Caller) is None:
            return proposed  # strangers have no keys of their own
        request_sha256 = await request_digest(request)
        try:
            return await sync_to_thread(
                self._keys.claim,
                scope_of(request),
                idempotency_key,
                request_sha256=request_sha256,
                proposed=proposed,
            )
        except BaseException:
            discard_upload(request)
            raise

    async def context(
        self, request: AnyRequest, claim: NamedDependency[SkipValidation[Claim]]
    ) -> Context:
        """Return the context of a command in the caller's workspace.

        Raises RefusalError sandbox_missing when a test key would send and there is no sandbox.
        """
        sends = request.route_handler.opt.get("permission") == SENDS
        if sends and caller_of(request).sandbox and not self._has_sandbox:
            raise RefusalError(
                "sandbox_missing",
                "what a test key sends goes to the sandbox, but this installation has none: "
                "set ENGINE_SANDBOX_SMTP_HOST, or use a live key",
            )
        return self._context(request, claim, workspace_of(request))

    async def account_context(
        self, request: AnyRequest, claim: NamedDependency[SkipValidation[Claim]]
    ) -> Context:
        """Return the context of a command about accounts, also for somebody not signed in."""
        return self._context(request, claim, PLATFORM)

    def _context(self, request: AnyRequest, claim: Claim, workspace_id: UUID) -> Context:
        caller = noted(request, CALLER, Caller)
        return Context(
            workspace_id=workspace_id,
            actor=caller.actor if caller else STRANGER,
            now=self._now(),
            command_id=claim.command_id,
            correlation_id=request_id_of(request),
            ip=truncated_ip(request.client.host if request.client else None),
            command=operation_of(request.route_handler),
            sandbox=caller.sandbox if caller else False,
        )

    async def new_id(self, claim: NamedDependency[SkipValidation[Claim]]) -> UUID:
        """Return the id of what the command creates."""
        return claim.object_id


async def request_digest(request: AnyRequest) -> bytes:
    """Return the SHA-256 of method, path, query and body; of an upload it is the file's."""
    if request.route_handler.opt.get("body") == "upload":
        upload = await spooled_upload(request)
        body = repr((upload.sha256, sorted(upload.mapping.items()))).encode()
    else:
        body = await request.body()
    head = "\x00".join((request.method, request.url.path, str(request.url.query)))
    return hashlib.sha256(head.encode() + b"\x00" + hashlib.sha256(body).digest()).digest()
