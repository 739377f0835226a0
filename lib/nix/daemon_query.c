/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a Nix daemon is asked, and what it does for a word. */
#include "lib/nix/daemon_conn.h"

#include <stdlib.h>

#include "multiformats/base/err.h"

static int begin_path(struct nipfs__daemon *d, enum nipfs__daemon_op op,
		      const struct nipfs_store_path *path)
{
	const int r = nipfs__daemon_begin(d, op);

	return r < 0 ? r : nipfs__wire_put_path(&d->request, d->store_dir, path);
}

int nipfs__daemon_is_valid(struct nipfs__daemon *d, const struct nipfs_store_path *path,
			   struct nipfs_error *err)
{
	bool valid = false;
	int r = begin_path(d, NIPFS__OP_IS_VALID_PATH, path);

	if (r == 0)
		r = nipfs__daemon_ask(d);
	if (r == 0)
		r = nipfs__wire_get_bool(&d->reader, &valid, &d->error);
	return nipfs__daemon_end(d, r < 0 ? r : valid, err);
}

static int read_info(struct nipfs__daemon *d, struct nipfs_path_info *info)
{
	bool valid = false;
	int r = nipfs__wire_get_bool(&d->reader, &valid, &d->error);

	if (r == 0 && !valid) {
		d->talking = false;
		return nipfs__fail(&d->error, NIPFS_E_NOTFOUND,
				   "'%s/%s' is not a valid path of the store", d->store_dir,
				   info->path.base);
	}
	if (r == 0)
		r = nipfs__wire_get_facts(&d->reader, d->store_dir, info, &d->error);
	if (r == 0)
		r = nipfs__wire_get_claims(&d->reader, info, &d->error);
	if (r == NIPFS_E_UNSUPPORTED)
		d->talking = false; /* read to the end, and not understood */
	return r;
}

int nipfs__daemon_query(struct nipfs__daemon *d, const struct nipfs_store_path *path,
			struct nipfs_path_info *out, struct nipfs_error *err)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	int r = begin_path(d, NIPFS__OP_QUERY_PATH_INFO, path);

	info.path = *path;
	if (r == 0)
		r = nipfs__daemon_ask(d);
	if (r == 0)
		r = read_info(d, &info);
	if (r == 0)
		*out = info;
	else
		nipfs_path_info_release(&info);
	return nipfs__daemon_end(d, r, err);
}

static int read_found(struct nipfs__daemon *d, struct nipfs_slice hash_part,
		      struct nipfs_store_path *out)
{
	struct nipfs_store_path found;
	bool any = false;
	int r = nipfs__wire_get_path(&d->reader, d->store_dir, &any, &found, &d->error);

	if (r < 0)
		return r;
	d->talking = false;
	if (!any)
		return nipfs__fail(&d->error, NIPFS_E_NOTFOUND, "no valid path of the store has "
				   "the hash part '%.*s'", NIPFS_FMT(hash_part));
	if (memcmp(found.base, hash_part.ptr, hash_part.len) != 0)
		return nipfs__fail(&d->error, NIPFS_E_INVALID, "asked for the hash part '%.*s', "
				   "the Nix daemon answered '%s'", NIPFS_FMT(hash_part),
				   found.base);
	*out = found;
	return 0;
}

int nipfs__daemon_find_hash_part(struct nipfs__daemon *d, struct nipfs_slice hash_part,
				 struct nipfs_store_path *out, struct nipfs_error *err)
{
	int r;

	if (!nipfs_store_hash_part_is_valid(hash_part))
		return nipfs__fail(err, NIPFS_E_INVALID, "'%.*s' is not the hash part of a path",
				   NIPFS_FMT(hash_part));
	r = nipfs__daemon_begin(d, NIPFS__OP_QUERY_PATH_FROM_HASH_PART);
	if (r == 0)
		r = nipfs__wire_put_string(&d->request, hash_part);
	if (r == 0)
		r = nipfs__daemon_ask(d);
	if (r == 0)
		r = read_found(d, hash_part, out);
	return nipfs__daemon_end(d, r, err);
}

static int read_paths(struct nipfs__daemon *d, int r, struct nipfs_store_path **out, size_t *n,
		      struct nipfs_error *err)
{
	if (r == 0)
		r = nipfs__daemon_ask(d);
	if (r == 0)
		r = nipfs__wire_get_paths(&d->reader, d->store_dir, NIPFS__WIRE_LIST_MAX, out, n,
					  &d->error);
	return nipfs__daemon_end(d, r, err);
}

int nipfs__daemon_referrers(struct nipfs__daemon *d, const struct nipfs_store_path *path,
			    struct nipfs_store_path **out, size_t *n, struct nipfs_error *err)
{
	return read_paths(d, begin_path(d, NIPFS__OP_QUERY_REFERRERS, path), out, n, err);
}

int nipfs__daemon_all_valid(struct nipfs__daemon *d, struct nipfs_store_path **out, size_t *n,
			    struct nipfs_error *err)
{
	return read_paths(d, nipfs__daemon_begin(d, NIPFS__OP_QUERY_ALL_VALID_PATHS), out, n,
			  err);
}

/* ---- what is answered with a 1 ---------------------------------------------------- */

static int command(struct nipfs__daemon *d, int r, struct nipfs_error *err)
{
	bool done = false;

	if (r == 0)
		r = nipfs__daemon_ask(d);
	if (r == 0)
		r = nipfs__wire_get_bool(&d->reader, &done, &d->error);
	if (r == 0 && !done)
		r = nipfs__fail(&d->error, NIPFS_E_INVALID,
				"the Nix daemon at '%s' answered 0 where only 1 is known",
				d->name);
	return nipfs__daemon_end(d, r, err);
}

int nipfs__daemon_ensure(struct nipfs__daemon *d, const struct nipfs_store_path *path,
			 struct nipfs_error *err)
{
	return command(d, begin_path(d, NIPFS__OP_ENSURE_PATH, path), err);
}

int nipfs__daemon_add_temp_root(struct nipfs__daemon *d, const struct nipfs_store_path *path,
				struct nipfs_error *err)
{
	return command(d, begin_path(d, NIPFS__OP_ADD_TEMP_ROOT, path), err);
}

int nipfs__daemon_add_indirect_root(struct nipfs__daemon *d, const char *link,
				    struct nipfs_error *err)
{
	int r = nipfs__daemon_begin(d, NIPFS__OP_ADD_INDIRECT_ROOT);

	if (r == 0)
		r = nipfs__wire_put_string(&d->request, nipfs__slice_str(link));
	return command(d, r, err);
}

/* A sorted set of them into @out. */
static int check_sigs(const char *const *sigs, size_t n, struct nipfs_path_info *out,
		      struct nipfs_error *err)
{
	for (size_t i = 0; i < n; i++) {
		const int r = nipfs_path_info_add_sig(out, nipfs__slice_str(sigs[i]));

		if (r < 0)
			return nipfs__fail(err, r, "cannot add the signature '%s': %s", sigs[i],
					   nipfs_err_text(r));
	}
	return 0;
}

int nipfs__daemon_add_signatures(struct nipfs__daemon *d, const struct nipfs_store_path *path,
				 const char *const *sigs, size_t n, struct nipfs_error *err)
{
	struct nipfs_path_info set = NIPFS_PATH_INFO_INIT;
	int r = check_sigs(sigs, n, &set, err);

	if (r == 0) {
		r = begin_path(d, NIPFS__OP_ADD_SIGNATURES, path);
		if (r == 0)
			r = nipfs__wire_put_strings(&d->request, (const char *const *)set.sigs,
						    set.n_sigs);
		r = command(d, r, err);
	}
	nipfs_path_info_release(&set);
	return r;
}
