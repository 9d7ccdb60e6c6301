// Sixteen floats at a time: loads and stores of both dtypes, horizontal sums. Included once per instruction set.
#ifndef LL_VECTOR_TYPES
#define LL_VECTOR_TYPES
typedef float vf __attribute__((ext_vector_type(16)));
typedef int32_t vi __attribute__((ext_vector_type(16)));
typedef uint32_t vu __attribute__((ext_vector_type(16)));
typedef uint16_t vh __attribute__((ext_vector_type(16)));
typedef double vd __attribute__((ext_vector_type(16)));
#define vload K(vload_)
#define vstore K(vstore_)
#define get K(get_)
#define put K(put_)
#define vmax K(vmax_)
#define vmin K(vmin_)
#define vabs K(vabs_)
#define vcopysign K(vcopysign_)
#define hsum K(hsum_)
#define hmax K(hmax_)
#define hsum_double K(hsum_double_)
#define keep_first K(keep_first_)
#define vmax_nan K(vmax_nan_)
#define vmin_nan K(vmin_nan_)
#define any K(any_)
#define row_max K(row_max_)
#endif

INLINE vf vload(const float *p) {
    vf v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
INLINE void vstore(float *p, vf v) { __builtin_memcpy(p, &v, sizeof v); }

/// Elements i..<i+16 of x as floats; those at n and beyond are 0.
INLINE vf get(const void *x, int dtype, int64_t i, int64_t n) {
    int64_t left = n - i;
    if (dtype == LL_F32) {
        vf v = 0;
        if (__builtin_expect(left >= 16, 1)) __builtin_memcpy(&v, (const float *)x + i, sizeof v);
        else __builtin_memcpy(&v, (const float *)x + i, (size_t)left * 4);
        return v;
    }
    vh h = 0;
    if (__builtin_expect(left >= 16, 1)) __builtin_memcpy(&h, (const uint16_t *)x + i, sizeof h);
    else __builtin_memcpy(&h, (const uint16_t *)x + i, (size_t)left * 2);
    return (vf)(__builtin_convertvector(h, vu) << 16);
}
/// Stores elements i..<min(i + 16, n); bf16 rounds to nearest even and keeps NaN.
INLINE void put(void *y, int dtype, int64_t i, int64_t n, vf v) {
    int64_t left = n - i;
    if (dtype == LL_F32) {
        if (__builtin_expect(left >= 16, 1)) __builtin_memcpy((float *)y + i, &v, sizeof v);
        else __builtin_memcpy((float *)y + i, &v, (size_t)left * 4);
        return;
    }
    vu u = (vu)v, high = u >> 16;
    vu rounded = (u + 0x7fffu + (high & 1u)) >> 16;
    vh h = __builtin_convertvector((u & 0x7fffffffu) > 0x7f800000u ? high | 0x40u : rounded, vh);
    if (__builtin_expect(left >= 16, 1)) __builtin_memcpy((uint16_t *)y + i, &h, sizeof h);
    else __builtin_memcpy((uint16_t *)y + i, &h, (size_t)left * 2);
}

INLINE vf vmax(vf a, vf b) { return a > b ? a : b; }   // b where either is NaN, as one instruction
INLINE vf vmin(vf a, vf b) { return a < b ? a : b; }
INLINE vf vabs(vf a) { return (vf)((vu)a & 0x7fffffffu); }
INLINE vf vcopysign(vf a, vf sign) { return (vf)(((vu)a & 0x7fffffffu) | ((vu)sign & 0x80000000u)); }

/// v in the first `count` lanes, `other` in the rest.
INLINE vf keep_first(vf v, int64_t count, float other) {
    const vi lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    vf rest = other;
    return lane < (vi)(int32_t)(count < 16 ? count : 16) ? v : rest;
}

INLINE float hsum(vf v) {
    typedef float v8 __attribute__((ext_vector_type(8)));
    typedef float v4 __attribute__((ext_vector_type(4)));
    v8 a = v.lo + v.hi;
    v4 b = a.lo + a.hi;
    return (b[0] + b[2]) + (b[1] + b[3]);
}
INLINE double hsum_double(vf v) {
    double sum = 0;
    for (int i = 0; i < 16; i++) sum += v[i];
    return sum;
}
INLINE vf vmax_nan(vf a, vf b) { return ((a > b) | (a != a)) != 0 ? a : b; }   // a NaN on either side stays
INLINE vf vmin_nan(vf a, vf b) { return ((a < b) | (a != a)) != 0 ? a : b; }
INLINE float hmax(vf v) {
    vf a = vmax_nan(v, v.s89abcdef01234567);
    a = vmax_nan(a, a.s4567012389abcdef);
    a = vmax_nan(a, a.s2301674589abcdef);
    return a[0] > a[1] || a[0] != a[0] ? a[0] : a[1];
}
INLINE bool any(vi mask) { return __builtin_reduce_or(mask) != 0; }

/// The largest of n elements; a NaN is passed over.
INLINE float row_max(const void *x, int dtype, int64_t n) {
    vf a = -INFINITY, b = -INFINITY;
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        a = vmax(get(x, dtype, i, n), a);
        b = vmax(get(x, dtype, i + 16, n), b);
    }
    for (; i < n; i += 16) a = vmax(keep_first(get(x, dtype, i, n), n - i, -INFINITY), a);
    return hmax(vmax(a, b));
}
