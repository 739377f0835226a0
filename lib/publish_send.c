/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks on their way to a node: a CAR in several requests. */
#include <stdlib.h>

#include <nixipfs/car.h>
#include <nixipfs/sources.h>

#include "lib/publish.h"
#include "lib/root_walk.h"
#include "multiformats/base/err.h"

enum {
	IMPORT_PATIENCE_S = 600, /* it says nothing until it has written everything */
	RECORDS = 2 * NIPFS__REQUEST_BLOCKS
};

/* ---- one request ------------------------------------------------------------------------ */

static int see_import(void *ctx, const json_t *object, struct nipfs_error *err)
{
	const json_t *stats = json_object_get(object, "Stats");
	const char *problem = nipfs__rpc_text(json_object_get(object, "Root"), "PinErrorMsg");
	struct nipfs__sender *s = ctx;

	if (problem && *problem)
		return nipfs__fail(err, NIPFS_E_REFUSED, "%s: dag/import: %.400s",
				   nipfs__rpc_name(s->rpc), problem);
	s->taken += nipfs__rpc_number(stats, "BlockCount");
	return 0;
}

static int put(void *ctx, struct nipfs_slice head, const struct nipfs_span *block,
	       struct nipfs_error *err)
{
	struct nipfs__sender *s = ctx;
	int r = nipfs__rpc_upload_put(s->upload, head, err);

	if (r == 0 && block)
		r = nipfs__rpc_upload_put(
			s->upload, (struct nipfs_slice){ block->ptr, block->len }, err);
	s->node_failed = r < 0;
	return r;
}

static int begin_request(struct nipfs__sender *s, struct nipfs_error *err)
{
	static const struct nipfs__rpc_param params[] = { { "pin-roots", "false" },
							  { "allow-big-block", "true" },
							  { "stats", "true" },
							  { "fast-provide-root", "false" },
							  { NULL, NULL } };
	const struct nipfs__rpc_call call = { .command = "dag/import",
					      .params = params,
					      .patience_s = IMPORT_PATIENCE_S,
					      .line = see_import,
					      .ctx = s };
	const struct nipfs_car_output out = { put, s };
	int r = nipfs__rpc_upload_begin(&s->upload, s->rpc, &call, err);

	s->taken = 0;
	return r < 0 ? r : nipfs_car_put_header(&out, NULL, 0, err);
}

/* What is known to be there, now that the request is taken. */
static int record(struct nipfs__sender *s, struct nipfs_error *err)
{
	const int r = nipfs__published_add(s->published, s->blocks, s->n, err);

	s->n = 0;
	return r;
}

int nipfs__send_end(struct nipfs__sender *s, struct nipfs_error *err)
{
	struct nipfs__rpc_upload *upload = s->upload;
	int r;

	if (!upload)
		return record(s, err);
	s->upload = NULL;
	r = nipfs__rpc_upload_end(upload, err);
	if (r == 0 && s->taken != s->n_sent)
		r = nipfs__fail(err, NIPFS_E_REFUSED,
				"%s: dag/import: it took %llu of %zu blocks and does not say why",
				nipfs__rpc_name(s->rpc), (unsigned long long)s->taken, s->n_sent);
	s->node_failed = r < 0;
	if (r < 0)
		return r;
	s->stats->requests++;
	s->stats->blocks += s->n_sent;
	s->stats->bytes += s->bytes;
	s->n_sent = 0;
	s->bytes = 0;
	return record(s, err);
}

/* ---- the walk ---------------------------------------------------------------------------- */

static bool is_identity(const struct nipfs_cid *cid)
{
	return cid->hash == NIPFS_HASH_IDENTITY;
}

/* What the node has is left out, with all below it where it has that, too. */
static int is_new(void *ctx, const struct nipfs_cid *cid, struct nipfs_error *err)
{
	struct nipfs__sender *s = ctx;
	const struct nipfs_seen seen = nipfs_seen_set_seen(s->seen);
	int r = seen.add(seen.ctx, cid, err);

	if (r <= 0 || is_identity(cid))
		return r;
	r = nipfs__published_find(s->published, cid, err);
	if (r < 0)
		return r;
	return r == 0 || (r == 1 && cid->codec != NIPFS_CODEC_RAW);
}

static int send_block(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		      struct nipfs_error *err)
{
	struct nipfs__sender *s = ctx;
	const struct nipfs_car_output out = { put, s };
	int r = nipfs_cancel_check(err);

	/* of what has links it is not known yet whether the block itself is there */
	if (r == 0 && cid->codec != NIPFS_CODEC_RAW)
		r = nipfs__published_find(s->published, cid, err);
	if (r != 0 || is_identity(cid))
		return r < 0 ? r : 0;
	if (!s->upload)
		r = begin_request(s, err);
	if (r == 0)
		r = nipfs_car_put_block(&out, cid, block, err);
	if (r < 0)
		return r;
	s->blocks[s->n++] =
		(struct nipfs__published_block){ nipfs__published_key(cid), false };
	s->n_sent++;
	s->bytes += block->len;
	s->event.done += block->len;
	s->event.items++;
	nipfs_progress_report(s->progress, &s->event);
	if (s->bytes >= NIPFS__REQUEST_BYTES || s->n_sent == NIPFS__REQUEST_BLOCKS ||
	    s->n == RECORDS)
		return nipfs__send_end(s, err);
	return 0;
}

int nipfs__send_whole(struct nipfs__sender *s, const struct nipfs_cid *cid,
		      struct nipfs_error *err)
{
	if (is_identity(cid) || cid->codec == NIPFS_CODEC_RAW)
		return 0;
	s->blocks[s->n++] =
		(struct nipfs__published_block){ nipfs__published_key(cid), true };
	return s->n == RECORDS ? nipfs__send_end(s, err) : 0;
}

static int note_whole(void *ctx, const struct nipfs_cid *cid, struct nipfs_error *err)
{
	return nipfs__send_whole(ctx, cid, err);
}

static int walk(struct nipfs__sender *s, const struct nipfs_cid *root, struct nipfs_error *err)
{
	const struct nipfs__root_walk w = { .source = s->source,
					    .seen = { is_new, s },
					    .each = send_block,
					    .whole = note_whole,
					    .ctx = s };
	int r = nipfs__root_walk(&w, root, err);

	if (r == 0)
		r = nipfs__send_whole(s, root, err);
	return r < 0 ? r : nipfs__send_end(s, err);
}

int nipfs__send_begin(struct nipfs__sender *s, struct nipfs_error *err)
{
	int r = nipfs_seen_set_new(&s->seen, 0, err);

	if (r < 0)
		return r;
	s->blocks = calloc(RECORDS, sizeof(*s->blocks));
	s->n = s->n_sent = 0;
	s->bytes = 0;
	s->node_failed = false;
	if (s->blocks)
		return 0;
	nipfs__send_stop(s);
	return nipfs__fail_nomem(err);
}

int nipfs__send_made(struct nipfs__sender *s, const struct nipfs_cid *cid,
		     const struct nipfs_span *block, struct nipfs_error *err)
{
	const int r = is_new(s, cid, err);

	return r <= 0 ? r : send_block(s, cid, block, err);
}

void nipfs__send_stop(struct nipfs__sender *s)
{
	nipfs__rpc_upload_abort(s->upload);
	s->upload = NULL;
	free(s->blocks);
	s->blocks = NULL;
	nipfs_seen_set_free(s->seen);
	s->seen = NULL;
}

int nipfs__send(struct nipfs__sender *s, const struct nipfs_cid *root, struct nipfs_error *err)
{
	int r = nipfs__send_begin(s, err);

	if (r == 0)
		r = walk(s, root, err);
	nipfs__send_stop(s);
	return r;
}

/* ---- what the node has -------------------------------------------------------------------- */

struct learner {
	struct nipfs__published *published;
	struct nipfs__published_block *blocks;
	size_t n;
};

static int learn_block(void *ctx, const json_t *object, struct nipfs_error *err)
{
	struct learner *l = ctx;
	struct nipfs_cid cid;
	int r = 0;

	if (!nipfs__rpc_cid(object, "Ref", &cid) || is_identity(&cid))
		return 0;
	l->blocks[l->n++] =
		(struct nipfs__published_block){ nipfs__published_key(&cid), false };
	if (l->n == RECORDS) {
		r = nipfs__published_add(l->published, l->blocks, l->n, err);
		l->n = 0;
	}
	return r;
}

int nipfs__learn(struct nipfs__sender *s, struct nipfs_error *err)
{
	struct learner l = { .published = s->published,
			     .blocks = calloc(RECORDS, sizeof(*l.blocks)) };
	const struct nipfs__rpc_call call = { .command = "refs/local",
					      .line = learn_block,
					      .ctx = &l };
	struct nipfs_error why = { .code = 0 };
	int r = l.blocks ? nipfs__published_forget(s->published, err) : nipfs__fail_nomem(err);

	if (r < 0) {
		free(l.blocks);
		return r;
	}
	r = nipfs__rpc_call(s->rpc, &call, &why);
	if (r == 0)
		r = nipfs__published_add(s->published, l.blocks, l.n, &why);
	free(l.blocks);
	if (r == NIPFS_E_CANCELLED || r == NIPFS_E_NOMEM || r == NIPFS_E_SYS) {
		if (err)
			*err = why;
		return r;
	}
	/* then all of it is sent again */
	return r < 0 ? nipfs__published_forget(s->published, err) : 0;
}
