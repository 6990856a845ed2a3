"""GET routes over read models only."""
