"""Frames -> who spoke, from when to when, and when a turn is over. Pure: no I/O, no clock, no threads."""
