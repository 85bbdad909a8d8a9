"""Rotations, cameras, curves and surfaces."""

import numpy as np

from tests.zoo.case import Case

rng = np.random.default_rng(7)
object_points = rng.normal(size=(6, 3)) + [0.0, 0.0, 5.0]
observations = rng.normal(size=(2, 6, 2))
cloud = rng.normal(size=(8, 3))
moved = cloud @ np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]).T + 0.05 * rng.normal(size=(8, 3))
circle = np.c_[np.cos(np.arange(7.0)), np.sin(np.arange(7.0))] * 2 + 0.1 * rng.normal(size=(7, 2))
faces = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]])


def skew(w):
    x, y, z = w
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])


def rodrigues(w):
    theta = np.linalg.norm(w)
    K = skew(w / theta)
    return np.eye(3) + np.sin(theta) * K + (1 - np.cos(theta)) * K @ K


def bundle_adjustment(cameras, points):
    """Reprojection residuals; a camera is (rotation vector, translation, focal length, two distortions)."""
    residuals = []
    for camera, observed in zip(cameras, observations):
        R, t, (f, k1, k2) = rodrigues(camera[:3]), camera[3:6], camera[6:]
        p = points @ R.T + t
        p = -p[:, :2] / p[:, 2:]
        r2 = np.sum(p**2, axis=1)
        residuals.append(f * (1 + k1 * r2 + k2 * r2**2)[:, None] * p - observed)
    return np.array(residuals).ravel()


def rotate_by_rodrigues(points, w):
    """Rotation of many points without a matrix."""
    theta = np.linalg.norm(w)
    with np.errstate(invalid="ignore"):
        v = np.nan_to_num(w / theta)
    dot = np.sum(points * v, axis=1, keepdims=True)
    return np.cos(theta) * points + np.sin(theta) * np.cross(v, points) + dot * (1 - np.cos(theta)) * v


def registration(w, t):
    return (rotate_by_rodrigues(cloud, w) + t - moved).ravel()


def quaternion_to_matrix(q):
    w, x, y, z = q / np.sqrt(np.dot(q, q))
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])


def quaternion_alignment(q):
    return np.sum((cloud @ quaternion_to_matrix(q).T - moved) ** 2)


def kabsch_rmsd(x):
    """Root mean square distance after the best rotation, from singular values."""
    x = x - x.mean(axis=0)
    y = moved - moved.mean(axis=0)
    U, s, Vt = np.linalg.svd(x.T @ y)
    sign = np.sign(np.linalg.det(U @ Vt))
    best = s[0] + s[1] + sign * s[2]
    return np.sqrt((np.sum(x**2) + np.sum(y**2) - 2 * best) / len(x))


def euler_pose(pose):
    """Yaw, pitch, roll by matrix products; point to plane."""
    (a, b, c), t = pose[:3], pose[3:]
    Rz = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    Ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    Rx = np.array([[1, 0, 0], [0, np.cos(c), -np.sin(c)], [0, np.sin(c), np.cos(c)]])
    R = np.linalg.multi_dot([Rz, Ry, Rx])
    normals = moved / np.linalg.norm(moved, axis=1)[:, None]
    return np.einsum("ni,ni->n", cloud @ R.T + t - moved, normals)


def circle_fit(p):
    """Geometric distances."""
    center, radius = p[:2], p[2]
    return np.linalg.norm(circle - center, axis=1) - radius


def polygon_energy(x):
    """Perimeter, with the area held by a penalty (shoelace formula)."""
    nxt = np.roll(x, -1, axis=0)
    area = 0.5 * np.abs(np.sum(x[:, 0] * nxt[:, 1] - nxt[:, 0] * x[:, 1]))
    return np.sum(np.hypot(*(nxt - x).T)) + 10 * (area - 3.0) ** 2


def surface_area(vertices):
    """Of a triangle mesh, and the enclosed volume as a penalty."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
    return 0.5 * np.linalg.norm(normal, axis=1).sum() + (volume - 0.3) ** 2


def minimal_surface(z):
    """Graph over a grid with its boundary given: mean area of the two triangulations of the cells."""
    full = np.pad(z, 1, mode="constant")
    full[0, :] = np.linspace(0, 1, full.shape[1])
    h = 0.25
    dx, dy = np.diff(full, axis=0) / h, np.diff(full, axis=1) / h
    return h**2 * sum(0.5 * np.sum(np.sqrt(1 + a**2 + b**2)) for a, b in [(dx[:, :-1], dy[:-1]), (dx[:, 1:], dy[1:])])


def elastica(angles):
    """Bending of an inextensible rod, its end tied to a point."""
    ends = np.cumsum(np.column_stack((np.cos(angles), np.sin(angles))), axis=0)
    return np.sum(np.diff(angles) ** 2) / 2 + 5 * np.sum((ends[-1] - np.array([4.0, 1.0])) ** 2)


def sphere_charges(angles):
    """Thomson's problem in spherical coordinates."""
    theta, phi = np.split(angles, 2)
    x = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)]).T
    return sum(1 / np.linalg.norm(x[i] - x[j]) for i in range(len(x)) for j in range(i))


def inverse_kinematics(joints, target=(1.2, 0.7)):
    """Planar arm of four links by homogeneous transforms."""
    T = np.eye(3)
    for q, length in zip(joints, [1.0, 0.8, 0.5, 0.3]):
        c, s = np.cos(q), np.sin(q)
        T = T @ np.array([[c, -s, length * c], [s, c, length * s], [0.0, 0.0, 1.0]])
    return np.append(T[:2, 2] - target, 0.01 * joints)


cameras = np.array([[0.1, 0.2, -0.1, 0.1, 0.0, 0.3, 1.5, 0.01, 0.001], [-0.2, 0.1, 0.3, 0.0, 0.2, 0.1, 1.4, -0.02, 0.002]])

CASES = [
    Case(bundle_adjustment, cameras, object_points),
    Case(registration, np.array([0.1, -0.2, 0.6]), np.array([0.1, 0.0, -0.1]), reference="differences"),
    Case(quaternion_alignment, np.array([0.9, 0.1, 0.05, 0.3])),
    Case(kabsch_rmsd, cloud, reference="differences", all="np.linalg.svd is not supported"),
    Case(euler_pose, np.array([0.5, 0.1, -0.1, 0.1, 0.2, 0.0]), reference="jax"),
    Case(circle_fit, np.array([0.1, -0.1, 1.8])),
    Case(polygon_energy, circle),
    Case(surface_area, np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.1], [0.1, 1.0, 0.0], [0.2, 0.1, 0.9]])),
    Case(minimal_surface, 0.2 * rng.normal(size=(3, 4)), reference="differences"),
    Case(elastica, 0.3 * rng.normal(size=6)),
    Case(sphere_charges, rng.uniform(0.3, 2.5, 10)),
    Case(inverse_kinematics, np.array([0.3, 0.4, -0.2, 0.1])),
]
