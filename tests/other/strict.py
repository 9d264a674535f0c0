"""Section 6 of events/README.md: Ed25519 under the strict rule, in plain Python. Part of verify.py."""
import functools
import hashlib


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# ---- section 6: Ed25519, strictly -------------------------------------------------------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # a square root of -1
NEUTRAL = (0, 1, 1, 0)  # extended coordinates X, Y, Z, T: x = X/Z, y = Y/Z, xy = T/Z


def double(p):
    x, y, z, _ = p
    a, b, c = x * x % P, y * y % P, 2 * z * z % P
    e, g = (x + y) * (x + y) - a - b, b - a
    f, h = g - c, -a - b
    return e * f % P, g * h % P, f * g % P, e * h % P


def add(p, n):
    """p in extended coordinates plus n = (y + x, y - x, 2dxy)."""
    x, y, z, t = p
    a, b, c = (y - x) * n[1] % P, (y + x) * n[0] % P, t * n[2] % P
    e, f, g, h = b - a, 2 * z - c, 2 * z + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def affine(points):
    """(x, y) of each, with a single inversion."""
    run = [1]
    for p in points:
        run.append(run[-1] * p[2] % P)
    inverse, out = pow(run[-1], -1, P), []
    for p, before in zip(reversed(points), reversed(run[:-1])):
        i = inverse * before % P
        out.append((p[0] * i % P, p[1] * i % P))
        inverse = inverse * p[2] % P
    return out[::-1]


def niels(x, y):
    return (y + x) % P, (y - x) % P, 2 * D * x * y % P


class Table:
    """All digits of base 2**width of a scalar, times a point."""

    def __init__(self, x, y, width=4):
        self.width, p, bases = width, (x, y, 1, x * y % P), []
        for _ in range(-(-253 // width)):
            bases.append(p)
            for _ in range(width):
                p = double(p)
        points = []
        for base, n in zip(bases, [niels(*a) for a in affine(bases)]):
            p = base
            for _ in range(1, 1 << width):
                points.append(p)
                p = add(p, n)
        flat, step = [niels(*a) for a in affine(points)], (1 << width) - 1
        self.rows = [flat[i:i + step] for i in range(0, len(flat), step)]

    def times(self, scalar, start=NEUTRAL):
        """start + scalar * point, for 0 <= scalar <= L."""
        mask, width, p = (1 << self.width) - 1, self.width, start
        for row in self.rows:
            digit = scalar & mask
            if digit:
                p = add(p, row[digit - 1])
            scalar >>= width
        return p


def decode(data):
    """(x, y) of 32 bytes that encode a point canonically, else None."""
    n = int.from_bytes(data, "little")
    y, sign = n & (1 << 255) - 1, n >> 255
    if len(data) != 32 or y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    if (v * x * x + u) % P == 0:
        x = x * ROOT % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y


def encode(p):
    (x, y), = affine([p])
    return (y | (x & 1) << 255).to_bytes(32, "little")


def is_neutral(p):
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


def small_order(p):
    return is_neutral(double(double(double(p))))


@functools.lru_cache(maxsize=64)
def key_table(public):
    """The table of an accepted public key, else None."""
    point = decode(public)
    if point is None or small_order((*point, 1, point[0] * point[1] % P)):
        return None
    table = Table(*point)
    return table if is_neutral(table.times(L)) else None


BASE = Table(*decode((4 * pow(5, -1, P) % P).to_bytes(32, "little")), width=6)


def ed25519(public, message, signature):
    table, r, s = key_table(public), signature[:32], int.from_bytes(signature[32:], "little")
    if table is None or len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    point = BASE.times(s, table.times((L - k) % L))  # [S]B - [k]A; [L]A = 0 is known
    return encode(point) == r and not small_order(point)  # an encoding of ours is canonical, so R is too
