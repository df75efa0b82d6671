"""Runs a session for real: devices, workers, files and the only wall clock."""
