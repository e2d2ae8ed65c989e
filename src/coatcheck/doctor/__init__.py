"""The doctor: what is wrong with a deployment, seen from within and from outside, each finding with its fix."""
