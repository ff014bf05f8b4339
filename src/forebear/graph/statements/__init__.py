"""The statements that write the graph in bulk, change it and read it whole, and what a database must index for them."""
