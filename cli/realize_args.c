/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is to be realized: closures and paths of them, as they are typed or read. */
#include "cli/realize_args.h"

#include <stdlib.h>
#include <string.h>

#include <nixipfs/closure.h>
#include <nixipfs/dag.h>

#include "cli/error.h"
#include "cli/output.h"
#include "cli/stdin_lines.h"

/* ---- CIDs and store paths ------------------------------------------------------ */

static int add_ref(struct realize_args *a, const char *typed, struct nipfs_error *err)
{
	a->refs = xgrow(a->refs, a->n_refs, &a->cap_refs, sizeof(*a->refs));
	if (ref_parse(typed, &a->refs[a->n_refs], err) < 0)
		return err->code;
	a->n_refs++;
	return 0;
}

/* A CID is never a base name, nor in /nix/store; but one with its bytes in it may look
 * like a hash part, which no closure can. */
static bool is_hash_part(const char *typed)
{
	return nipfs_store_hash_part_is_valid(text_slice(typed));
}

int realize_args_parse(struct realize_args *out, int n_args, char **args, bool from_stdin,
		       struct nipfs_error *err)
{
	struct nipfs_error no_cid;
	int i = 0;

	while (i < n_args && !is_hash_part(args[i]) && add_ref(out, args[i], &no_cid) == 0)
		i++;
	out->names = args + i;
	out->n_names = n_args - i;
	if (i == 0 && n_args > 0 && !from_stdin && is_hash_part(args[0]))
		return cli_fill(err, NIPFS_E_USAGE,
				"'%s' is the hash part of a store path: the CID of a closure "
				"comes first", args[0]);
	if (i == 0 && n_args > 0 && !from_stdin)
		return add_ref(out, args[0], err);
	for (; i < n_args; i++)
		if (!is_hash_part(args[i]) && add_ref(out, args[i], &no_cid) == 0)
			return cli_fill(err, NIPFS_E_USAGE,
					"the CID '%s' stands behind the store path '%s': CIDs "
					"come first", args[i], args[i - 1]);
	return 0;
}

static int take_line(void *ctx, const char *line, struct nipfs_error *err)
{
	return add_ref(ctx, line, err);
}

int realize_args_read(struct realize_args *out, bool null, struct nipfs_error *err)
{
	return stdin_lines(null, take_line, out, err);
}

/* ---- closures ------------------------------------------------------------------ */

static struct nipfs_slice trim(struct nipfs_slice path)
{
	while (path.len && path.ptr[0] == '/') {
		path.ptr++;
		path.len--;
	}
	while (path.len && path.ptr[path.len - 1] == '/')
		path.len--;
	return path;
}

/* Takes the last name off a path. */
static struct nipfs_slice last_name(struct nipfs_slice *path)
{
	size_t begin = path->len;
	struct nipfs_slice name;

	while (begin && path->ptr[begin - 1] != '/')
		begin--;
	name = (struct nipfs_slice){ path->ptr + begin, path->len - begin };
	path->len = begin;
	*path = trim(*path);
	return name;
}

static bool is_name(struct nipfs_slice name, const char *text)
{
	return name.len == strlen(text) && memcmp(name.ptr, text, name.len) == 0;
}

/* What a target may have at most: its own name, and all others. */
static void name_path(struct realize_args *a, struct realize_target *t,
		      const struct nipfs_store_path *path)
{
	if (!t->named) {
		free(t->paths);
		t->paths = xcalloc((size_t)a->n_names + 1, sizeof(*t->paths));
		t->wanted = xcalloc((size_t)a->n_names + 2, sizeof(*t->wanted));
		t->named = true;
		t->n = 0;
	}
	for (size_t i = 0; i < t->n; i++)
		if (nipfs_store_path_compare(&t->paths[i], path) == 0)
			return;
	t->paths[t->n] = *path;
	t->wanted[t->n] = t->paths[t->n].base;
	t->n++;
}

static int select_path(struct realize_args *a, struct realize_target *t,
		       struct nipfs_closure *closure, const char *name, struct nipfs_error *err)
{
	struct nipfs_store_path path;
	const int r = nipfs_closure_select(closure, name, &path, err);

	if (r == 0)
		name_path(a, t, &path);
	return r;
}

static char *text_of(const uint8_t *ptr, size_t len)
{
	char *text = xcalloc(len + 1, 1);

	memcpy(text, ptr, len);
	return text;
}

/* The NAME of a symlink to store/NAME, for free(); NULL for anything else. */
static char *name_in_store(struct nipfs_block_source *source, const struct nipfs_cid *cid)
{
	static const char store[] = "store/";
	const size_t skip = sizeof(store) - 1;
	char target[NIPFS_STORE_PATH_MAX];
	struct nipfs_entry what;

	if (nipfs_dag_stat(source, cid, &what, target, sizeof(target), NULL) < 0 ||
	    what.kind != NIPFS_SYMLINK || what.target.len <= skip ||
	    memcmp(what.target.ptr, store, skip) != 0)
		return NULL;
	return text_of(what.target.ptr + skip, what.target.len - skip);
}

/*
 * The closure that a CID with a path means, and the path of it, which is for free():
 * CID/store/NAME, and CID/result, which is a symlink to such a one.
 */
static int find_closure(struct nipfs_block_source *source, const struct ref *ref,
			struct nipfs_cid *closure, char **name, struct nipfs_error *err)
{
	const struct nipfs_slice path = trim(ref->path);
	struct nipfs_slice parent = path, above;
	const struct nipfs_slice last = last_name(&parent);
	int r;

	*name = NULL;
	above = parent;
	if (is_name(last_name(&above), "store") && last.len > 0) {
		*name = text_of(last.ptr, last.len);
		return nipfs_dag_resolve(source, &ref->cid, above, closure, err);
	}
	r = nipfs_dag_resolve(source, &ref->cid, path, closure, err);
	if (r < 0 || path.len == 0)
		return r;
	*name = name_in_store(source, closure);
	return *name ? nipfs_dag_resolve(source, &ref->cid, parent, closure, err) : 0;
}

/* @taken: of each store path, whether a closure before has it. */
static int resolve_target(struct realize_args *a, struct nipfs_block_source *source,
			  const struct ref *ref, bool *taken, struct nipfs_error *err)
{
	struct realize_target *t = &a->targets[a->n_targets++];
	struct nipfs_closure *closure = NULL;
	char *name;
	int r = find_closure(source, ref, &t->closure, &name, err);

	if (r == 0)
		r = nipfs_closure_open(&closure, source, &t->closure, NULL, err);
	if (r == 0 && name)
		r = select_path(a, t, closure, name, err);
	for (int i = 0; r == 0 && i < a->n_names; i++) {
		if (taken[i])
			continue;
		r = select_path(a, t, closure, a->names[i], err);
		taken[i] = r == 0;
		if (r == NIPFS_E_NOTFOUND && a->n_refs > 1)
			r = 0;
	}
	if (r == 0 && !t->named && a->n_names == 0)
		r = nipfs_closure_results(closure, &t->paths, &t->n, err);
	if (r == 0 && !t->named && a->n_names == 0 && t->n == 0)
		r = cli_fill(err, NIPFS_E_USAGE,
			     "the closure has no 'result': name the store paths to realize");
	nipfs_closure_free(closure);
	free(name);
	return r;
}

int realize_args_resolve(struct realize_args *a, struct nipfs_block_source *source,
			 struct nipfs_error *err)
{
	bool *taken = xcalloc((size_t)a->n_names + 1, sizeof(*taken));
	int r = 0;

	a->targets = xcalloc(a->n_refs, sizeof(*a->targets));
	for (size_t i = 0; r == 0 && i < a->n_refs; i++)
		r = resolve_target(a, source, &a->refs[i], taken, err);
	for (int i = 0; r == 0 && i < a->n_names; i++)
		if (!taken[i])
			r = cli_fill(err, NIPFS_E_NOTFOUND,
				     "'%s' is not included in any of the closures", a->names[i]);
	free(taken);
	return r;
}

void realize_args_release(struct realize_args *a)
{
	for (size_t i = 0; i < a->n_refs; i++)
		ref_release(&a->refs[i]);
	for (size_t i = 0; i < a->n_targets; i++) {
		free(a->targets[i].paths);
		free(a->targets[i].wanted);
	}
	free(a->refs);
	free(a->targets);
	*a = (struct realize_args){ .refs = NULL };
}
