"""The hosted pages, plain HTML that works without JavaScript."""

from digis.sandbox.stripe.pages.router import answer

__all__ = ["answer"]
