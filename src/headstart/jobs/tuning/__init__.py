"""What it takes to search for settings: what is searched, where it is kept, how a trial is judged, when it ends."""
