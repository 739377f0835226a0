/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A whole DAG as one CAR. */
#include "lib/ipfs/subtree.h"

#include <stdio.h>

#include <nixipfs/progress.h>
#include <nixipfs/unixfs.h>

#include "lib/blocks/hash.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slab.h"
#include "multiformats/base/slice.h"

enum {
	PATIENCE_MS = 1500, /* for the next block */
	WAIT_MS = 50,
	SECTIONS_TRIED = 16, /* after so many it is looked how fast they come */
	SECTION_MS_MAX = 8,  /* it fetches one after another: many at once are faster */
	ASTRAY_MAX = 8
};

/* ---- the input of the reader ---------------------------------------------------------- */

/* The next bytes; waits for them, as for those that are left of a section. */
static int read_bytes(void *ctx, void *buf, size_t n, size_t *got, struct nipfs_error *err)
{
	struct nipfs__subtree *t = ctx;
	const uint64_t until = nipfs__http_now(t->http) + PATIENCE_MS;
	int r = 0;

	while ((*got = nipfs__http_take(t->transfer, buf, n)) == 0 &&
	       t->transfer->state == NIPFS__TRANSFER_RUNS) {
		r = nipfs_cancel_check(err);
		if (r < 0 || nipfs__http_now(t->http) > until)
			return r < 0 ? r : NIPFS_E_UNREACHABLE;
		nipfs__http_run(t->http, WAIT_MS);
	}
	return 0;
}

static bool has_bytes(const struct nipfs__transfer *t)
{
	return t->taken.len > t->used || t->state == NIPFS__TRANSFER_DONE;
}

/* ---- beginning and ending -------------------------------------------------------------- */

int nipfs__subtree_begin(struct nipfs__subtree *t, struct nipfs__http *h,
			 const struct nipfs__origin *o, size_t origin,
			 const struct nipfs_cid *root, struct nipfs_error *err)
{
	char text[NIPFS_CID_TEXT_MAX], path[NIPFS_CID_TEXT_MAX + 64];
	const struct nipfs__http_request request = {
		.endpoint = &o->gateway,
		.path = path,
		.body = NIPFS__HTTP_TAKE,
		.accept = "application/vnd.ipld.car; version=1; order=dfs; dups=n",
		.only_cached = true,
		.follow = true,
	};
	int r;

	nipfs__subtree_end(t);
	(void)nipfs_cid_format(root, text);
	(void)snprintf(path, sizeof(path), "/ipfs/%s?format=car&dag-scope=all", text);
	t->http = h;
	t->origin = origin;
	r = nipfs__http_start(h, &request, &t->transfer, err);
	t->moved = nipfs__http_now(h);
	return r;
}

static void end_transfer(struct nipfs__subtree *t)
{
	nipfs_car_reader_free(t->reader);
	t->reader = NULL;
	nipfs__http_end(t->http, t->transfer);
	t->transfer = NULL;
}

void nipfs__subtree_end(struct nipfs__subtree *t)
{
	end_transfer(t);
	for (size_t i = 0; i < t->n; i++)
		nipfs_slab_unref(t->held[i].slab);
	t->n = 0;
	t->bytes = 0;
	t->astray = t->sections = 0;
}

static bool is_full(const struct nipfs__subtree *t)
{
	return t->n == NIPFS__SUBTREE_BLOCKS || t->bytes >= NIPFS__SUBTREE_BYTES;
}

bool nipfs__subtree_goes_on(const struct nipfs__subtree *t)
{
	return t->transfer && !is_full(t);
}

void nipfs__subtree_went_astray(struct nipfs__subtree *t)
{
	if (t->transfer && ++t->astray >= ASTRAY_MAX)
		end_transfer(t);
}

/* ---- blocks ---------------------------------------------------------------------------- */

/* Whether it lets us wait: for one block, or for all of them. */
static bool is_slow(const struct nipfs__subtree *t)
{
	const uint64_t now = nipfs__http_now(t->http);

	return now > t->moved + PATIENCE_MS ||
	       (t->sections >= SECTIONS_TRIED &&
		now - t->transfer->begun > (uint64_t)t->sections * SECTION_MS_MAX);
}

static int copy_block(const struct nipfs_car_section *section, struct nipfs_slice bytes,
		      struct nipfs__subtree_block *out)
{
	struct nipfs_slab *slab = NULL;

	if (bytes.len) {
		if (nipfs__slab_new(bytes.len, &slab) < 0)
			return NIPFS_E_NOMEM;
		memcpy(nipfs__slab_data(slab), bytes.ptr, bytes.len);
	}
	*out = (struct nipfs__subtree_block){ section->cid, slab, bytes.len };
	return 0;
}

static int read_block(struct nipfs__subtree *t, struct nipfs__subtree_block *out,
		      struct nipfs_error *err)
{
	const struct nipfs_car_input input = { read_bytes, NULL, t, "CAR" };
	struct nipfs_car_section section;
	struct nipfs_slice bytes;
	int r = 0;

	if (!t->reader)
		r = nipfs_car_reader_new(&t->reader, &input, err);
	if (r == 0)
		r = nipfs_car_reader_next(t->reader, &section, err);
	if (r == 0)
		r = nipfs_car_reader_block(t->reader, &bytes, err);
	if (r == 0)
		r = nipfs_cid_verify(&section.cid, bytes);
	if (r == 0)
		r = copy_block(&section, bytes, out);
	return r;
}

int nipfs__subtree_next(struct nipfs__subtree *t, struct nipfs__subtree_block *out,
			struct nipfs_error *err)
{
	struct nipfs_error why;
	int r;

	if (!nipfs__subtree_goes_on(t))
		return 1;
	if (!has_bytes(t->transfer) && !is_slow(t))
		return 1;
	/* an answer of another kind is no CAR, whatever it is */
	r = has_bytes(t->transfer) && !is_slow(t) ? read_block(t, out, &why) : 1;
	if (r == 0) {
		t->sections++;
		t->moved = nipfs__http_now(t->http);
		return 0;
	}
	end_transfer(t);
	if (r == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(err);
	if (r == NIPFS_E_CANCELLED)
		return nipfs__fail(err, r, "interrupted");
	return r == NIPFS_E_MISMATCH ? r : 1;
}

/* Where a block is held; t->n: nowhere. */
static size_t find(const struct nipfs__subtree *t, const struct nipfs_cid *cid)
{
	size_t i = 0;

	while (i < t->n && !nipfs__same_multihash(&t->held[i].cid, cid))
		i++;
	return i;
}

void nipfs__subtree_hold(struct nipfs__subtree *t, const struct nipfs__subtree_block *take_block)
{
	if (find(t, &take_block->cid) < t->n) {
		nipfs_slab_unref(take_block->slab);
		return;
	}
	t->held[t->n++] = *take_block;
	t->bytes += take_block->len;
}

bool nipfs__subtree_take(struct nipfs__subtree *t, const struct nipfs_cid *cid,
			 struct nipfs__subtree_block *out)
{
	const size_t i = find(t, cid);

	if (i == t->n)
		return false;
	/* it may have waited for room: that is not its fault */
	if (is_full(t))
		t->moved = nipfs__http_now(t->http);
	*out = t->held[i];
	t->bytes -= out->len;
	memmove(&t->held[i], &t->held[i + 1], (--t->n - i) * sizeof(t->held[0]));
	return true;
}
