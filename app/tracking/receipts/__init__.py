"""What providers tell of a mail after they took it, and what follows: its fate, and whom nobody may write to."""
