"""The fields of a small form."""

from typing import Any

from litestar import Request

from read_api.edge.refusals import RefusalError

AnyRequest = Request[Any, Any, Any]  # the vendor's three free parameters


async def provide_form(request: AnyRequest) -> dict[str, str]:
    """Return the text fields; files and repeated fields are left out."""
    try:
        form = await request.form()
    except (UnicodeDecodeError, LookupError):
        raise RefusalError("invalid_request", "a field of the form is not readable text") from None
    return {name: value for name, value in form.items() if isinstance(value, str)}
