"""Decides for doors whose hardware does not: permits first, then the door's rules."""
