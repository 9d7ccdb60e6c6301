// AdamW (Loshchilov and Hutter 2019) with the weight average and the bf16 copy in the same pass.
#include "kernels.h"
#include <math.h>

typedef struct {
    int64_t n;
    float *w, *m, *v, *ema;
    const float *g;
    uint16_t *low;
    float gradient_scale, keep, fresh1, beta2, fresh2, step, root_scale, eps, ema_fresh;
} adamw_call;

#define LL_BODY "optimizer_body.h"
#include "instantiate.h"

void ll_adamw(int64_t n, float *w, const float *g, float *m, float *v, float *ema, uint16_t *low,
              float gradient_scale, float lr, float beta1, float beta2, float eps, float decay,
              float correction1, float correction2, float ema_decay) {
    adamw_call c = {.n = n, .w = w, .m = m, .v = v, .ema = ema, .g = g, .low = low, .gradient_scale = gradient_scale,
                    .keep = (float)(1.0 - (double)lr * decay), .fresh1 = (float)(1.0 - (double)beta1), .beta2 = beta2,
                    .fresh2 = (float)(1.0 - (double)beta2), .step = (float)((double)lr / correction1),
                    .root_scale = (float)(1.0 / sqrt((double)correction2)), .eps = eps,
                    .ema_fresh = (float)(1.0 - (double)ema_decay)};
    ll_run(n, ll_pieces(n, LL_CHUNK), LL_PICK(adamw_task), &c);
}
