"""The street's registry: houses, tenancies, cards, permits and passages."""
