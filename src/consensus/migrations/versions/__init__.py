"""One file a version of the tables, each with what it changes; what is written here stays as it is."""
