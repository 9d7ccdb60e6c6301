// Reads and writes PNG in memory. libpng reports errors by longjmp; it never leaves this target.
#ifndef CPNG_H
#define CPNG_H

#include <stddef.h>
#include <stdint.h>

#define CPNG_ERROR_SIZE 200

typedef struct {
    int32_t width, height;
    int32_t channels;  // 1 gray, 3 RGB, 4 RGBA
    uint8_t *pixels;   // height x width x channels; free with cpng_free
} cpng_picture;

/// Decodes any kind of PNG (1 to 16 bits, palette, gray, interlaced, transparency) to 8 bits a channel.
/// Returns 0, or -1 with a sentence in `error`. Pictures of more than `max_pixels` are refused before memory
/// is taken.
int cpng_decode(const uint8_t *bytes, size_t count, uint64_t max_pixels, cpng_picture *out,
    char error[CPNG_ERROR_SIZE]);

/// Encodes 8-bit gray, RGB or RGBA. Key k of `texts` pairs is strings[2k], its UTF-8 text strings[2k + 1].
/// The filter and compression settings are fixed, so equal pictures give equal bytes.
int cpng_encode(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels,
    const char *const *strings,
                int32_t texts, uint8_t **out, size_t *out_count, char error[CPNG_ERROR_SIZE]);

void cpng_free(void *memory);

#endif
