"""One source a file, found by the spider loader: <market>_<publisher>_<subject>.py."""
