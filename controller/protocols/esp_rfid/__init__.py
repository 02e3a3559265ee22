"""esp-rfid version 2 over MQTT: readers with a relay that decide by themselves."""
