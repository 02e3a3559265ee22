"""What a board answers to each request, one module a family of messages."""
