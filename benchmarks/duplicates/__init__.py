"""How good the machine's proposals are, and how few decisions people need from there."""
