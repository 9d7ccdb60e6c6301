// exp, log, tanh, sigmoid, sin, cos, erf on sixteen floats, within 1.5 ulp where the result is a normal number
// (sigmoid 2.5). The coefficients are minimax fits made for these intervals. Rounding uses the 1.5 * 2^23 trick: a NaN never meets a
// conversion to integer.
#ifndef LL_MATH_NAMES
#define LL_MATH_NAMES
#define vexp K(vexp_)
#define vexp_fraction K(vexp_fraction_)
#define vlog K(vlog_)
#define vlog1p K(vlog1p_)
#define vtanh K(vtanh_)
#define vsigmoid K(vsigmoid_)
#define vsin K(vsin_)
#define vcos K(vcos_)
#define vsincos_fallback K(vsincos_fallback_)
#define vsine_of_quarter K(vsine_of_quarter_)
#define verf K(verf_)
#define vsqrt K(vsqrt_)
#define LL_ROUNDER 12582912.0f
#endif

INLINE vf vsqrt(vf x) { return __builtin_elementwise_sqrt(x); }

/// e^(x - n log 2) for n = x / log 2 rounded.
INLINE vf vexp_fraction(vf x, vf n) {
    vf r = x - n * 0.693145752f;
    r = r - n * 1.42860682e-6f;
    vf p = r * 0.00138144346f + 0.00836879667f;
    p = p * r + 0.0416683964f;
    p = p * r + 0.166665196f;
    p = p * r + 0.49999994f;
    return (p * (r * r) + r) + 1.0f;
}

INLINE vf vexp(vf x) {
    vf c = x > 89.0f ? (vf)89.0f : x;
    c = c < -105.0f ? (vf)-105.0f : c;
    vf t = c * 1.44269504f + LL_ROUNDER, p = vexp_fraction(c, t - LL_ROUNDER);
    // 2^n in two factors, so that results below the normal range and 2^128 come out right.
    vi e = (vi)t - (vi)(vf)LL_ROUNDER;
    vi half = e >> 1;
    return p * (vf)((half + 127) << 23) * (vf)((e - half + 127) << 23);
}

INLINE vf vlog(vf x) {
    vi tiny = x < 1.17549435e-38f;
    vf scaled = tiny ? x * 8388608.0f : x;
    // Exponent and mantissa with the mantissa in [sqrt(1/2), sqrt(2)).
    vi bits = (vi)scaled - 0x3f3504f3;
    vi e = bits >> 23;
    vf f = (vf)((bits & 0x7fffff) + 0x3f3504f3) - 1.0f;
    vf n = __builtin_convertvector(e, vf) - (tiny ? (vf)23.0f : (vf)0.0f);
    vf p = f * 0.0674819574f - 0.116806373f;
    p = p * f + 0.118901603f;
    p = p * f - 0.124049649f;
    p = p * f + 0.14219223f;
    p = p * f - 0.166680157f;
    p = p * f + 0.200021341f;
    p = p * f - 0.250000089f;
    p = p * f + 0.333333135f;
    vf ff = f * f;
    vf r = p * (ff * f) + n * 1.42860682e-6f;
    r = r - 0.5f * ff;
    r = (r + f) + n * 0.693145752f;
    r = x == 0.0f ? (vf)-INFINITY : r;
    r = x == INFINITY ? (vf)INFINITY : r;
    return x >= 0.0f ? r : (vf)NAN;
}

INLINE vf vlog1p(vf x) {
    vf u = 1.0f + x;
    vf r = vlog(u) + (x - (u - 1.0f)) / u;   // gives back what the addition lost
    r = u == INFINITY ? (vf)INFINITY : r;
    return u == 0.0f ? (vf)-INFINITY : r;
}

INLINE vf vtanh(vf x) {
    vf a = vabs(x), s = x * x;
    vf p = s * -0.00566078583f + 0.0206020046f;
    p = p * s - 0.0537292287f;
    p = p * s + 0.133313283f;
    p = p * s - 0.333332777f;
    vf small = p * (s * x) + x;
    vf large = 1.0f - 2.0f / (vexp(a + a) + 1.0f);
    return a < 0.625f ? small : vcopysign(large, x);
}

INLINE vf vsigmoid(vf x) { return 1.0f / (1.0f + vexp(-x)); }

/// sin(r + quarter * pi / 2) for |r| <= pi / 4.
INLINE vf vsine_of_quarter(vf r, vi quarter) {
    vf s = r * r;
    vf sine = s * 2.71812178e-06f - 0.000198393158f;
    sine = sine * s + 0.00833332911f;
    sine = sine * s - 0.166666672f;
    sine = sine * (s * r) + r;
    vf cosine = s * 2.44366311e-05f - 0.00138873525f;
    cosine = cosine * s + 0.0416666456f;
    cosine = cosine * (s * s) + (1.0f - 0.5f * s);
    vf v = (quarter & 1) != 0 ? cosine : sine;
    return (vf)((vu)v ^ (((vu)quarter & 2u) << 30));
}
INLINE vf vsincos_fallback(vf x, int quarter) {
    vf y;
    for (int i = 0; i < 16; i++) y[i] = quarter ? cosf(x[i]) : sinf(x[i]);
    return y;
}
INLINE vf vsin(vf x) {
    if (any(~(vabs(x) < 5000.0f))) return vsincos_fallback(x, 0);   // beyond, three pieces of pi / 2 are too few
    vf t = x * 0.636619772f + LL_ROUNDER, n = t - LL_ROUNDER;
    vf r = ((x - n * 1.5703125f) - n * 4.83751297e-4f) - n * 7.54953362e-8f;
    return vsine_of_quarter(r - n * 2.56334407e-12f, (vi)t - (vi)(vf)LL_ROUNDER);
}
INLINE vf vcos(vf x) {
    if (any(~(vabs(x) < 5000.0f))) return vsincos_fallback(x, 1);
    vf t = x * 0.636619772f + LL_ROUNDER, n = t - LL_ROUNDER;
    vf r = ((x - n * 1.5703125f) - n * 4.83751297e-4f) - n * 7.54953362e-8f;
    return vsine_of_quarter(r - n * 2.56334407e-12f, (vi)t - (vi)(vf)LL_ROUNDER + 1);
}

INLINE vf verf(vf x) {
    vf a = vabs(x), s = x * x;
    vf p = s * 8.36230829e-05f - 0.00081414805f;
    p = p * s + 0.00520099001f;
    p = p * s - 0.0268594138f;
    p = p * s + 0.112836964f;
    p = p * s - 0.376126349f;
    p = p * s + 0.128379166f;
    vf small = p * x + x;
    // log erfc, whose exponential is far below 1 here, so its error hardly shows.
    vf b = a > 4.0f ? (vf)4.0f : a;
    vf q = b * -5.21940933e-07f - 1.43108737e-05f;
    q = q * b + 0.000396706193f;
    q = q * b - 0.00405350234f;
    q = q * b + 0.0248953234f;
    q = q * b - 0.108012103f;
    q = q * b - 0.633543372f;
    q = q * b - 1.12943411f;
    q = q * b + 0.000160414202f;
    vf large = 1.0f - vexp(q);
    return a < 0.92f ? small : vcopysign(a != a ? a : large, x);
}
