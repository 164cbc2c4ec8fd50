"""What the sentinel keeps up with, and how fast its trip lands, beside a Silverback bot and a polling loop."""
