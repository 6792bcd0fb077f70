"""The web app: what people see in a browser."""
