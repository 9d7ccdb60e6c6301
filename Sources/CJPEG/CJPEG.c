#include "CJPEG.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

static int fail(tjhandle handle, char *error, const char *message) {
    snprintf(error, CJPEG_ERROR_SIZE, "%s", message);
    if (handle) tjDestroy(handle);
    return -1;
}

int cjpeg_decode(const uint8_t *bytes, size_t count, uint64_t max_pixels, cjpeg_picture *out,
    char error[CJPEG_ERROR_SIZE]) {
    error[0] = 0;
    tjhandle handle = tjInitDecompress();
    if (!handle) return fail(NULL, error, "out of memory");
    int width = 0, height = 0, sampling = 0, space = 0;
    if (tjDecompressHeader3(handle, bytes, count, &width, &height, &sampling, &space) != 0)
        return fail(handle, error, tjGetErrorStr2(handle));
    if (space == TJCS_CMYK || space == TJCS_YCCK)
        return fail(handle, error, "CMYK pictures are not read; convert it to RGB");
    if ((uint64_t)width * (uint64_t)height > max_pixels)
        return fail(handle, error, "more pixels than are allowed");
    // An 8 x 8 block costs about a bit at the very least, so a short file cannot hold a large picture; four
    // blocks a bit is generous.
    if ((uint64_t)width * (uint64_t)height / 256 / 8 > count)
        return fail(handle, error, "the file is too short for its size");
    int channels = space == TJCS_GRAY ? 1 : 3;
    uint8_t *pixels = calloc((size_t)width * height, channels);
    if (!pixels) return fail(handle, error, "out of memory");
    int flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
    int format = channels == 1 ? TJPF_GRAY : TJPF_RGB;
    if (tjDecompress2(handle, bytes, count, pixels, width, 0, height, format, flags) != 0) {
        const char *message = tjGetErrorStr2(handle);
        // Cameras leave stray bytes between segments; every other warning means lost picture data.
        int harmless = tjGetErrorCode(handle) == TJERR_WARNING && strstr(message, "extraneous bytes") != NULL;
        if (!harmless) {
            free(pixels);
            return fail(handle, error, message);
        }
    }
    tjDestroy(handle);
    *out = (cjpeg_picture){width, height, channels, pixels};
    return 0;
}

int cjpeg_encode(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels, int32_t quality,
    uint8_t **out,
                 size_t *out_count, char error[CJPEG_ERROR_SIZE]) {
    error[0] = 0;
    tjhandle handle = tjInitCompress();
    if (!handle) return fail(NULL, error, "out of memory");
    unsigned char *buffer = NULL;
    unsigned long size = 0;
    int format = channels == 1 ? TJPF_GRAY : TJPF_RGB;
    int sampling = channels == 1 ? TJSAMP_GRAY : TJSAMP_444;
    if (tjCompress2(handle, pixels, width, 0, height, format, &buffer, &size, sampling, quality,
        TJFLAG_ACCURATEDCT) != 0) {
        tjFree(buffer);
        return fail(handle, error, tjGetErrorStr2(handle));
    }
    // Handed out in memory that free() takes back, so that the caller needs one rule.
    *out = malloc(size);
    if (!*out) {
        tjFree(buffer);
        return fail(handle, error, "out of memory");
    }
    memcpy(*out, buffer, size);
    *out_count = size;
    tjFree(buffer);
    tjDestroy(handle);
    return 0;
}

void cjpeg_free(void *memory) { free(memory); }
