"""Names that several parts agree on."""

OPEN_PERSONAL = "personal:open"  # the permission that opens personal fields
