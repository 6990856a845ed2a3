"""Making a designer's HTML safe to store, to show and to send."""
