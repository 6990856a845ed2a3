"""How the body of an upload is documented: raw CSV, or a form with a file."""

from dataclasses import dataclass

from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)

UPLOAD_LIMIT_BYTES = 101 * 1024 * 1024  # the file's own 100 MiB, and what a form puts around it
_FILE = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
_MAPPING = Schema(
    type=OpenAPIType.STRING,
    description="JSON object: contact field -> column header. Empty: guessed from the headers.",
)


@dataclass
class UploadOperation(Operation):
    """An operation whose body the route reads itself."""

    def __post_init__(self) -> None:
        """Say what may be sent."""
        form = Schema(
            type=OpenAPIType.OBJECT,
            properties={"file": _FILE, "mapping": _MAPPING},
            required=["file"],
        )
        self.request_body = RequestBody(
            required=True,
            content={
                "text/csv": OpenAPIMediaType(schema=_FILE),
                "multipart/form-data": OpenAPIMediaType(schema=form),
            },
        )
