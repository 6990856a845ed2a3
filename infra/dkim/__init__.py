"""DKIM signatures (RFC 6376, 8301, 8463) over messages that are ready for the wire."""
