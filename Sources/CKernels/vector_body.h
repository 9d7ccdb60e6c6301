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
#define part_load K(part_load_)
#define part_load_half K(part_load_half_)
#define part_store K(part_store_)
#define part_store_half K(part_store_half_)
#define rounded K(rounded_)
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
// Lanes of `left` elements. A copy of so many bytes would be a call, around which a loop keeps nothing in registers.
#define LL_FIRST(left) ((__mmask16)((1u << (left)) - 1))
#endif

INLINE vf vload(const float *p) {
    vf v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
INLINE void vstore(float *p, vf v) { __builtin_memcpy(p, &v, sizeof v); }

/// The first `left` of 16 elements of 4 (2) bytes, the rest 0.
INLINE vf part_load(const float *x, int64_t left) {
#if LL_REGISTERS >= 32
    return (vf)_mm512_maskz_loadu_ps(LL_FIRST(left), x);
#else
    vf v = 0;
    __builtin_memcpy(&v, x, (size_t)left * 4);
    return v;
#endif
}
INLINE vh part_load_half(const uint16_t *x, int64_t left) {
#if LL_REGISTERS >= 32
    return (vh)_mm256_maskz_loadu_epi16(LL_FIRST(left), x);
#else
    vh h = 0;
    __builtin_memcpy(&h, x, (size_t)left * 2);
    return h;
#endif
}
INLINE void part_store(float *y, int64_t left, vf v) {
#if LL_REGISTERS >= 32
    _mm512_mask_storeu_ps(y, LL_FIRST(left), (__m512)v);
#else
    __builtin_memcpy(y, &v, (size_t)left * 4);
#endif
}
INLINE void part_store_half(uint16_t *y, int64_t left, vh h) {
#if LL_REGISTERS >= 32
    _mm256_mask_storeu_epi16(y, LL_FIRST(left), (__m256i)h);
#else
    __builtin_memcpy(y, &h, (size_t)left * 2);
#endif
}

/// Elements i..<i+16 of x as floats; those at n and beyond are 0.
INLINE vf get(const void *x, int dtype, int64_t i, int64_t n) {
    int64_t left = n - i;
    if (dtype == LL_F32) {
        const float *p = (const float *)x + i;
        return __builtin_expect(left >= 16, 1) ? vload(p) : part_load(p, left);
    }
    const uint16_t *p = (const uint16_t *)x + i;
    vh h;
    if (__builtin_expect(left >= 16, 1)) __builtin_memcpy(&h, p, sizeof h);
    else h = part_load_half(p, left);
    return (vf)(__builtin_convertvector(h, vu) << 16);
}
/// To bf16, to nearest even; a NaN stays one.
INLINE vh rounded(vf v) {
#if LL_PAIRS
    // The instruction takes numbers below the normal range for 0; they go the long way.
    if (__builtin_expect(_mm512_fpclass_ps_mask((__m512)v, 0x20) == 0, 1)) return (vh)_mm512_cvtneps_pbh((__m512)v);
#endif
    vu u = (vu)v, high = u >> 16;
    vu near = (u + 0x7fffu + (high & 1u)) >> 16;
    return __builtin_convertvector((u & 0x7fffffffu) > 0x7f800000u ? high | 0x40u : near, vh);
}
/// Stores elements i..<min(i + 16, n).
INLINE void put(void *y, int dtype, int64_t i, int64_t n, vf v) {
    int64_t left = n - i;
    if (dtype == LL_F32) {
        float *p = (float *)y + i;
        if (__builtin_expect(left >= 16, 1)) vstore(p, v);
        else part_store(p, left, v);
        return;
    }
    uint16_t *p = (uint16_t *)y + i;
    const vh h = rounded(v);
    if (__builtin_expect(left >= 16, 1)) __builtin_memcpy(p, &h, sizeof h);
    else part_store_half(p, left, h);
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
