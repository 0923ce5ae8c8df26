"""What is asked of each exercise, and how an answer is judged."""
