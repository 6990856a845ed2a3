"""Exports of the log for auditors: directories of JSON lines with what proves them (ADR 0014)."""
