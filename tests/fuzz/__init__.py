"""`make fuzz`: the API asked everything that its own description allows, and much that it does not, by three sorts of reader."""
