/* Loops over coded data, symbol by symbol: one restart interval of a sequential JPEG (ITU-T T.81, F.2.2), which
   entropy.py does too, of one scan of a progressive one (annex G), one of a lossless JPEG (annex H), and one segment
   of RLE (PS3.5 annex G).

   The library is plain C without Python's headers, loaded through ctypes. entropy.py does the same in Python where
   it could not be built; the tests hold the two against each other. Lossless JPEG is not looked at without it. */

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define PUBLIC __declspec(dllexport)
#else
#define PUBLIC __attribute__((visibility("default")))
#endif

enum { FINE = 0, NO_DC_CODE = 1, NO_AC_CODE = 2, TOO_MANY = 3, ENDS_EARLY = 4 };

static const uint8_t NATURAL[64] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

/* The 16 bits from bit `at` on. */
static inline uint32_t window(const uint8_t *data, int64_t at)
{
    const uint8_t *byte = data + (at >> 3);
    uint32_t three = (uint32_t)byte[0] << 16 | (uint32_t)byte[1] << 8 | byte[2];
    return three >> (8 - (at & 7)) & 0xFFFF;
}

static inline int32_t value_of(uint32_t bits, int size)
{
    return size && !(bits >> (size - 1)) ? (int32_t)bits - (1 << size) + 1 : (int32_t)bits;
}

/* Goes over `mcus` MCUs of `blocks` blocks.

   data: the interval without stuffed bytes, with at least 512 more bytes behind its `length` bits: one block reads
   no more than 64 codes of 31 bits before the end is checked. component[b], dc_tables[b] and ac_tables[b] belong to
   block b of an MCU; tables have 65536 entries: code length * 32 + size, 0 for no code (DC); code length and symbol
   size in bits | coefficients to go on << 6 | symbol size << 20, with 1024 coefficients for an end of block and 4096
   for no code (AC). quick_tables[b] has the AC entries of codes of 10 bits or fewer by the first 10 bits, 0 for
   others: 4 KiB that stay in the processor's nearest cache.
   position and dc go on from where they are and are left behind the last whole block. Where coefficients is not
   NULL it gets 64 numbers a block, row by row over the frequencies, and must be all 0 before. Where limits is not NULL
   it has for each component the most that a DC value may be away from 0. */
PUBLIC int dcmaudit_walk(const uint8_t *data, int64_t length, int64_t mcus, int32_t blocks, const int32_t *component,
                         const int32_t *const *dc_tables, const int32_t *const *ac_tables,
                         const int32_t *const *quick_tables, int64_t *position, int64_t *dc, int16_t *coefficients,
                         const int64_t *limits)
{
    int64_t at = *position;
    for (int64_t mcu = 0; mcu < mcus; mcu++) {
        for (int32_t b = 0; b < blocks; b++) {
            const int32_t *ac = ac_tables[b], *quick = quick_tables[b];
            int32_t entry, k = 0;
            int size;
            if (at > length)
                return ENDS_EARLY;
            entry = dc_tables[b][window(data, at)];
            if (!entry)
                return at + 16 > length ? ENDS_EARLY : NO_DC_CODE;
            at += entry >> 5;
            size = entry & 31;
            dc[component[b]] += value_of(window(data, at) >> (16 - size), size);
            at += size;
            while (k < 63) {
                uint32_t code = window(data, at);
                int32_t steps;
                entry = quick[code >> 6];
                if (!entry)
                    entry = ac[code];
                steps = entry >> 6 & 0x3FFF;
                if (steps >= 4096)
                    return at + 16 > length ? ENDS_EARLY : NO_AC_CODE;
                at += entry & 63;
                k += steps;
                size = entry >> 20;
                if (coefficients && size && k <= 63)
                    coefficients[NATURAL[k]] = (int16_t)value_of(window(data, at - size) >> (16 - size), size);
            }
            if (k != 63 && k < 1024)
                return TOO_MANY;
            if (at > length)
                return ENDS_EARLY;
            if (limits && (dc[component[b]] > limits[component[b]] || dc[component[b]] < -limits[component[b]]))
                return 7;
            if (coefficients) {
                int64_t value = dc[component[b]];
                coefficients[0] = (int16_t)(value > 32767 ? 32767 : value < -32768 ? -32768 : value);
                coefficients += 64;
                if (value > 32767 || value < -32768)
                    return 5;
            }
            *position = at;
        }
    }
    return FINE;
}

/* The bits from bit `at` on, at most 15 of them. */
static inline uint32_t bits(const uint8_t *data, int64_t at, int count)
{
    return count ? window(data, at) >> (16 - count) : 0;
}

/* Goes over `mcus` MCUs of one DC scan of a progressive JPEG (G.1.2.1): as dcmaudit_walk, with differences alone. DC
   values are those before the point transform by `low` bits; limits are of the whole values. */
PUBLIC int dcmaudit_progressive_dc(const uint8_t *data, int64_t length, int64_t mcus, int32_t blocks,
                                   const int32_t *component, const int32_t *const *tables, int32_t low,
                                   const int64_t *limits, int64_t *position)
{
    int64_t at = *position, dc[4] = {0, 0, 0, 0};
    for (int64_t mcu = 0; mcu < mcus; mcu++) {
        for (int32_t b = 0; b < blocks; b++) {
            int32_t entry, size, c = component[b];
            if (at > length)
                return ENDS_EARLY;
            entry = tables[b][window(data, at)];
            size = entry & 255;
            if (!entry || size > 15)
                return at + 16 > length ? ENDS_EARLY : NO_DC_CODE;
            at += entry >> 8;
            dc[c] += value_of(bits(data, at, size), size);
            at += size;
            if (dc[c] * ((int64_t)1 << low) > limits[c] || (dc[c] + 1) * ((int64_t)1 << low) < -limits[c])
                return at > length ? ENDS_EARLY : 7;
        }
    }
    *position = at;
    return at > length ? ENDS_EARLY : FINE;
}

/* Goes over `count` blocks of one AC scan of a progressive JPEG (G.1.2.2, G.1.2.3): coefficients first to last of one
   component, blocks in rows of `own` out of `stride` that are stored, from block `begin` of the scan on.

   set has 64 bytes a stored block, 1 for each coefficient that is not zero; they are read in a refinement, and set.
   table has 65536 entries: code length * 256 + symbol, 0 for no code. most is the largest number of bits that a value
   can have, 0 in a refinement. A run of blocks without coefficients must end with the last block. */
PUBLIC int dcmaudit_progressive_ac(const uint8_t *data, int64_t length, int64_t begin, int64_t count, int64_t own,
                                   int64_t stride, const int32_t *table, int32_t first, int32_t last, int32_t most,
                                   uint8_t *set, int64_t *position)
{
    int64_t at = *position, run = 0;
    for (int64_t n = begin; n < begin + count; n++) {
        uint8_t *block = set + 64 * (n / own * stride + n % own);
        int32_t k = first;
        if (at > length)
            return ENDS_EARLY;
        while (!run && k <= last) {
            int32_t entry = table[window(data, at)], zeros = entry >> 4 & 15, size = entry & 15;
            if (!entry)
                return at + 16 > length ? ENDS_EARLY : NO_AC_CODE;
            at += entry >> 8;
            if (!size && zeros < 15) {
                run = ((int64_t)1 << zeros) + bits(data, at, zeros);
                at += zeros;
                break;
            }
            if (most) {
                if (size > most)
                    return 8;
                at += size;
                k += zeros;
            } else {
                if (size > 1)
                    return 8;
                at += size;
                for (; k <= last; k++) {
                    if (block[k])
                        at++;
                    else if (--zeros < 0)
                        break;
                }
            }
            if (k > last)
                return TOO_MANY;
            if (size)
                block[k] = 1;
            k++;
        }
        if (run) {
            run--;
            if (!most)
                for (; k <= last; k++)
                    at += block[k];
        }
    }
    *position = at;
    return at > length ? ENDS_EARLY : run ? 9 : FINE;
}

/* Goes over `rows` lines of one restart interval of a lossless JPEG, whose samples are `components` a pixel.

   data, length and position are as above, with 8 more bytes behind the length. tables[c] has 65536 entries: code length
   * 32 + size, 0 for no code; size 16 has no bits behind its code (H.1.2.2). Samples are made as H.1.2.1 says, and each
   keeps its lowest `kept` bits only: some encoders reduce differences modulo 2 to the precision, and predict from samples
   of that many bits. wrapped gets all bits that were cut off in this way, or-ed together: 0 for a codestream that does
   as the standard says. lines has 2 * columns * components numbers and need not be set; where out is not NULL it gets
   all samples instead, row by row. */
PUBLIC int dcmaudit_lossless(const uint8_t *data, int64_t length, int64_t rows, int64_t columns, int32_t components,
                             const int32_t *const *tables, int32_t predictor, int32_t precision, int32_t kept,
                             uint16_t *lines, uint16_t *out, int64_t *position, int32_t *wrapped)
{
    int64_t at = *position, width = columns * components;
    int32_t middle = 1 << (precision - 1), mask = (1 << kept) - 1, cut = 0;
    for (int64_t row = 0; row < rows; row++) {
        uint16_t *now = out ? out + row * width : lines + (row & 1 ? width : 0);
        uint16_t *above = out ? now - width : lines + (row & 1 ? 0 : width);
        for (int64_t i = 0; i < width; i++) {
            int32_t entry, difference, left, up, corner, guess;
            int size;
            if (at > length)
                return ENDS_EARLY;
            entry = tables[i % components][window(data, at)];
            if (!entry)
                return at + 16 > length ? ENDS_EARLY : NO_DC_CODE;
            at += entry >> 5;
            size = entry & 31;
            if (size == 16) {
                difference = 32768;
            } else {
                difference = value_of(window(data, at) >> (16 - size), size);
                at += size;
            }
            left = i >= components ? now[i - components] : 0;
            up = row ? above[i] : 0;
            corner = row && i >= components ? above[i - components] : 0;
            if (!row)
                guess = i < components ? middle : left;
            else if (i < components)
                guess = up;
            else
                guess = predictor == 1   ? left
                        : predictor == 2 ? up
                        : predictor == 3 ? corner
                        : predictor == 4 ? left + up - corner
                        : predictor == 5 ? left + ((up - corner) >> 1)
                        : predictor == 6 ? up + ((left - corner) >> 1)
                                         : (left + up) >> 1;
            cut |= (guess + difference) & 0xFFFF & ~mask;
            now[i] = (uint16_t)((guess + difference) & mask);
        }
    }
    *position = at;
    *wrapped |= cut;
    return at > length ? ENDS_EARLY : FINE;
}

/* Unpacks an RLE segment until `pixels` bytes are there; each is put `step` bytes behind the one before.

   used is set to the bytes that were read. FINE, TOO_MANY where a run goes on beyond the last pixel, ENDS_EARLY where
   the segment ends before it. */
PUBLIC int dcmaudit_unpack(const uint8_t *data, int64_t length, uint8_t *out, int64_t step, int64_t pixels,
                           int64_t *used)
{
    int64_t at = 0, done = 0;
    while (done < pixels) {
        int64_t count;
        if (at >= length)
            return ENDS_EARLY;
        if (data[at] == 128) { /* says nothing */
            at++;
            continue;
        }
        count = data[at] < 128 ? data[at] + 1 : 257 - data[at];
        if (count > pixels - done)
            return TOO_MANY;
        if (data[at] < 128) {
            if (at + 1 + count > length)
                return ENDS_EARLY;
            for (int64_t i = 0; i < count; i++)
                out[(done + i) * step] = data[at + 1 + i];
            at += 1 + count;
        } else {
            if (at + 2 > length)
                return ENDS_EARLY;
            for (int64_t i = 0; i < count; i++)
                out[(done + i) * step] = data[at + 1];
            at += 2;
        }
        done += count;
    }
    *used = at;
    return FINE;
}

/* Copies the runs of an RLE segment that make up `pixels` bytes, without the bytes that say nothing, into `out`, which
   has room for `length` bytes. written is set to the bytes that were copied. Results as of dcmaudit_unpack. */
PUBLIC int dcmaudit_runs(const uint8_t *data, int64_t length, uint8_t *out, int64_t pixels, int64_t *written)
{
    int64_t at = 0, done = 0, to = 0;
    while (done < pixels) {
        int64_t count, size;
        if (at >= length)
            return ENDS_EARLY;
        if (data[at] == 128) {
            at++;
            continue;
        }
        count = data[at] < 128 ? data[at] + 1 : 257 - data[at];
        size = data[at] < 128 ? 1 + count : 2;
        if (count > pixels - done)
            return TOO_MANY;
        if (at + size > length)
            return ENDS_EARLY;
        for (int64_t i = 0; i < size; i++)
            out[to + i] = data[at + i];
        at += size;
        to += size;
        done += count;
    }
    *written = to;
    return FINE;
}
