"""What the team set: zone, brand, senders, topics. Typed rows with a page each."""
