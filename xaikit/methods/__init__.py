"""The attribution methods, one file each; long ones have their halves beside them."""
