"""The command line: each command turns settings into one library call and prints what it returns."""
