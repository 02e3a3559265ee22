"""What an installation is: gateway.toml, its keys and what is wrong with them."""
