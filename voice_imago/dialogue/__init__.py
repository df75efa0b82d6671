"""What the guide does next. Pure: facts in, effects out."""
