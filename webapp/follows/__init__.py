"""Following notices for their deadlines, and the calendar of what a person follows."""
