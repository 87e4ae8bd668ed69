"""What came back: opens and clicks with a verdict whether a person made them, and what mails led to."""
