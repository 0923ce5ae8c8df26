"""What runs on the submission's side: it imports the standard library, NumPy, IPython and nothing of the project.

This folder alone is visible to a submission, under the name `inside`.
"""
