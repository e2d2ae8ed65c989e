"""The gate: who is asking? Every credential is checked here, and nowhere else."""
