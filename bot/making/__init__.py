"""What the settings alone choose, each part by itself: for the Desk, and for commands that need one of it."""
