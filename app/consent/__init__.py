"""What people allow: their statements, where they stand by them, and whom nothing may be sent to."""
