"""What came in, as it came: the body of each call, its outcome, what was refused."""
