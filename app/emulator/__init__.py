"""A look-alike of Resend for this machine: batches, keys, limits, errors, webhooks, and faults on demand.

`server` is the door, `desk` decides, `ledger` remembers. Nothing that sends mail imports it.
"""
