"""The admin listener: IT's own pages and the metrics, away from the public one (U4)."""
