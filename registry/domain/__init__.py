"""What the registry is about: plain facts and pure rules."""
