"""Speed and size, printed as ratios: `make bench` runs all of them, ``python -m benchmarks NAME`` one."""
