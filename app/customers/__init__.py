"""Who they are: customers, their attributes and the history of these."""
