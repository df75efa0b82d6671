"""Whole dialogues are led here without sound; see ``kept_room``."""

from tests.dialogue.conftest import shared_replies

__all__ = ["shared_replies"]
