"""Long and rich texts: cut into parts that a platform takes, for every connector and for whoever answers at length."""
