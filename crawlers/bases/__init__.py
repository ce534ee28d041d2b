"""One base for each way in which several publishers publish alike."""
