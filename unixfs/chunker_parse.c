/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chunkers by name, taking and refusing what boxo's chunker/parse.go does. */
#include <nixipfs/unixfs.h>

#include "multiformats/base/slice.h"
#include "unixfs/chunker.h"

enum { DEFAULT_SIZE = 256 * 1024, PARTS_MAX = 4 };

/* Takes what stands before the next @separator off the front of @rest. */
static struct nipfs_slice take_part(struct nipfs_slice *rest, char separator)
{
	const uint8_t *const end =
	    rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
	const size_t n = end ? (size_t)(end - rest->ptr) : rest->len;
	const struct nipfs_slice part = nipfs__slice(rest->ptr, n);

	*rest = nipfs__slice_skip(*rest, end ? n + 1 : n);
	return part;
}

/* The parts of @text between dashes, at most PARTS_MAX; returns how many there are. */
static size_t split(const char *text, struct nipfs_slice *parts)
{
	struct nipfs_slice rest = nipfs__slice_str(text);
	size_t n = 1;

	for (const char *p = text; *p; p++)
		n += *p == '-';
	for (size_t i = 0; i < n && i < PARTS_MAX; i++)
		parts[i] = take_part(&rest, '-');
	return n;
}

/* Digits after an optional plus sign; a minus sign has ended the part already. */
static int parse_number(struct nipfs_slice text, uint32_t *out)
{
	uint32_t v = 0;

	if (text.len && text.ptr[0] == '+')
		text = nipfs__slice_skip(text, 1);
	if (text.len == 0)
		return NIPFS_E_INVALID;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return NIPFS_E_INVALID;
		/* saturates: everything over the limit is the same */
		if (v <= NIPFS_CHUNK_MAX)
			v = v * 10 + (text.ptr[i] - '0');
	}
	*out = v;
	return 0;
}

/* "16", or "min:16"; as in boxo, only the first and the last label count. */
static int parse_labelled(struct nipfs_slice text, const char *label, uint32_t *out)
{
	struct nipfs_slice rest = text, last = take_part(&rest, ':');

	if (last.len != text.len && !nipfs__slice_eq(last, nipfs__slice_str(label)))
		return NIPFS_E_INVALID;
	while (last.ptr + last.len != text.ptr + text.len)
		last = take_part(&rest, ':');
	return parse_number(last, out);
}

static int parse_size(const struct nipfs_slice *parts, size_t n,
		      struct nipfs_chunker *out)
{
	uint32_t size = 0;
	const int r = n == 2 ? parse_number(parts[1], &size) : NIPFS_E_INVALID;

	if (r < 0)
		return r;
	if (size == 0 || size > NIPFS_CHUNK_MAX)
		return NIPFS_E_LIMIT;
	*out = (struct nipfs_chunker){ NIPFS_CHUNKER_SIZE, 0, size, size };
	return 0;
}

static int rabin_of_average(uint32_t avg, struct nipfs_chunker *out)
{
	const uint32_t min = avg / 3, max = avg + avg / 2;

	if (max > NIPFS_CHUNK_MAX)
		return NIPFS_E_LIMIT;
	*out = (struct nipfs_chunker){ NIPFS_CHUNKER_RABIN, min, avg, max };
	/* below its window Kubo's rabin never cuts: a file is one chunk of any size */
	if (min < NIPFS__RABIN_WINDOW)
		out->max = NIPFS_BLOCK_MAX;
	return 0;
}

static int parse_rabin(const struct nipfs_slice *parts, size_t n,
		       struct nipfs_chunker *out)
{
	struct nipfs_chunker c = { NIPFS_CHUNKER_RABIN, 0, DEFAULT_SIZE, 0 };
	int r;

	if (n == 1)
		return rabin_of_average(c.avg, out);
	if (n == 2) {
		r = parse_number(parts[1], &c.avg);
		return r < 0 ? r : rabin_of_average(c.avg, out);
	}
	if (n != PARTS_MAX || parse_labelled(parts[1], "min", &c.min) < 0 ||
	    parse_labelled(parts[2], "avg", &c.avg) < 0 ||
	    parse_labelled(parts[3], "max", &c.max) < 0)
		return NIPFS_E_INVALID;
	if (c.min < NIPFS__RABIN_WINDOW || c.min >= c.avg || c.avg >= c.max ||
	    c.max > NIPFS_CHUNK_MAX)
		return NIPFS_E_LIMIT;
	*out = c;
	return 0;
}

int nipfs_chunker_parse(const char *text, struct nipfs_chunker *out)
{
	struct nipfs_slice parts[PARTS_MAX];
	const size_t n = split(text, parts);

	if (!*text || strcmp(text, "default") == 0) {
		*out = (struct nipfs_chunker){ NIPFS_CHUNKER_SIZE, 0, DEFAULT_SIZE,
					       DEFAULT_SIZE };
		return 0;
	}
	if (nipfs__slice_eq(parts[0], nipfs__slice_str("size")))
		return parse_size(parts, n, out);
	if (nipfs__slice_eq(parts[0], nipfs__slice_str("rabin")))
		return parse_rabin(parts, n, out);
	/* whatever follows a dash is nothing to it */
	if (!nipfs__slice_eq(parts[0], nipfs__slice_str("buzhash")))
		return NIPFS_E_INVALID;
	*out = (struct nipfs_chunker){ NIPFS_CHUNKER_BUZHASH, 0, 0, NIPFS__BUZHASH_MAX };
	return 0;
}
