"""An offline voice guide for couples."""

__version__ = "0.1.0"
