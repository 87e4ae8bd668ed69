"""What bin/* needs on one machine: set-up, PostgreSQL and Redis as children, a supervisor, the proof.

Nothing that runs on a server imports this package.
"""
