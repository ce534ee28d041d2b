"""Sources with their health; the operator steers them here."""
