"""PostgreSQL and NATS as child processes of this machine, so that one command starts everything."""
