"""Why a template is refused: each message names the place and the repair."""

from domain.shared.errors import DomainError


class TemplateRefusedError(DomainError):
    """The HTML cannot be made safe, or is too large or too deep to be worth trying."""

    code = "template_refused"


class MergeTagSyntaxError(DomainError):
    """Something between `{{` and `}}` does not follow the grammar of merge tags."""

    code = "merge_tag_syntax"


class UnknownMergeTagError(DomainError):
    """A merge tag names no field of a contact and has no default of the template."""

    code = "unknown_merge_tag"


class UnsafeHeaderError(DomainError):
    """A header field would carry control characters, in the open or inside an encoded word."""

    code = "unsafe_header"
