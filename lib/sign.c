/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Valid paths of a store signed, after a look at what they hold. */
#include <nixipfs/sign.h>

#include <stdlib.h>
#include <string.h>

#include <nixipfs/disk.h>

#include "lib/nar_check.h"
#include "lib/nix/signature.h"
#include "multiformats/base/array.h"
#include "multiformats/base/err.h"

struct signer {
	struct nipfs_store *store;
	const struct nipfs_secret_key *key;
	const struct nipfs_sign_options *options;
	struct nipfs_progress_meter meter;
	struct nipfs_store_path *paths; /* in the order in which they are signed */
	size_t n, cap;
};

/* ---- which paths ---------------------------------------------------------- */

static int take_path(void *ctx, const struct nipfs_store_path *path, struct nipfs_error *err)
{
	struct signer *s = ctx;
	struct nipfs_store_path *paths =
		nipfs__array_room(s->paths, s->n, &s->cap, sizeof(*paths));
	struct nipfs_path_info info;
	int r;

	if (!paths)
		return nipfs__fail_nomem(err);
	s->paths = paths;
	s->paths[s->n++] = *path;
	if (!s->options->progress || s->options->trust_nar_hash)
		return 0;
	r = nipfs_store_query(s->store, path, &info, err);
	if (r < 0)
		return r;
	s->meter.event.total += info.nar_size;
	nipfs_path_info_release(&info);
	return 0;
}

static int choose_paths(struct signer *s, const struct nipfs_store_path *paths, size_t n,
			struct nipfs_error *err)
{
	struct nipfs_store_path *asked_for = calloc(n, sizeof(*asked_for));
	int r;

	if (!asked_for)
		return nipfs__fail_nomem(err);
	memcpy(asked_for, paths, n * sizeof(*paths));
	n = nipfs_store_path_sort(asked_for, n);
	r = nipfs_store_add_temp_roots(s->store, asked_for, n, err);
	if (r >= 0 && s->options->recursive)
		r = nipfs_store_closure(s->store, asked_for, n, take_path, s, err);
	for (size_t i = 0; r >= 0 && !s->options->recursive && i < n; i++)
		r = take_path(s, &asked_for[i], err);
	free(asked_for);
	return r < 0 ? r : 0;
}

/* ---- one path ------------------------------------------------------------- */

static int check_contents(struct signer *s, struct nipfs_path_info *info,
			  struct nipfs_error *err)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	struct nipfs__nar_check check;
	int r = nipfs__nar_check_begin(&check, info, &s->meter, err);

	if (r < 0)
		return r;
	r = nipfs_disk_tree(nipfs_store_dirfd(s->store), info->path.base, NULL, &limits,
			    &check.sink, err);
	/* a row of an old Nix may not have the size: it is known now */
	return nipfs__nar_check_end(&check, r, &info->nar_size, err);
}

static bool has_sig(const struct nipfs_path_info *info, const char *sig)
{
	for (size_t i = 0; i < info->n_sigs; i++)
		if (strcmp(info->sigs[i], sig) == 0)
			return true;
	return false;
}

static int sign_info(struct signer *s, struct nipfs_path_info *info, struct nipfs_error *err)
{
	char sig[NIPFS_KEY_TEXT_MAX];
	const char *const sigs[] = { sig };
	struct nipfs_signed done = { .path = info->path, .sig = sig };
	int r = s->options->trust_nar_hash ? 0 : check_contents(s, info, err);

	if (r == 0)
		r = nipfs__path_info_make_sig(info, nipfs_store_dir(s->store), s->key, sig, err);
	if (r < 0)
		return r;
	done.known = has_sig(info, sig);
	if (!done.known)
		r = nipfs_store_add_signatures(s->store, &info->path, sigs, 1, err);
	if (r == 0 && s->options->done)
		r = s->options->done(s->options->ctx, &done, err);
	return r;
}

int nipfs_store_sign(struct nipfs_store *store, const struct nipfs_secret_key *key,
		     const struct nipfs_store_path *paths, size_t n,
		     const struct nipfs_sign_options *options, struct nipfs_error *err)
{
	static const struct nipfs_sign_options defaults;
	struct signer s = { .store = store, .key = key,
			    .options = options ? options : &defaults };
	int r;

	s.meter.progress = s.options->progress;
	s.meter.event.phase = NIPFS_PHASE_VERIFY;
	r = choose_paths(&s, paths, n, err);
	for (size_t i = 0; r == 0 && i < s.n; i++) {
		struct nipfs_path_info info;

		r = nipfs_cancel_check(err);
		if (r == 0)
			r = nipfs_store_query(store, &s.paths[i], &info, err);
		if (r < 0)
			break;
		r = sign_info(&s, &info, err);
		nipfs_path_info_release(&info);
	}
	free(s.paths);
	return r;
}
