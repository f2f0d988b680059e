"""One file a page, and the frame that all pages share."""
