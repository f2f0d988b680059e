"""What pages say, and the one place where numbers become text."""
