"""Training of the text detector that dcmaudit carries: ``python -m training`` from the project's root."""
