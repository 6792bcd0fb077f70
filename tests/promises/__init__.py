"""One file a promise that is made to those who take part; docs/security.md lists them with their limits."""
