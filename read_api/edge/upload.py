"""An uploaded file: the body itself, or a part of a form; on disk beyond 1 MB, never in memory."""

import hashlib
from collections.abc import AsyncGenerator
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, BinaryIO, cast

import msgspec
from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from commands.http.ports import Upload
from infra.postgres.request_keys import Claim
from read_api.edge.body_guard import CSV, check_text
from read_api.edge.refusals import RefusalError, wrong_field
from read_api.edge.request_marks import SPOOLED, note, noted

IN_MEMORY_BYTES = 1024 * 1024
FILE_FIELD = "file"
MAPPING_FIELD = "mapping"
MAX_MAPPED = 200
AnyRequest = Request[Any, Any, Any]  # the vendor's three free parameters

Mapping = Annotated[
    str | None,
    QueryParameter(
        name=MAPPING_FIELD,
        max_length=20_000,
        description="JSON object: contact field -> column header; may be a field of the form too.",
    ),
]


async def provide_upload(
    request: AnyRequest,
    claim: NamedDependency[SkipValidation[Claim]],  # noqa: ARG001 - the key is checked first
    mapping: Mapping = None,  # noqa: ARG001 - documented here, read with the body
) -> AsyncGenerator[Upload, None]:
    """Hand the file to the route and close it afterwards."""
    upload = await spooled_upload(request)
    try:
        yield upload
    finally:
        upload.file.close()


async def spooled_upload(request: AnyRequest) -> Upload:
    """Take the body in, once a request. Raises RefusalError for what cannot be used."""
    known = noted(request, SPOOLED, Upload)
    if known is not None:
        return known
    text = request.query_params.get(MAPPING_FIELD)
    if request.content_type[0] == CSV:
        file = await _spool(request)
    else:
        file, in_form = await _from_form(request)
        text = text or in_form
    try:
        digest, size = await sync_to_thread(_digest, file)
        upload = Upload(file, digest, size, _mapping(text))
    except BaseException:
        file.close()
        raise
    note(request, SPOOLED, upload)
    return upload


def discard_upload(request: AnyRequest) -> None:
    """Close the file of a request that is refused before its route could take it."""
    upload = noted(request, SPOOLED, Upload)
    if upload is not None:
        upload.file.close()


async def _spool(request: AnyRequest) -> BinaryIO:
    file = cast("BinaryIO", SpooledTemporaryFile(max_size=IN_MEMORY_BYTES))  # noqa: SIM115 - closed by the provider
    try:
        async for chunk in request.stream():
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    return file


async def _from_form(request: AnyRequest) -> tuple[BinaryIO, str | None]:
    try:
        form = await request.form()
    except (UnicodeDecodeError, LookupError):
        raise RefusalError("invalid_request", "a field of the form is not readable text") from None
    unknown = sorted(set(form) - {FILE_FIELD, MAPPING_FIELD})
    if unknown:
        raise wrong_field(unknown[0][:100], code="unknown_field", detail="no such form field")
    upload, mapping = form.get(FILE_FIELD), form.get(MAPPING_FIELD)
    if not isinstance(upload, UploadFile):
        raise wrong_field(FILE_FIELD, code="missing_field", detail="send one file in this field")
    if mapping is not None and not isinstance(mapping, str):
        raise wrong_field(MAPPING_FIELD, code="invalid", detail="send the mapping as text")
    return cast("BinaryIO", upload.file), mapping


def _digest(file: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(IN_MEMORY_BYTES):
        digest.update(chunk)
        size += len(chunk)
    file.seek(0)
    return digest.hexdigest(), size


def _mapping(text: str | None) -> dict[str, str]:
    if not text:
        return {}
    try:
        mapping = msgspec.json.decode(text.encode("utf-8", "surrogatepass"), type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise wrong_field(
            MAPPING_FIELD, code="invalid", detail=f"not a JSON object of strings: {error}"
        ) from None
    if len(mapping) > MAX_MAPPED:
        raise wrong_field(
            MAPPING_FIELD, code="invalid", detail=f"maps more than {MAX_MAPPED} fields"
        )
    check_text(mapping)
    return mapping
