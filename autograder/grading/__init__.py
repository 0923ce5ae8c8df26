"""A class of submissions: collected, run, judged, recorded and reported."""
