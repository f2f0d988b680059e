"""What is computed while the page goes on."""
