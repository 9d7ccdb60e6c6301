// Functions exact enough to be rounded to bf16, on processors with instructions for it.
#ifndef LL_COARSE_NAMES
#define LL_COARSE_NAMES
#define power_of_two K(power_of_two_)
#define coarse_sigmoid K(coarse_sigmoid_)
#define LL_LOG2_E 1.44269504f
#endif

/// 2^x within 3e-6 of it, a thousandth of what is lost when it is rounded to bf16; -infinity gives 0.
INLINE vf power_of_two(vf x) {
    vf r = (vf)_mm512_reduce_ps((__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);   // x less its floor
    vf p = r * 0.0134266857f + 0.0522424728f;
    p = p * r + 0.241280213f;
    p = p * r + 0.693044841f;
    p = p * r + 1.0f;
    return (vf)_mm512_scalef_ps((__m512)p, (__m512)x);
}

/// 1 / (1 + 2^t) within 4e-6 of it, and what is missing to 1 as exactly; 0 and 0 for t from 125 on, where reciprocals leave the
/// normal range. A NaN stays.
INLINE vf coarse_sigmoid(vf t, vf *rest) {
    const vf high = 125.0f, zero = 0.0f, e = power_of_two(vmin(high, t)), d = 1.0f + e, s = (vf)_mm512_rcp14_ps((__m512)d);
    const vf better = t >= high ? zero : s * (2.0f - d * s);   // together cheaper than a division
    *rest = e * better;
    return better;
}
