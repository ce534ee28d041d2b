"""Bulletins 简报: notices picked by an association with its comment, published to the firms of its zone."""
