"""How answers are fetched: gateway, robots.txt, redirects, retries, validators, captures."""
