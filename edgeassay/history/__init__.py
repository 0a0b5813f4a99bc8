"""What saved runs show over time: trends and changes of the level."""
