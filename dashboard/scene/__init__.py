"""What is on screen: the experiment, its data and its inverse problem."""
