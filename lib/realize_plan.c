/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a realize would do, without doing it. */
#include <nixipfs/realize.h>

#include <stdlib.h>
#include <string.h>

#include <nixipfs/closure.h>

#include "lib/plan_tree.h"
#include "lib/realize_choice.h"
#include "lib/realize_trust.h"
#include "lib/reuse.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"

struct nipfs_plan_before {
	struct nipfs__given given;
};

/*
 * @store: NULL: there is none
 * @given: what plans before this one would place
 * @first: what the real run would fail with: the first of several
 */
struct planner {
	struct nipfs_store *store;
	const struct nipfs_plan_options *options;
	const struct nipfs__given *given;
	struct nipfs__reuse reuse;
	struct nipfs_closure *closure;
	struct nipfs_store_path *asked_for; /* sorted */
	size_t n_asked_for;
	struct nipfs_closure_set set;
	enum nipfs_trust *trust; /* for each of the set */
	bool all_trusted;
	struct nipfs__plan_trees *trees;
	struct nipfs_plan plan;
	struct nipfs_error first;
};

/* Whether a failure is that of the plan, and not one that the real run would have. */
static bool is_own(int code)
{
	return code == NIPFS_E_NOMEM || code == NIPFS_E_CANCELLED;
}

static int tell(struct planner *z, struct nipfs_planned *path, struct nipfs_error *err)
{
	path->store_dir = nipfs_closure_store_dir(z->closure);
	return z->options->planned ? z->options->planned(z->options->ctx, path, err) : 0;
}

static void keep_first(struct planner *z, const struct nipfs_error *why)
{
	if (z->first.code == 0)
		z->first = *why;
}

static bool is_asked_for(const struct planner *z, const struct nipfs_store_path *path)
{
	return nipfs_store_path_find(z->asked_for, z->n_asked_for, path);
}

/* Whether a path is in the store, or would be by then. */
static int is_there(const struct planner *z, const struct nipfs_store_path *path,
		    struct nipfs_error *err)
{
	if (nipfs__given_find(z->given, path))
		return 1;
	return z->store ? nipfs_store_is_valid(z->store, path, err) : 0;
}

/* ---- what is valid --------------------------------------------------------------- */

static int stop_at_valid(void *ctx, const struct nipfs_store_path *path,
			 struct nipfs_error *err)
{
	struct planner *z = ctx;
	struct nipfs_realized valid = { .path = *path };
	struct nipfs_planned planned = { .path = *path,
					 .how = NIPFS_PLANNED_VALID,
					 .asked_for = is_asked_for(z, path) };
	int r = is_there(z, path, err);

	if (r <= 0)
		return r;
	if (!planned.asked_for)
		return 1;
	r = nipfs__compare_valid(z->store, z->given, z->closure, &valid, err);
	if (r < 0)
		return r;
	planned.differs = valid.differs;
	memcpy(planned.nar_hash, valid.nar_hash, sizeof(planned.nar_hash));
	memcpy(planned.have_hash, valid.have_hash, sizeof(planned.have_hash));
	r = tell(z, &planned, err);
	return r < 0 ? r : 1;
}

/* A path that is another would end the real run before all else. */
static int check_same(struct planner *z, struct nipfs_error *err)
{
	struct nipfs_error why = { 0 };
	int r;

	if (!z->options->strict)
		return 0;
	r = nipfs__check_same(z->store, z->given, z->closure, z->asked_for, z->n_asked_for, &why);
	if (r == NIPFS_E_MISMATCH) {
		keep_first(z, &why);
		return 0;
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

/* ---- what is not ------------------------------------------------------------------ */

static int settle(struct planner *z, const struct nipfs_closure_set *set, enum nipfs_trust *out,
		  struct nipfs_error *err)
{
	const struct nipfs_trust_policy *policy = &z->options->trust;
	const char *store_dir = nipfs_closure_store_dir(z->closure);
	int r = 0;

	if (z->store)
		return nipfs__settle_trust(z->store, policy, set, out, err);
	for (size_t i = 0; r == 0 && i < set->n; i++)
		r = nipfs_trust_check(policy, &set->infos[i], store_dir, &out[i], err);
	return r;
}

/* Trust is settled for all paths before anything else can fail. */
static int settle_all(struct planner *z, struct nipfs_error *err)
{
	struct nipfs_error why = { 0 };
	int r;

	z->trust = calloc(z->set.n + 1, sizeof(*z->trust));
	if (!z->trust)
		return nipfs__fail_nomem(err);
	r = settle(z, &z->set, z->trust, &why);
	z->all_trusted = r == 0;
	if (r < 0)
		keep_first(z, &why);
	if (is_own(r) && err)
		*err = why;
	return is_own(r) ? r : 0;
}

/* One path, when something is wrong with one of them. */
static bool is_trusted(struct planner *z, size_t i, struct nipfs_planned *planned,
		       struct nipfs_error *why)
{
	const struct nipfs_closure_set one = { .infos = &z->set.infos[i],
					       .trees = &z->set.trees[i],
					       .n = 1 };

	planned->trust = z->trust[i];
	return z->all_trusted || settle(z, &one, &planned->trust, why) == 0;
}

static void add(uint64_t *to, uint64_t n)
{
	if (nipfs__add_u64(*to, n, to) || *to > INT64_MAX)
		*to = INT64_MAX;
}

static void add_size(struct nipfs_plan_size *to, const struct nipfs_plan_size *size)
{
	add(&to->here_blocks, size->here_blocks);
	add(&to->here_bytes, size->here_bytes);
	add(&to->fetch_blocks, size->fetch_blocks);
	add(&to->fetch_bytes, size->fetch_bytes);
	to->partial = to->partial || size->partial;
}

static int plan_path(struct planner *z, size_t i, struct nipfs_error *err)
{
	const struct nipfs_path_info *info = &z->set.infos[i];
	struct nipfs_planned planned = { .path = info->path,
					 .how = NIPFS_PLANNED_PLACE,
					 .asked_for = is_asked_for(z, &info->path),
					 .nar_size = info->nar_size };
	struct nipfs_error why = { 0 }, block = { 0 };

	planned.trusted = is_trusted(z, i, &planned, &why);
	if (nipfs__plan_tree(z->trees, &z->set.trees[i], info->nar_size,
			     nipfs__slice_str(info->path.base), &planned.size, &block) < 0) {
		if (is_own(block.code)) {
			if (err)
				*err = block;
			return block.code;
		}
		nipfs__prefix(&block, "'%s'", info->path.base);
		keep_first(z, &block);
		why = why.code ? why : block;
	}
	planned.problem = why.code;
	planned.message = why.msg;
	z->plan.paths++;
	add(&z->plan.nar_size, info->nar_size);
	add_size(&z->plan.size, &planned.size);
	return tell(z, &planned, err);
}

/* What is referred to and not included: it is missing unless it is in the store. */
static int plan_missing(struct planner *z, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf names = NIPFS_BUF_INIT(700);
	struct nipfs_error why;
	int r = 0;

	for (size_t i = 0; r == 0 && i < z->set.n_missing; i++) {
		struct nipfs_planned planned = { .path = z->set.missing[i],
						 .how = NIPFS_PLANNED_MISSING };

		r = is_there(z, &planned.path, err);
		if (r != 0) {
			r = r < 0 ? r : 0;
			continue;
		}
		/* as many names as there is room for */
		if (nipfs__buf_printf(&names, "%s'%s'", z->plan.missing ? ", " : "",
				      planned.path.base) < 0)
			names.max = names.len;
		z->plan.missing++;
		r = tell(z, &planned, err);
	}
	if (z->plan.missing == 0)
		return r;
	(void)nipfs__fail(&why, NIPFS_E_NOTFOUND,
			  "%llu %s referred to, not included in the closure, and not in this "
			  "store, where Nix's substituters would be asked: %.*s",
			  (unsigned long long)z->plan.missing,
			  z->plan.missing == 1 ? "path is" : "paths are",
			  NIPFS_FMT(nipfs__buf_slice(&names)));
	keep_first(z, &why);
	return r;
}

static int plan_all(struct planner *z, struct nipfs_error *err)
{
	int r = settle_all(z, err);

	if (r == 0)
		r = plan_missing(z, err);
	if (r == 0)
		r = nipfs__plan_trees_new(&z->trees, z->reuse.source, z->options->index,
					  z->options->reuse, z->options->progress, err);
	for (size_t i = 0; r == 0 && i < z->set.n; i++)
		r = plan_path(z, i, err);
	return r;
}

static bool is_likely_there(void *ctx, const struct nipfs_store_path *path)
{
	return is_there(ctx, path, NULL) > 0;
}

static int collect(struct planner *z, struct nipfs_error *err)
{
	int r = nipfs__choose_paths(z->closure, z->options->wanted, &z->asked_for,
				    &z->n_asked_for, err);

	if (r == 0)
		r = check_same(z, err);
	if (r == 0)
		r = nipfs_closure_collect(z->closure, z->asked_for, z->n_asked_for,
					  stop_at_valid, is_likely_there, z, &z->set, err);
	return r;
}

int nipfs_realize_plan(struct nipfs_store *store, struct nipfs_block_source *source,
		       const struct nipfs_cid *closure,
		       const struct nipfs_plan_options *options, struct nipfs_plan *out,
		       struct nipfs_error *err)
{
	static const struct nipfs__given nothing;
	struct planner z = { .store = store,
			     .options = options,
			     .given = options->before ? &options->before->given : &nothing };
	int r = nipfs__reuse_init(&z.reuse, source, options->index, options->reuse, NULL, NULL,
				  err);

	if (r == 0)
		r = nipfs_closure_open(&z.closure, z.reuse.source, closure,
				       store ? nipfs_store_dir(store) : options->store_dir, err);
	if (r == 0)
		r = collect(&z, err);
	if (r == 0)
		r = plan_all(&z, err);
	if (r == 0 && options->before)
		r = nipfs__given_add(&options->before->given, &z.set, err);
	z.plan.complete = r == 0;
	*out = z.plan;
	if (r == 0) {
		r = z.first.code;
		if (r < 0 && err)
			*err = z.first;
	}
	nipfs__plan_trees_free(z.trees);
	nipfs_closure_set_release(&z.set);
	nipfs_closure_free(z.closure);
	nipfs__reuse_release(&z.reuse);
	free(z.asked_for);
	free(z.trust);
	return r;
}

int nipfs_plan_before_new(struct nipfs_plan_before **out, struct nipfs_error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : nipfs__fail_nomem(err);
}

void nipfs_plan_before_free(struct nipfs_plan_before *before)
{
	if (before)
		nipfs__given_release(&before->given);
	free(before);
}
