#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One record per call: where libpng's error functions jump to, and what they said.
typedef struct {
    jmp_buf escape;
    char *error;
    const uint8_t *bytes;
    size_t count, offset;
    uint8_t *out;
    size_t out_count, out_capacity;
} session;

static void fail(png_structp png, png_const_charp message) {
    session *s = png_get_error_ptr(png);
    snprintf(s->error, CPNG_ERROR_SIZE, "%s", message);
    longjmp(s->escape, 1);
}

static void ignore_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void read_bytes(png_structp png, png_bytep to, size_t count) {
    session *s = png_get_io_ptr(png);
    if (count > s->count - s->offset) png_error(png, "the file ends early");
    memcpy(to, s->bytes + s->offset, count);
    s->offset += count;
}

static void write_bytes(png_structp png, png_bytep from, size_t count) {
    session *s = png_get_io_ptr(png);
    if (count > s->out_capacity - s->out_count) {
        size_t capacity = 2 * s->out_capacity + count + 4096;
        uint8_t *grown = realloc(s->out, capacity);
        if (!grown) png_error(png, "out of memory");
        s->out = grown;
        s->out_capacity = capacity;
    }
    memcpy(s->out + s->out_count, from, count);
    s->out_count += count;
}

static void flush_bytes(png_structp png) { (void)png; }

int cpng_decode(const uint8_t *bytes, size_t count, uint64_t max_pixels, cpng_picture *out,
    char error[CPNG_ERROR_SIZE]) {
    session s = {.error = error, .bytes = bytes, .count = count};
    png_structp png = NULL;
    png_infop info = NULL;
    uint8_t *volatile pixels = NULL;
    error[0] = 0;
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &s, fail, ignore_warning);
    info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        if (png) png_destroy_read_struct(&png, NULL, NULL);
        snprintf(error, CPNG_ERROR_SIZE, "out of memory");
        return -1;
    }
    if (setjmp(s.escape)) {
        png_destroy_read_struct(&png, &info, NULL);
        free(pixels);
        return -1;
    }
    png_set_read_fn(png, &s, read_bytes);
    png_set_user_limits(png, 1 << 20, 1 << 20);
    png_set_chunk_cache_max(png, 256);
    png_set_chunk_malloc_max(png, 16 << 20);
    // Only what changes the pixels is read; profiles and texts of unknown origin stay closed.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, info);

    png_uint_32 width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    if ((uint64_t)width * height > max_pixels) png_error(png, "more pixels than are allowed");
    // Deflate never packs better than 1032 to 1, so a short file cannot hold a large picture.
    if ((uint64_t)png_get_rowbytes(png, info) * height / 1032 > count)
        png_error(png, "the file is too short for its size");

    int kind = png_get_color_type(png, info);
    int transparent = png_get_valid(png, info, PNG_INFO_tRNS) != 0;
    png_set_scale_16(png);
    png_set_expand(png);  // palette to RGB, 1 to 4 bits to 8, tRNS to alpha
    if (kind == PNG_COLOR_TYPE_GRAY_ALPHA || (kind == PNG_COLOR_TYPE_GRAY && transparent))
        png_set_gray_to_rgb(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);

    int channels = png_get_channels(png, info);
    size_t row = png_get_rowbytes(png, info);
    if (row != (size_t)width * channels || (channels != 1 && channels != 3 && channels != 4))
        png_error(png, "unknown pixel layout");
    pixels = calloc(height, row);
    if (!pixels) png_error(png, "out of memory");
    for (int pass = 0; pass < passes; pass++)
        for (png_uint_32 y = 0; y < height; y++) png_read_row(png, pixels + y * row, NULL);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    *out = (cpng_picture){(int32_t)width, (int32_t)height, channels, pixels};
    return 0;
}

static int is_plain(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80) return 0;
    return 1;
}

int cpng_encode(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels,
    const char *const *strings,
                int32_t texts, uint8_t **out, size_t *out_count, char error[CPNG_ERROR_SIZE]) {
    session s = {.error = error};
    png_structp png = NULL;
    png_infop info = NULL;
    png_text *volatile records = NULL;
    error[0] = 0;
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &s, fail, ignore_warning);
    info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        if (png) png_destroy_write_struct(&png, NULL);
        snprintf(error, CPNG_ERROR_SIZE, "out of memory");
        return -1;
    }
    if (setjmp(s.escape)) {
        png_destroy_write_struct(&png, &info);
        free(s.out);
        free(records);
        return -1;
    }
    png_set_write_fn(png, &s, write_bytes, flush_bytes);
    int kind = channels == 1 ? PNG_COLOR_TYPE_GRAY : channels == 3 ? PNG_COLOR_TYPE_RGB
        : PNG_COLOR_TYPE_RGB_ALPHA;
    png_set_IHDR(png, info, width, height, 8, kind, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
        PNG_FILTER_TYPE_BASE);
    png_set_compression_level(png, 6);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_ALL_FILTERS);
    if (texts > 0) {
        records = calloc(texts, sizeof(png_text));
        if (!records) png_error(png, "out of memory");
        for (int k = 0; k < texts; k++) {
            // tEXt is Latin-1, so anything beyond ASCII goes into iTXt, which is UTF-8.
            int plain = is_plain(strings[2 * k + 1]);
            records[k].compression = plain ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
            records[k].key = (char *)strings[2 * k];
            records[k].text = (char *)strings[2 * k + 1];
            if (plain) records[k].text_length = strlen(strings[2 * k + 1]);
            else records[k].itxt_length = strlen(strings[2 * k + 1]);
        }
        png_set_text(png, info, records, texts);
    }
    png_write_info(png, info);
    for (int32_t y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * width * channels);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(records);
    *out = s.out;
    *out_count = s.out_count;
    return 0;
}

void cpng_free(void *memory) { free(memory); }
