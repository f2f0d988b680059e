"""What each page shows, from the experiment and what is computed."""
