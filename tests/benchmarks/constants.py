"""Numbers that the functions and the kernels by hand share."""

KAPPA = 0.5  # of the phase field
DEPTH, ALPHA, DISTANCE = 1.3, 1.7, 1.1  # of Morse's potential
SCREENING = 0.4  # of the charges
FREEDOM = 4.0  # of Student's distribution
RIDGE = 0.1  # of the logistic regression
GAMMA, M = 1.0, 1.0  # of Wishart's prior
STEPS, HALF, FULL, SOFT = 40, 0.005, 0.01, 0.01  # of leapfrog
TOKENS, LAYERS = 16, 2  # of the recurrent network
TICK = 1e-4  # of Runge-Kutta's steps
