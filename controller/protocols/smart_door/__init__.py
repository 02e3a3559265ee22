"""Smart doors over MQTT 3.1.1: the gateway's side and the door's own side."""
