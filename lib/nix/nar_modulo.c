/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hash of a stream modulo self-references. */
#include "lib/nix/nar_modulo.h"

#include "multiformats/base/num.h"

enum { OFFSETS_MAX = 16 << 20 };

void nipfs__nar_modulo_init(struct nipfs__nar_modulo *m, const uint8_t *self)
{
	*m = (struct nipfs__nar_modulo){ .offsets = NIPFS_BUF_INIT(OFFSETS_MAX) };
	memcpy(m->self, self, sizeof(m->self));
	nipfs__sha256_init(&m->sha256);
}

void nipfs__nar_modulo_release(struct nipfs__nar_modulo *m)
{
	nipfs__buf_release(&m->offsets);
}

static void take(struct nipfs__nar_modulo *m, const uint8_t *bytes, size_t n)
{
	nipfs__sha256_update(&m->sha256, nipfs__slice(bytes, n));
	m->offset += n;
}

/* An occurrence stands at the current offset. */
static int take_self(struct nipfs__nar_modulo *m)
{
	static const uint8_t zeros[NIPFS__HASH_PART];
	const int r =
	    nipfs__buf_printf(&m->offsets, "|%llu", (unsigned long long)m->offset);

	if (r == 0) {
		take(m, zeros, sizeof(zeros));
		m->count++;
	}
	return r;
}

/*
 * Looks for occurrences that begin in the held bytes; moves @bytes past one
 * that ends in it. Afterwards nothing is held, or all of @bytes is.
 */
static int search_held(struct nipfs__nar_modulo *m, struct nipfs_slice *bytes)
{
	uint8_t window[2 * NIPFS__HASH_PART];
	const size_t n_new = nipfs__min_size(bytes->len, NIPFS__HASH_PART - 1);
	const size_t n = m->n_held + n_new;
	const uint8_t *found;
	size_t before;

	memcpy(window, m->held, m->n_held);
	memcpy(window + m->n_held, bytes->ptr, n_new);
	found = memmem(window, n, m->self, sizeof(m->self));
	if (found) {
		before = (size_t)(found - window);
		take(m, window, before);
		*bytes = nipfs__slice_skip(*bytes, before + NIPFS__HASH_PART - m->n_held);
		m->n_held = 0;
		return take_self(m);
	}
	if (n_new < bytes->len) {
		take(m, window, m->n_held);
		m->n_held = 0;
		return 0;
	}
	/* hold the last bytes of the window, and of them no more than may be needed */
	before = n < NIPFS__HASH_PART ? 0 : n - (NIPFS__HASH_PART - 1);
	take(m, window, before);
	m->n_held = n - before;
	memcpy(m->held, window + before, m->n_held);
	*bytes = nipfs__slice_skip(*bytes, n_new);
	return 0;
}

int nipfs__nar_modulo_update(struct nipfs__nar_modulo *m, struct nipfs_slice bytes)
{
	const uint8_t *found;
	int r = 0;

	if (bytes.len == 0)
		return 0;
	if (m->n_held)
		r = search_held(m, &bytes);
	while (r == 0 &&
	       (found = memmem(bytes.ptr, bytes.len, m->self, sizeof(m->self)))) {
		const size_t before = (size_t)(found - bytes.ptr);

		take(m, bytes.ptr, before);
		r = take_self(m);
		bytes = nipfs__slice_skip(bytes, before + NIPFS__HASH_PART);
	}
	if (r == 0 && bytes.len) {
		m->n_held = nipfs__min_size(bytes.len, NIPFS__HASH_PART - 1);
		take(m, bytes.ptr, bytes.len - m->n_held);
		memcpy(m->held, bytes.ptr + bytes.len - m->n_held, m->n_held);
	}
	return r;
}

void nipfs__nar_modulo_final(struct nipfs__nar_modulo *m, uint8_t *digest,
			     uint8_t *without_offsets)
{
	struct nipfs_sha256 copy;

	take(m, m->held, m->n_held);
	copy = m->sha256;
	nipfs__sha256_final(&copy, without_offsets);
	nipfs__sha256_update(&m->sha256, nipfs__buf_slice(&m->offsets));
	nipfs__sha256_final(&m->sha256, digest);
}
