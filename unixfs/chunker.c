/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chunkers: fixed size, rabin, buzhash. */
#include "unixfs/chunker.h"

#include <assert.h>
#include <string.h>

#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"

/* The irreducible polynomial of Kubo's rabin, and its degree. */
#define RABIN_POLYNOMIAL 0x3df305dfb2a805ull
enum { RABIN_DEGREE = 53 };

#define BUZHASH_MASK ((1u << 17) - 1)

/* v mod the polynomial; v has at most 8 bits above its degree. */
static uint64_t rabin_mod(uint64_t v)
{
	for (int bit = 7; bit >= 0; bit--)
		if (v >> (RABIN_DEGREE + bit) & 1)
			v ^= RABIN_POLYNOMIAL << bit;
	return v;
}

static void rabin_tables(struct nipfs__chunker *c)
{
	for (uint64_t byte = 0; byte < 256; byte++) {
		const uint64_t shifted = byte << RABIN_DEGREE;
		uint64_t v = byte;

		for (int i = 0; i < NIPFS__RABIN_WINDOW - 1; i++)
			v = rabin_mod(v << 8);
		c->slide_out[byte] = v;
		c->reduce[byte] = rabin_mod(shifted) | shifted;
	}
}

void nipfs__chunker_init(struct nipfs__chunker *c, const struct nipfs_chunker *params)
{
	memset(c, 0, sizeof(*c));
	c->params = *params;
	if (params->kind == NIPFS_CHUNKER_RABIN) {
		rabin_tables(c);
		while (c->mask < params->avg >> 1)
			c->mask = c->mask << 1 | 1;
	}
	nipfs__chunker_restart(c);
}

void nipfs__chunker_restart(struct nipfs__chunker *c)
{
	c->len = 0;
	c->digest = 0;
	c->at = 0;
	if (c->params.kind == NIPFS_CHUNKER_RABIN) {
		/* the upstream code slides in a byte 1 before the first */
		memset(c->window, 0, sizeof(c->window));
		c->window[0] = 1;
		c->at = 1;
		c->digest = 1;
	}
}

static size_t feed_size(struct nipfs__chunker *c, struct nipfs_slice in, bool *cut)
{
	const size_t n = nipfs__min_size(in.len, c->params.avg - c->len);

	c->len += (uint32_t)n;
	*cut = c->len == c->params.avg;
	return n;
}

/* Passes over the bytes of a chunk before position @until, which no hash sees. */
static size_t skip(struct nipfs__chunker *c, size_t n, uint32_t until)
{
	const size_t skipped = c->len < until ? nipfs__min_size(n, until - c->len) : 0;

	c->len += (uint32_t)skipped;
	return skipped;
}

static size_t feed_rabin(struct nipfs__chunker *c, struct nipfs_slice in, bool *cut)
{
	const uint32_t min = c->params.min, max = c->params.max;
	size_t i = skip(c, in.len, min - NIPFS__RABIN_WINDOW);
	uint64_t digest = c->digest;

	*cut = false;
	while (i < in.len && !*cut) {
		const uint8_t byte = in.ptr[i++];

		digest ^= c->slide_out[c->window[c->at]];
		c->window[c->at] = byte;
		c->at = (c->at + 1) % NIPFS__RABIN_WINDOW;
		digest = (digest << 8 | byte) ^ c->reduce[digest >> (RABIN_DEGREE - 8)];
		c->len++;
		*cut = c->len >= min && ((digest & c->mask) == 0 || c->len == max);
	}
	c->digest = digest;
	return i;
}

static size_t feed_buzhash(struct nipfs__chunker *c, struct nipfs_slice in, bool *cut)
{
	size_t i = skip(c, in.len, NIPFS__BUZHASH_MIN - NIPFS__CHUNKER_WINDOW);
	uint32_t state = (uint32_t)c->digest;

	*cut = false;
	while (i < in.len && !*cut) {
		const uint8_t byte = in.ptr[i++];

		state = state << 1 | state >> 31;
		/* until the window is full nothing slides out of it */
		if (c->len >= NIPFS__BUZHASH_MIN)
			state ^= nipfs__buzhash_table[c->window[c->at]];
		state ^= nipfs__buzhash_table[byte];
		c->window[c->at] = byte;
		c->at = (c->at + 1) % NIPFS__CHUNKER_WINDOW;
		c->len++;
		*cut = c->len >= NIPFS__BUZHASH_MIN &&
		       ((state & BUZHASH_MASK) == 0 || c->len == NIPFS__BUZHASH_MAX);
	}
	c->digest = state;
	return i;
}

size_t nipfs__chunker_feed(struct nipfs__chunker *c, struct nipfs_slice in, bool *cut)
{
	size_t n = in.len;

	assert(in.len > 0);
	switch (c->params.kind) {
	case NIPFS_CHUNKER_SIZE:
		n = feed_size(c, in, cut);
		break;
	case NIPFS_CHUNKER_RABIN:
		if (c->params.min < NIPFS__RABIN_WINDOW)
			*cut = false;
		else
			n = feed_rabin(c, in, cut);
		break;
	case NIPFS_CHUNKER_BUZHASH:
		n = feed_buzhash(c, in, cut);
		break;
	}
	if (*cut)
		nipfs__chunker_restart(c);
	return n;
}
