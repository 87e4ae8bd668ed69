"""What other systems want to hear of: each fact is a row for each that asked, called until somebody answers."""
