"""How the house runs: recurring jobs, waiting work, health."""
