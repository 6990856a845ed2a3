"""Adapters: the only package that knows vendors."""
