"""What Coatcheck costs, as ratios: each line measures two things in turns in one run, and compares their medians."""
