"""What the operator looks at first."""
