/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hash and the size of the NAR of a tree. */
#include <nixipfs/nar.h>

#include <stdlib.h>

#include "lib/nix/nar_modulo.h"
#include "multiformats/base/err.h"

struct nipfs_nar_hash {
	struct nipfs_nar_writer *writer;
	struct nipfs_sha256 sha256;
	bool has_self;
	struct nipfs__nar_modulo modulo;
};

static int on_write(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct nipfs_nar_hash *h = ctx;
	const struct nipfs_slice slice = nipfs__slice(bytes->ptr, bytes->len);
	int r;

	nipfs__sha256_update(&h->sha256, slice);
	if (!h->has_self)
		return 0;
	r = nipfs__nar_modulo_update(&h->modulo, slice);
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(err, r,
				   "the tree refers to itself more than a million times");
	return r < 0 ? nipfs__fail_nomem(err) : 0;
}

int nipfs_nar_hash_new(struct nipfs_nar_hash **out, struct nipfs_slice self_hash,
		       uint64_t max_size, struct nipfs_error *err)
{
	struct nipfs_nar_output output = { .write = on_write };
	struct nipfs_nar_hash *h;
	int r;

	if (self_hash.len != 0 && self_hash.len != NIPFS__HASH_PART)
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "a hash part has %d characters, not %zu",
				   NIPFS__HASH_PART, self_hash.len);
	h = calloc(1, sizeof(*h));
	if (!h)
		return nipfs__fail_nomem(err);
	output.ctx = h;
	r = nipfs_nar_writer_new(&h->writer, &output, max_size, err);
	if (r < 0) {
		free(h);
		return r;
	}
	nipfs__sha256_init(&h->sha256);
	h->has_self = self_hash.len != 0;
	if (h->has_self)
		nipfs__nar_modulo_init(&h->modulo, self_hash.ptr);
	*out = h;
	return 0;
}

struct nipfs_tree_sink nipfs_nar_hash_sink(struct nipfs_nar_hash *h)
{
	return nipfs_nar_writer_sink(h->writer);
}

int nipfs_nar_hash_result(struct nipfs_nar_hash *h, struct nipfs_nar_digest *out,
			  struct nipfs_error *err)
{
	struct nipfs_nar_digest digest = { .self_references = 0 };
	const int r = nipfs_nar_writer_finish(h->writer, &digest.size, err);

	if (r < 0)
		return r;
	nipfs__sha256_final(&h->sha256, digest.sha256);
	memcpy(digest.modulo, digest.sha256, sizeof(digest.modulo));
	memcpy(digest.modulo_2_17, digest.sha256, sizeof(digest.modulo_2_17));
	if (h->has_self) {
		nipfs__nar_modulo_final(&h->modulo, digest.modulo, digest.modulo_2_17);
		digest.self_references = h->modulo.count;
	}
	*out = digest;
	return 0;
}

void nipfs_nar_hash_free(struct nipfs_nar_hash *h)
{
	if (!h)
		return;
	nipfs_nar_writer_free(h->writer);
	if (h->has_self)
		nipfs__nar_modulo_release(&h->modulo);
	free(h);
}
