// Value and slope of every unary operation on sixteen floats. `op` is a constant at each use, so one branch is left.
#ifndef LL_ACTIVATION_NAMES
#define LL_ACTIVATION_NAMES
#define unary_value K(unary_value_)
#define unary_slope K(unary_slope_)
#define vpower K(vpower_)
#define LL_GELU_A 0.797884561f      // sqrt(2 / pi)
#define LL_GELU_B 0.044715f
#define LL_HALF_ROOT 0.707106781f
#endif

INLINE vf vpower(vf x, float p) {
    if (p == 2.0f) return x * x;
    if (p == 1.0f) return x;
    if (p == 0.0f) return 1.0f;
    if (p == 0.5f) return vsqrt(x);
    if (p == -1.0f) return 1.0f / x;
    vf y;
    for (int i = 0; i < 16; i++) y[i] = powf(x[i], p);
    return y;
}

INLINE vf unary_value(int op, vf x, float p0, float p1) {
    const vf zero = 0.0f, one = 1.0f;
    switch (op) {
    case LL_NEG: return -x;
    case LL_EXP: return vexp(x);
    case LL_LOG: return vlog(x);
    case LL_SQRT: return vsqrt(x);
    case LL_RSQRT: return 1.0f / vsqrt(x);
    case LL_SQUARE: return x * x;
    case LL_ABS: return vabs(x);
    case LL_TANH: return vtanh(x);
    case LL_SIGMOID: return vsigmoid(x);
    case LL_SILU: return x * vsigmoid(x);
    // x (1 + tanh u) / 2 = x sigmoid(2u)
    case LL_GELU: return x * vsigmoid(2.0f * LL_GELU_A * (x + LL_GELU_B * x * (x * x)));
    case LL_GELU_ERF: return 0.5f * x * (1.0f + verf(x * LL_HALF_ROOT));
    case LL_GELU_QUICK: return x * vsigmoid(1.702f * x);
    case LL_RELU: return x < 0.0f ? zero : x;
    case LL_LEAKY_RELU: return x < 0.0f ? p0 * x : x;
    case LL_SIN: return vsin(x);
    case LL_COS: return vcos(x);
    case LL_CLAMP: {
        vf low = p0, high = p1;
        vf y = x < low ? low : x;
        return y > high ? high : y;
    }
    case LL_RECIPROCAL: return 1.0f / x;
    case LL_SCALE: return p0 * x + p1;
    case LL_POWER: return vpower(x, p0);
    case LL_SOFTPLUS: return (x < 0.0f ? zero : x) + vlog1p(vexp(-vabs(x)));
    case LL_LOG1P: return vlog1p(x);
    case LL_ERF: return verf(x);
    case LL_NONZERO: return x != 0.0f ? one : zero;
    case LL_SIGN: return x > 0.0f ? one : (x < 0.0f ? -one : x);
    case LL_FLOOR: return __builtin_elementwise_floor(x);
    case LL_ROUND: return __builtin_elementwise_rint(x);
    default: return x;
    }
}

INLINE vf unary_slope(int op, vf x, float p0, float p1) {
    const vf zero = 0.0f, one = 1.0f;
    switch (op) {
    case LL_NEG: return -one;
    case LL_EXP: return vexp(x);
    case LL_LOG: return 1.0f / x;
    case LL_SQRT: return 0.5f / vsqrt(x);
    case LL_RSQRT: return -0.5f / (x * vsqrt(x));
    case LL_SQUARE: return 2.0f * x;
    case LL_ABS: return x > 0.0f ? one : (x < 0.0f ? -one : zero);
    case LL_TANH: {
        vf t = vtanh(x);
        return 1.0f - t * t;
    }
    case LL_SIGMOID: {
        vf s = vsigmoid(x);
        return s * (1.0f - s);
    }
    case LL_SILU: {
        vf s = vsigmoid(x);
        return s * (1.0f + x * (1.0f - s));
    }
    case LL_GELU: {
        vf s = vsigmoid(2.0f * LL_GELU_A * (x + LL_GELU_B * x * (x * x)));
        vf du = 2.0f * LL_GELU_A * (1.0f + 3.0f * LL_GELU_B * (x * x));
        return s * (1.0f + x * (1.0f - s) * du);
    }
    case LL_GELU_ERF: return 0.5f * (1.0f + verf(x * LL_HALF_ROOT)) + x * 0.398942280f * vexp(-0.5f * x * x);
    case LL_GELU_QUICK: {
        vf s = vsigmoid(1.702f * x);
        return s * (1.0f + 1.702f * x * (1.0f - s));
    }
    case LL_RELU: return x > 0.0f ? one : zero;
    case LL_LEAKY_RELU: return x > 0.0f ? one : (vf)p0;
    case LL_SIN: return vcos(x);
    case LL_COS: return -vsin(x);
    case LL_CLAMP: return ((x >= p0) & (x <= p1)) != 0 ? one : zero;
    case LL_RECIPROCAL: return -1.0f / (x * x);
    case LL_SCALE: return p0;
    case LL_POWER: return p0 * vpower(x, p0 - 1.0f);
    case LL_SOFTPLUS: return vsigmoid(x);
    case LL_LOG1P: return 1.0f / (1.0f + x);
    case LL_ERF: return 1.12837917f * vexp(-(x * x));
    case LL_NONZERO: case LL_SIGN: case LL_FLOOR: case LL_ROUND: return zero;
    default: return one;
    }
}
