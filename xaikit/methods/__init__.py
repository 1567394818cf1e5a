"""The attribution methods, one file each; parts of long ones are in files of their own."""
