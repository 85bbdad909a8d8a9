"""Studies that use jitad as anyone would: potentials, relaxation, the Lennard-Jones clusters."""
