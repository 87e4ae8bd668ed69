"""Launches of products: who has an interest in one gets one mail about it, and what was made for that is gone after."""
