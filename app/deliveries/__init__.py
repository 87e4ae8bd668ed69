"""What goes out: mail handed to a provider, once."""
