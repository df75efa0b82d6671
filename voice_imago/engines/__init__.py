"""The only imports of foreign libraries: one file each, behind a Protocol of :mod:`voice_imago.ports`."""
