"""Work on what somebody wrote, apart from us: in a child with limits, so that the worst that comes is a sentence."""

from app.content.apart.asking import Stopped, call, here

__all__ = ["Stopped", "call", "here"]
