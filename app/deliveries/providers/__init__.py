"""Who carries mail away. A provider is one small file: what it is called, how much it takes at once, and `post`."""

from app.deliveries.providers.provider import Mail, Outcome, Provider

__all__ = ["Mail", "Outcome", "Provider"]
