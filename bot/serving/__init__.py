"""What `serve` runs: the composition root, where implementations are chosen and connected (with `bot.making`)."""
