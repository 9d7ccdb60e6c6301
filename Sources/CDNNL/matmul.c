// Matrix products of bf16 or f32 with f32 accumulation. Whole products run on all threads of one primitive; panelled ones are cut into tiles of a
// fixed size, each made by a primitive of one thread, so that a row's bits depend on nothing but its own operands and the panel.
#include "CDNNL.h"

#include <stdlib.h>
#include <string.h>

#include "plan.h"

extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);

/// Columns of a tile: a multiple of the kernels' 64, small enough that one panel of a narrow layer still feeds several threads.
enum { TILE = 192 };

typedef struct {
    bool ta, tb;
    int64_t m, n, k, lda, ldb, ldc;
    int dtype, c_dtype;
} product;

static size_t item_bytes(const product *q) { return q->dtype ? 2 : 4; }

static dnnl_data_type_t named(int dtype) { return dtype ? dnnl_bf16 : dnnl_f32; }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// ---- plans --------------------------------------------------------------------------------------------------------

static dnnl_status_t add_operands(plan *p, const product *q, dnnl_primitive_attr_t attributes) {
    dnnl_data_type_t type = named(q->dtype);
    dnnl_dims_t a_dims = {q->m, q->k}, b_dims = {q->k, q->n}, c_dims = {q->m, q->n};
    dnnl_dims_t a_strides = {q->ta ? 1 : q->lda, q->ta ? q->lda : 1};
    dnnl_dims_t b_strides = {q->tb ? 1 : q->ldb, q->tb ? q->ldb : 1};
    dnnl_dims_t c_strides = {q->ldc, 1};
    dnnl_memory_desc_t a, b, any_b, c;
    dnnl_status_t status = dnnl_memory_desc_init_by_strides(&a, 2, a_dims, type, a_strides);
    if (!status) status = dnnl_memory_desc_init_by_strides(&b, 2, b_dims, type, b_strides);
    // Packing B first costs a fiftieth of the product and gains a tenth.
    if (!status) status = dnnl_memory_desc_init_by_tag(&any_b, 2, b_dims, type, dnnl_format_tag_any);
    if (!status) status = dnnl_memory_desc_init_by_strides(&c, 2, c_dims, named(q->c_dtype), c_strides);
    dnnl_matmul_desc_t operation;
    if (!status) status = dnnl_matmul_desc_init(&operation, &a, &any_b, NULL, &c);
    dnnl_primitive_desc_t description = NULL;
    if (!status) status = dnnl_primitive_desc_create(&description, &operation, attributes, plan_engine(), NULL);
    if (!status) status = plan_make_primitive(p, description);
    if (!status) status = plan_add_operand(p, DNNL_ARG_SRC, false, &a, description, dnnl_query_src_md, 0);
    if (!status) status = plan_add_operand(p, DNNL_ARG_WEIGHTS, false, &b, description, dnnl_query_weights_md, 0);
    if (!status) status = plan_add_operand(p, DNNL_ARG_DST, true, &c, description, dnnl_query_dst_md, 0);
    if (description) dnnl_primitive_desc_destroy(description);
    return status;
}

/// `serial` plans are made for one thread, whatever the pool has.
static dnnl_status_t find_or_make(plan **found, const product *q, bool serial) {
    int threads = plan_threads();
    plan_key key = {{
        serial ? PLAN_TILE : PLAN_MATMUL, serial ? 1 : threads, q->ta, q->tb, q->m, q->n, q->k, q->lda, q->ldb, q->ldc, q->dtype, q->c_dtype,
    }};
    if ((*found = plan_find(&key))) return dnnl_success;
    plan *p = plan_begin(&key);
    if (!p) return dnnl_out_of_memory;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_status_t status = plan_attributes(&attributes);
    if (serial) plan_set_threads(1);
    if (!status) status = add_operands(p, q, attributes);
    if (serial) plan_set_threads(threads);
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    if (status) {
        plan_drop(p);
        return status;
    }
    plan_keep(p);
    *found = p;
    return dnnl_success;
}

// ---- tiles --------------------------------------------------------------------------------------------------------

/// A panelled product in flight: where everything lies, and the next piece of work to take.
typedef struct {
    const product *whole;
    const char *a, *b;
    char *c;
    int64_t panel, panels, strips, tasks, next;
    int slots, c_bytes, status;
    plan *wide, *narrow;        // plans of full strips and of the last one, where that is narrower
    const cdnnl_packed *kept;   // B packed beforehand, or NULL
    bool gathers;               // all panels of A are copied (it is transposed), else only an unfinished last one
    int64_t a_stride;           // elements between rows of the panels given to the primitives
    char *packed_b, *gathered_a, *last_c, *scratchpads;
    size_t strip_bytes, panel_bytes, scratchpad_bytes;
} tiling;

static int64_t take(tiling *t) { return __atomic_fetch_add(&t->next, 1, __ATOMIC_RELAXED); }

static bool is_cut(const tiling *t, int64_t panel) { return (panel + 1) * t->panel > t->whole->m; }

/// Copies one panel of A, row-major, rows past the end zero.
static void gather_panel(const tiling *t, int64_t panel, char *to) {
    const product *q = t->whole;
    const size_t item = item_bytes(q);
    int64_t rows = least(t->panel, q->m - panel * t->panel);
    for (int64_t i = 0; i < t->panel; i++) {
        char *row = to + (size_t)(i * t->a_stride) * item;
        int64_t from = panel * t->panel + i;
        if (i >= rows) {
            memset(row, 0, (size_t)q->k * item);
        } else if (!q->ta) {
            memcpy(row, t->a + (size_t)(from * q->lda) * item, (size_t)q->k * item);
        } else if (q->dtype) {
            for (int64_t j = 0; j < q->k; j++) ((uint16_t *)row)[j] = ((const uint16_t *)t->a)[j * q->lda + from];
        } else {
            for (int64_t j = 0; j < q->k; j++) ((float *)row)[j] = ((const float *)t->a)[j * q->lda + from];
        }
    }
}

static void gather(void *data) {
    tiling *t = data;
    for (int64_t task; (task = take(t)) < t->tasks;) {
        int64_t panel = t->gathers ? task : t->panels - 1;
        gather_panel(t, panel, t->gathered_a + (size_t)task * t->panel_bytes);
    }
}

static void *tile_a(const tiling *t, int64_t panel) {
    if (t->gathers) return t->gathered_a + (size_t)panel * t->panel_bytes;
    if (is_cut(t, panel)) return t->gathered_a;
    return (void *)(t->a + (size_t)(panel * t->panel * t->whole->lda) * item_bytes(t->whole));
}

static void *tile_c(const tiling *t, int64_t panel, int64_t strip) {
    char *rows = is_cut(t, panel) ? t->last_c : t->c + (size_t)(panel * t->panel * t->whole->n) * (size_t)t->c_bytes;
    return rows + (size_t)(strip * TILE) * (size_t)t->c_bytes;
}

/// One thread's memory objects for a plan: a plan's own can only point to one place at a time.
typedef struct {
    dnnl_memory_t a, b, c, scratchpad;
} tile_memory;

static dnnl_status_t make_memory(tile_memory *made, const plan *p, char *scratchpad) {
    const dnnl_memory_t like[] = {p->operands[0].inner, p->operands[1].inner, p->operands[2].inner, p->scratchpad};
    dnnl_memory_t *to[] = {&made->a, &made->b, &made->c, &made->scratchpad};
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < 4 && !status; i++) {
        const dnnl_memory_desc_t *layout = NULL;
        if (!like[i]) continue;
        status = dnnl_memory_get_memory_desc(like[i], &layout);
        if (!status) status = dnnl_memory_create(to[i], layout, plan_engine(), i == 3 ? scratchpad : DNNL_MEMORY_NONE);
    }
    return status;
}

static void free_memory(tile_memory *m) {
    dnnl_memory_t all[] = {m->a, m->b, m->c, m->scratchpad};
    for (int i = 0; i < 4; i++) {
        if (all[i]) dnnl_memory_destroy(all[i]);
    }
}

static dnnl_status_t run_tile(const tiling *t, const plan *p, const tile_memory *m, dnnl_stream_t stream, int64_t panel, int64_t strip) {
    dnnl_status_t status = dnnl_memory_set_data_handle(m->a, tile_a(t, panel));
    if (!status) status = dnnl_memory_set_data_handle(m->b, t->packed_b + (size_t)strip * t->strip_bytes);
    if (!status) status = dnnl_memory_set_data_handle(m->c, tile_c(t, panel, strip));
    dnnl_exec_arg_t arguments[4] = {{DNNL_ARG_SRC, m->a}, {DNNL_ARG_WEIGHTS, m->b}, {DNNL_ARG_DST, m->c}};
    int count = 3;
    if (m->scratchpad) arguments[count++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, m->scratchpad};
    return status ? status : dnnl_primitive_execute(p->primitive, stream, count, arguments);
}

static void run_tiles(void *data) {
    tiling *t = data;
    char *scratchpad = t->scratchpads + (size_t)__atomic_fetch_add(&t->slots, 1, __ATOMIC_RELAXED) * t->scratchpad_bytes;
    tile_memory wide = {0}, narrow = {0};
    dnnl_stream_t stream = NULL;
    dnnl_status_t status = dnnl_stream_create(&stream, plan_engine(), dnnl_stream_default_flags);
    if (!status && t->wide) status = make_memory(&wide, t->wide, scratchpad);
    if (!status && t->narrow) status = make_memory(&narrow, t->narrow, scratchpad);
    for (int64_t task; !status && (task = take(t)) < t->tasks;) {
        int64_t strip = task / t->panels, panel = task % t->panels;
        bool last = t->narrow && strip == t->strips - 1;
        status = run_tile(t, last ? t->narrow : t->wide, last ? &narrow : &wide, stream, panel, strip);
    }
    free_memory(&wide);
    free_memory(&narrow);
    if (stream) dnnl_stream_destroy(stream);
    if (status) __atomic_store_n(&t->status, (int)status, __ATOMIC_RELAXED);
}

static size_t up(size_t bytes) { return (bytes + 63) / 64 * 64; }

static size_t larger(const plan *a, const plan *b, size_t (*of)(const plan *)) {
    size_t x = a ? of(a) : 0, y = b ? of(b) : 0;
    return up(x > y ? x : y);
}

static size_t packed_bytes(const plan *p) { return p->operands[1].bytes; }

static size_t scratchpad_bytes(const plan *p) { return p->scratchpad_bytes; }

/// What strips look like to their primitives; a plan made for other rows may want another layout.
static dnnl_memory_desc_t layout(const plan *p) {
    const dnnl_memory_desc_t *found = NULL;
    dnnl_memory_desc_t none;
    memset(&none, 0, sizeof none);
    return p && !dnnl_memory_get_memory_desc(p->operands[1].inner, &found) ? *found : none;
}

struct cdnnl_packed {
    dnnl_memory_desc_t wide, narrow;
    int64_t strips;
    size_t strip_bytes;
    char *bytes;
};

static bool is_kept(const tiling *t) {
    if (!t->kept || t->kept->strips != t->strips || t->kept->strip_bytes != t->strip_bytes) return false;
    dnnl_memory_desc_t wide = layout(t->wide), narrow = layout(t->narrow);
    return dnnl_memory_desc_equal(&wide, &t->kept->wide) && dnnl_memory_desc_equal(&narrow, &t->kept->narrow);
}

/// Packs B, strip by strip.
static dnnl_status_t pack(const tiling *t, char *to) {
    const product *q = t->whole;
    dnnl_status_t status = dnnl_success;
    for (int64_t s = 0; s < t->strips && !status; s++) {
        plan *p = t->narrow && s == t->strips - 1 ? t->narrow : t->wide;
        void *from = (void *)(t->b + (size_t)(s * TILE * (q->tb ? q->ldb : 1)) * item_bytes(q));
        status = plan_reorder_input(&p->operands[1], from, to + (size_t)s * t->strip_bytes);
    }
    return status;
}

/// Lays out the arena and packs B, where it is not.
static dnnl_status_t prepare(tiling *t, int threads) {
    const product *q = t->whole;
    bool cut = q->m % t->panel != 0;
    int64_t copies = t->gathers ? t->panels : cut;
    t->scratchpad_bytes = larger(t->wide, t->narrow, scratchpad_bytes);
    t->panel_bytes = up((size_t)(t->panel * t->a_stride) * item_bytes(q));
    bool packs = !is_kept(t);
    size_t b = packs ? t->strip_bytes * (size_t)t->strips : 0, a = t->panel_bytes * (size_t)copies;
    size_t c = cut ? up((size_t)(t->panel * q->n) * (size_t)t->c_bytes) : 0;
    char *arena = plan_arena(b + a + c + t->scratchpad_bytes * (size_t)threads);
    if (!arena) return dnnl_out_of_memory;
    t->packed_b = packs ? arena : t->kept->bytes;
    t->gathered_a = arena + b;
    t->last_c = arena + b + a;
    t->scratchpads = arena + b + a + c;
    dnnl_status_t status = packs ? pack(t, t->packed_b) : dnnl_success;
    if (status) return status;
    t->next = 0;
    t->tasks = copies;
    if (copies) GOMP_parallel(gather, t, (unsigned)least(threads, copies), 0);
    return dnnl_success;
}

static dnnl_status_t find_tiles(tiling *t) {
    const product *q = t->whole;
    t->panels = (q->m + t->panel - 1) / t->panel;
    t->strips = (q->n + TILE - 1) / TILE;
    t->gathers = q->ta;
    t->a_stride = q->ta ? q->k : q->lda;
    product tile = {false, q->tb, t->panel, TILE, q->k, t->a_stride, q->ldb, q->n, q->dtype, q->c_dtype};
    dnnl_status_t status = dnnl_success;
    if (q->n >= TILE) status = find_or_make(&t->wide, &tile, true);
    tile.n = q->n % TILE;
    if (!status && tile.n) status = find_or_make(&t->narrow, &tile, true);
    t->strip_bytes = larger(t->wide, t->narrow, packed_bytes);
    return status;
}

static dnnl_status_t run_panelled(tiling *t) {
    const product *q = t->whole;
    int threads = plan_threads();
    dnnl_status_t status = find_tiles(t);
    if (!status) status = prepare(t, threads);
    if (status) return status;
    t->next = 0;
    t->tasks = t->panels * t->strips;
    GOMP_parallel(run_tiles, t, (unsigned)least(threads, t->tasks), 0);
    if (!t->status && is_cut(t, t->panels - 1)) {
        int64_t done = (t->panels - 1) * t->panel;
        size_t row = (size_t)q->n * (size_t)t->c_bytes;
        memcpy(t->c + (size_t)done * row, t->last_c, (size_t)(q->m - done) * row);
    }
    return (dnnl_status_t)t->status;
}

// ---- matrices packed beforehand -------------------------------------------------------------------------------------

cdnnl_packed *cdnnl_pack(int dtype, bool tb, int64_t n, int64_t k, const void *b, int64_t ldb, int64_t lda, int c_dtype, int64_t panel) {
    if (n < 1 || k < 1 || lda < k || ldb < (tb ? k : n) || panel < 1 || plan_enter()) return NULL;
    const product whole = {false, tb, panel, n, k, lda, ldb, n, dtype, c_dtype};
    tiling t = {.whole = &whole, .b = b, .panel = panel};
    cdnnl_packed *made = calloc(1, sizeof *made);
    if (!made || find_tiles(&t)) {
        free(made);
        return NULL;
    }
    made->wide = layout(t.wide);
    made->narrow = layout(t.narrow);
    made->strips = t.strips;
    made->strip_bytes = t.strip_bytes;
    void *room = NULL;
    if (!posix_memalign(&room, 4096, t.strip_bytes * (size_t)t.strips)) made->bytes = room;
    if (!made->bytes || pack(&t, made->bytes)) {
        cdnnl_free_packed(made);
        return NULL;
    }
    return made;
}

void cdnnl_free_packed(cdnnl_packed *packed) {
    if (!packed) return;
    free(packed->bytes);
    free(packed);
}

// ---- the contract -------------------------------------------------------------------------------------------------

int cdnnl_matmul(
    int dtype, bool ta, bool tb, int64_t m, int64_t n, int64_t k, const void *a, int64_t lda, const void *b, int64_t ldb, void *c, int c_dtype,
    int64_t panel, const cdnnl_packed *packed) {
    if (m < 0 || n < 1 || k < 1 || lda < (ta ? m : k) || ldb < (tb ? k : n) || panel < 0 || (dtype != 0 && dtype != 1) ||
        (c_dtype != 0 && c_dtype != dtype))
        return dnnl_invalid_arguments;
    if (m == 0) return dnnl_success;
    dnnl_status_t status = plan_enter();
    if (status) return status;
    const product whole = {ta, tb, m, n, k, lda, ldb, n, dtype, c_dtype};
    if (panel > 0) {
        tiling t = {.whole = &whole, .a = a, .b = b, .c = c, .panel = panel, .c_bytes = c_dtype ? 2 : 4, .kept = packed};
        status = run_panelled(&t);
    } else {
        const plan_buffer buffers[] = {{(void *)a, 0}, {(void *)b, 0}, {c, 0}};
        plan *p = NULL;
        status = find_or_make(&p, &whole, false);
        if (!status) status = plan_run(p, buffers, 1);
    }
    return status;
}
