"""What machines ask: gateways, and programs that read the register."""
