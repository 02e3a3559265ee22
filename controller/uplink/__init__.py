"""What a gateway and the registry say to each other."""
