"""Mail over SMTP: a pipelining sender with one honest outcome for each message."""
