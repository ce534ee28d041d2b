"""``python -m zonewatch``: how processes of the product start one another."""

from zonewatch.cli import main

main()
