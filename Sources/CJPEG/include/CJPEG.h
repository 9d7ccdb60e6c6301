// Reads and writes JPEG in memory through TurboJPEG.
#ifndef CJPEG_H
#define CJPEG_H

#include <stddef.h>
#include <stdint.h>

#define CJPEG_ERROR_SIZE 200

typedef struct {
    int32_t width, height;
    int32_t channels;  // 1 gray, 3 RGB
    uint8_t *pixels;   // height x width x channels; free with cjpeg_free
} cjpeg_picture;

/// Decodes baseline and progressive JPEG, gray or color. Damaged data is an error, not a gray patch.
/// Returns 0, or -1 with a sentence in `error`.
int cjpeg_decode(const uint8_t *bytes, size_t count, uint64_t max_pixels, cjpeg_picture *out,
    char error[CJPEG_ERROR_SIZE]);

/// Encodes 8-bit gray or RGB without chroma subsampling. `quality` is 1 to 100.
int cjpeg_encode(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels, int32_t quality,
    uint8_t **out,
                 size_t *out_count, char error[CJPEG_ERROR_SIZE]);

void cjpeg_free(void *memory);

#endif
