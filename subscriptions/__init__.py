"""Floor 2: who wants what, and its way into their inbox. The only importer of smtplib."""
