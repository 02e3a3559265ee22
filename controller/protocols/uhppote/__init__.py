"""The UHPPOTE (微耕) short protocol: 64-byte messages, for both sides of the wire."""
