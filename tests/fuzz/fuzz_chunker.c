/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chunkers: a file is cut at the same places however its bytes come, and every
 * chunk but the last is of a size that the chunker may make.
 *
 * Input: the name of a chunker, a newline, two bytes for the size of the pieces,
 * a byte for how often what follows is repeated, and that.
 */
#include <stdio.h>
#include <stdlib.h>

#include "multiformats/base/slice.h"
#include "unixfs/chunker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* buzhash alone needs long files. */
enum { NAME_MAX_BYTES = 64, FILE_MAX = 16 * 1024, LONG_FILE_MAX = 300 * 1024 };

static void require(bool truth)
{
	if (!truth)
		abort();
}

/* A byte for each position: 1 where a chunk ends behind it. */
static uint8_t *cuts(const struct nipfs_chunker *params, struct nipfs_slice file,
		     size_t step)
{
	uint8_t *out = calloc(file.len + 1, 1);
	struct nipfs__chunker *c = malloc(sizeof(*c));
	size_t at = 0;

	require(out && c);
	nipfs__chunker_init(c, params);
	while (at < file.len) {
		const size_t left = file.len - at, n = left < step ? left : step;
		bool cut;
		const size_t used =
		    nipfs__chunker_feed(c, nipfs__slice(file.ptr + at, n), &cut);

		require(used > 0 && used <= n && (cut || used == n));
		at += used;
		if (cut)
			out[at - 1] = 1;
	}
	free(c);
	return out;
}

static void check_sizes(const struct nipfs_chunker *p, const uint8_t *cut, size_t len)
{
	const uint32_t min = p->kind == NIPFS_CHUNKER_SIZE    ? p->avg :
			     p->kind == NIPFS_CHUNKER_BUZHASH ? NIPFS__BUZHASH_MIN :
								p->min;
	size_t size = 0;

	for (size_t i = 0; i < len; i++) {
		size++;
		require(size <= p->max);
		if (cut[i]) {
			require(size >= min);
			size = 0;
		}
	}
}

static void check_file(const struct nipfs_chunker *p, struct nipfs_slice file,
		       size_t step)
{
	uint8_t *const whole = cuts(p, file, SIZE_MAX), *const pieces =
							    cuts(p, file, step);

	check_sizes(p, whole, file.len);
	require(memcmp(whole, pieces, file.len) == 0);
	free(whole);
	free(pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *const newline = size ? memchr(data, '\n', size) : NULL;
	char name[NAME_MAX_BYTES];
	struct nipfs_chunker params;
	struct nipfs_slice seed;
	size_t step, len, max;
	uint8_t *file;

	if (!newline || (size_t)(newline - data) >= sizeof(name))
		return 0;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(newline - data),
		       (const char *)data);
	seed = nipfs__slice(newline + 1, size - (size_t)(newline - data) - 1);
	if (nipfs_chunker_parse(name, &params) < 0 || seed.len < 4)
		return 0;
	step = 1 + (seed.ptr[0] | (size_t)seed.ptr[1] << 8);
	len = (seed.len - 3) * (1 + (size_t)seed.ptr[2] * 16);
	max = params.kind == NIPFS_CHUNKER_BUZHASH ? LONG_FILE_MAX : FILE_MAX;
	if (len > max)
		len = max;
	seed = nipfs__slice_skip(seed, 3);
	file = malloc(len);
	require(file);
	for (size_t i = 0; i < len; i++)
		file[i] = (uint8_t)(seed.ptr[i % seed.len] + i / seed.len);
	check_file(&params, nipfs__slice(file, len), step);
	free(file);
	return 0;
}
