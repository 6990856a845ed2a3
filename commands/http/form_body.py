"""How the body of the unsubscribe route is documented: RFC 8058, or the page's form."""

from dataclasses import dataclass

from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)

FORM_LIMIT_BYTES = 8 * 1024


@dataclass
class FormOperation(Operation):
    """An operation that takes a small form."""

    def __post_init__(self) -> None:
        """Say what may be sent."""
        form = OpenAPIMediaType(
            schema=Schema(
                type=OpenAPIType.OBJECT,
                properties={
                    "List-Unsubscribe": Schema(type=OpenAPIType.STRING, enum=["One-Click"]),
                    "unsubscribe": Schema(type=OpenAPIType.STRING, enum=["yes"]),
                },
                description="One of the two.",
            )
        )
        self.request_body = RequestBody(
            required=True,
            content={"application/x-www-form-urlencoded": form, "multipart/form-data": form},
        )
