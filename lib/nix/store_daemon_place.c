/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A path on its way into a store behind Nix's daemon: its NAR goes out as it comes in, in
 * frames, and is nowhere as a whole (reference nix.md §0.1, §4).
 */
#include <string.h>

#include "lib/nix/store_daemon.h"
#include "multiformats/base/err.h"

int nipfs__remote_upload(struct nipfs_store *store, struct nipfs__daemon **out,
			 struct nipfs_error *err)
{
	struct nipfs__store_remote *remote = store->remote;
	int r = 0;

	if (!remote->upload)
		r = nipfs__daemon_open(&remote->upload, &remote->options, err);
	*out = remote->upload;
	return r;
}

/* The next one gets a new connection: whether this one is in step need not be known. */
static void drop_upload(struct nipfs_store *store)
{
	nipfs__daemon_close(store->remote->upload);
	store->remote->upload = NULL;
}

static int send(struct nipfs_placement *p, const void *bytes, size_t len,
		struct nipfs_error *err)
{
	return len ? nipfs__daemon_send(p->store->remote->upload, bytes, len, err) : 0;
}

/*
 * The last bytes are held back until all is checked: what is not complete is never
 * taken, whatever becomes of us.
 */
static int write_nar(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct nipfs_placement *p = ctx;
	const size_t all = p->n_tail + bytes->len;
	const size_t rest = all < sizeof(p->tail) ? all : sizeof(p->tail);
	size_t from_tail, from_bytes;
	int r;

	from_tail = all - rest < p->n_tail ? all - rest : p->n_tail;
	from_bytes = all - rest - from_tail;
	r = send(p, p->tail, from_tail, err);
	if (r == 0)
		r = send(p, bytes->ptr, from_bytes, err);
	if (r < 0)
		return r;
	memmove(p->tail, p->tail + from_tail, p->n_tail - from_tail);
	p->n_tail -= from_tail;
	memcpy(p->tail + p->n_tail, bytes->ptr + from_bytes, bytes->len - from_bytes);
	p->n_tail += bytes->len - from_bytes;
	return 0;
}

static int begin_upload(struct nipfs_placement *p, struct nipfs_error *err)
{
	const struct nipfs_nar_output output = { write_nar, p };
	struct nipfs_store *store = p->store;
	struct nipfs__daemon *upload;
	int r = nipfs_nar_writer_new(&p->nar, &output, p->info.nar_size, err);

	if (r == 0)
		r = nipfs__remote_upload(store, &upload, err);
	/* A daemon that does not trust this user checks signatures all the same. */
	if (r == 0)
		r = nipfs__daemon_add_nar_begin(upload, &p->info, true, err);
	if (r < 0)
		drop_upload(store);
	return r;
}

static void end(struct nipfs_placement *p)
{
	nipfs_nar_writer_free(p->nar);
	nipfs__placement_free(p);
}

int nipfs__remote_begin(struct nipfs_store *store, const struct nipfs_path_info *info,
			struct nipfs_placement **out, uint8_t *have, struct nipfs_error *err)
{
	struct nipfs_placement *p;
	/* First the roots, then the questions: what is valid now stays so. */
	int r = nipfs_store_add_temp_roots(store, &info->path, 1, err);

	if (r == 0)
		r = nipfs_store_add_temp_roots(store, info->refs, info->n_refs, err);
	if (r == 0)
		r = nipfs__placement_check_valid(store, &info->path, have, err);
	if (r == 0)
		r = nipfs__placement_check_refs(store, info, err);
	if (r == 0)
		r = nipfs__placement_new(store, info, &p, err);
	if (r != 0)
		return r;
	r = begin_upload(p, err);
	if (r < 0)
		end(p);
	else
		*out = p;
	return r;
}

struct nipfs_tree_sink nipfs__remote_sink(struct nipfs_placement *p)
{
	return nipfs_nar_writer_sink(p->nar);
}

int nipfs__remote_finish(struct nipfs_placement *p, struct nipfs_error *err)
{
	return nipfs_nar_writer_finish(p->nar, NULL, err);
}

int nipfs__remote_commit(struct nipfs_placement **take_placements, size_t n,
			 struct nipfs_error *err)
{
	struct nipfs_placement *p = take_placements[0];
	int r = send(p, p->tail, p->n_tail, err);

	(void)n;
	if (r == 0)
		r = nipfs__daemon_add_nar_end(p->store->remote->upload, err);
	if (r < 0) {
		nipfs__prefix(err, "'%s'", p->info.path.base);
		drop_upload(p->store);
	}
	end(p);
	return r;
}

void nipfs__remote_abort(struct nipfs_placement *p)
{
	nipfs__daemon_abort(p->store->remote->upload);
	end(p);
}
