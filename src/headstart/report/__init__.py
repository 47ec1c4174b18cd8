"""Documents drawn as pages of one file each: a report never computes, and loads nothing from anywhere."""
