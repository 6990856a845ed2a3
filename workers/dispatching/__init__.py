"""The stages of the dispatcher: claim, hand over, send, record."""
