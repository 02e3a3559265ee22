"""The edge daemon: lines of controllers on one side, the registry on the other."""
