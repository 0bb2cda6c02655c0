"""Pictures for reporting only: other faces, renderers, layouts and grounds than the network ever learns from."""
