"""The language that gateway, registry and simulator speak: pure, without I/O."""
