"""How a run is told: as it goes on, and in the morning after."""
