"""What of NumPy is refused, with an expression that raises, and what is not about arrays of numbers."""

REFUSED: dict[str, str] = {
    # results whose length depends on values
    "nonzero": "np.nonzero(x)", "argwhere": "np.argwhere(x)", "flatnonzero": "np.flatnonzero(x)",
    "trim_zeros": "np.trim_zeros(x)", "unique": "np.unique(x)", "unique_all": "np.unique_all(x)",
    "unique_counts": "np.unique_counts(x)",
    "unique_inverse": "np.unique_inverse(x)", "unique_values": "np.unique_values(x)", "union1d": "np.union1d(x, y)",
    "intersect1d": "np.intersect1d(x, y)", "setdiff1d": "np.setdiff1d(x, y)", "setxor1d": "np.setxor1d(x, y)",
    # decisions by values, or no derivative
    "lexsort": "np.lexsort((x, y))", "nextafter": "np.nextafter(x, y)", "spacing": "np.spacing(x)", "frexp": "np.frexp(x)",
    "polydiv": "np.polydiv(x, y[:3])", "roots": "np.roots(x)", "histogram2d": "np.histogram2d(x, y)",
    "histogramdd": "np.histogramdd(m)",
    "linalg.eig": "np.linalg.eig(s)", "linalg.eigvals": "np.linalg.eigvals(s)", "linalg.qr": "np.linalg.qr(m)",
    "asarray_chkfinite": "np.asarray_chkfinite(x)",
    # complex numbers
    "sort_complex": "np.sort_complex(x)", "fft.fft": "np.fft.fft(x)", "fft.rfft": "np.fft.rfft(x)", "fft.fftn": "np.fft.fftn(m)",
    # bits of integers
    "gcd": "np.gcd(np.argsort(x), 2)", "lcm": "np.lcm(np.argsort(x), 2)", "left_shift": "np.left_shift(np.argsort(x), 2)",
    "bitwise_left_shift": "np.bitwise_left_shift(np.argsort(x), 2)", "right_shift": "np.right_shift(np.argsort(x), 2)",
    "bitwise_right_shift": "np.bitwise_right_shift(np.argsort(x), 2)", "bitwise_count": "np.bitwise_count(np.argsort(x))",
    "packbits": "np.packbits(x > 0.5)", "unpackbits": "np.unpackbits((x > 0.5).astype(np.uint8))",
    # other
    "frompyfunc": "np.frompyfunc(lambda t: t * t, 1, 1)(x)",
    "shares_memory": "np.shares_memory(x, y)", "may_share_memory": "np.may_share_memory(x, y)",
    # methods of ufuncs
    "subtract.reduce": "np.subtract.reduce(x)", "hypot.reduce": "np.hypot.reduce(x)",
    "add.reduceat": "np.add.reduceat(x, [0, 2])", "subtract.accumulate": "np.subtract.accumulate(x)",
    "multiply.at": "np.multiply.at(x * 1, 0, 2.0)",
}

SPECIAL: dict[str, str] = {
    f"special.{name}": f"special.{name}({arguments})" for arguments, names in {
        "x": "rgamma k0 k1 ellipk fresnel", "x, y": "poch gammainc kv binom",
        "x, y, y": "betainc"}.items() for name in names.split()}

METHODS = "nonzero item tolist"  # of arrays; those below are no attributes of traced arrays at all
NO_ATTRIBUTES = "base byteswap ctypes data device dump dumps getfield resize setfield setflags strides to_device tobytes tofile"

NOT_NUMBERS: dict[str, str] = {
    "Files and buffers": "load save savez savez_compressed loadtxt savetxt genfromtxt fromfile "
                         "frombuffer fromregex fromstring from_dlpack",
    "Printing": "array2string array_repr array_str set_printoptions get_printoptions printoptions "
                "format_float_positional format_float_scientific binary_repr base_repr info typename",
    "Dtypes": "can_cast promote_types min_scalar_type common_type issubdtype isdtype mintypecode iscomplexobj isrealobj isscalar "
              "iterable isfortran",
    "Dates": "busday_count busday_offset is_busday datetime_as_string datetime_data isnat",
    "Settings": "seterr geterr seterrcall geterrcall setbufsize getbufsize get_include show_config show_runtime test",
    "Matrices": "asmatrix bmat",
    "Iterators": "nested_iters",
    "Orders of contraction": "einsum_path",
}
