"""What stands beside the student's code and uses it: `respond` answers questions, the other modules are its probes.

This folder is shown alone, and under another name, to the process that runs a submission. So its modules import NumPy
and the standard library, one another relatively, and nothing else of the project; torch and Keras are imported inside
the functions that need them.
"""
