/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths through closures, and which tree is meant where one is wanted: the result. */
#include <nixipfs/resolve.h>

#include <nixipfs/dag.h>

#include "dag/block.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

enum { TARGET_MAX = 4096, HASH_PART = 32, NAMES_MAX = 600 };
/* What the steps answer when this is no closure, or no result of one. */
enum { ELSE = 1 };

static bool is_base_name(struct nipfs_slice name)
{
	return name.len >= HASH_PART + 2 && name.ptr[HASH_PART] == '-' &&
	       !memchr(name.ptr, '/', name.len);
}

/* "store/HASHPART-NAME": the base name, empty when @target is something else. */
static struct nipfs_slice base_name(struct nipfs_slice target)
{
	static const char prefix[] = "store/";
	const size_t skip = sizeof(prefix) - 1;

	if (target.len < skip || memcmp(target.ptr, prefix, skip) != 0 ||
	    !is_base_name(nipfs__slice_skip(target, skip)))
		return nipfs__slice("", 0);
	return nipfs__slice_skip(target, skip);
}

/* nipfs_dag_lookup() with ELSE where there is no such name. */
static int find(struct nipfs_block_source *source, const struct nipfs_cid *dir,
		struct nipfs_slice name, struct nipfs_dir_entry *out,
		struct nipfs_error *err)
{
	const int r = nipfs_dag_lookup(source, dir, name, out, err);

	return r == NIPFS_E_NOTFOUND ? ELSE : r;
}

/* The tree of the path @base of the closure @dir. */
static int closure_tree(struct nipfs_block_source *source, const struct nipfs_cid *dir,
			struct nipfs_slice base, struct nipfs_cid *tree,
			struct nipfs_error *err)
{
	char narinfo[HASH_PART + sizeof(".narinfo")];
	struct nipfs_dir_entry found;
	int r;

	memcpy(narinfo, base.ptr, HASH_PART);
	memcpy(narinfo + HASH_PART, ".narinfo", sizeof(".narinfo"));
	r = find(source, dir, nipfs__slice_str(narinfo), &found, err);
	if (r)
		return r;
	r = nipfs_dag_lookup(source, dir, nipfs__slice_str("store"), &found, err);
	if (r == 0)
		r = nipfs_dag_lookup(source, &found.cid, base, &found, err);
	if (r == 0)
		*tree = found.cid;
	return r;
}

/* The tree that the result @name of the closure @dir leads to. */
static int result_tree(struct nipfs_block_source *source, const struct nipfs_cid *dir,
		       struct nipfs_slice name, struct nipfs_cid *tree,
		       struct nipfs_error *err)
{
	struct nipfs_dir_entry link;
	char target[TARGET_MAX];
	struct nipfs_entry entry;
	struct nipfs_slice base;
	int r = find(source, dir, name, &link, err);

	if (r == 0)
		r = nipfs_dag_stat(source, &link.cid, &entry, target, sizeof(target),
				   err);
	if (r)
		return r;
	base =
	    entry.kind == NIPFS_SYMLINK ? base_name(entry.target) : nipfs__slice("", 0);
	return base.len ? closure_tree(source, dir, base, tree, err) : ELSE;
}

static bool is_result_name(struct nipfs_slice name)
{
	static const char prefix[] = "result";

	return name.len >= sizeof(prefix) - 1 &&
	       memcmp(name.ptr, prefix, sizeof(prefix) - 1) == 0;
}

static int add_result_name(void *ctx, const struct nipfs_dir_entry *entry,
			   struct nipfs_error *err)
{
	struct nipfs_buf *names = ctx;

	(void)err;
	/* a list that is cut short still says what to do */
	if (is_result_name(entry->name))
		(void)!nipfs__buf_printf(names, "%s%.*s", names->len ? ", " : "",
					 NIPFS_FMT(entry->name));
	return 0;
}

static int several_results(struct nipfs_block_source *source, const struct nipfs_cid *dir,
			   struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf names = NIPFS_BUF_INIT(NAMES_MAX);
	const int r = nipfs_dag_list(source, dir, add_result_name, &names, err);

	if (r < 0)
		return r;
	return nipfs__fail(
	    err, NIPFS_E_USAGE,
	    "the closure has several results, add to the CID which one: %.*s",
	    NIPFS_FMT(nipfs__buf_slice(&names)));
}

/* The `result` of the closure @dir, or @dir itself when it is none. */
static int whole_tree(struct nipfs_block_source *source, const struct nipfs_cid *dir,
		      struct nipfs_cid *tree, struct nipfs_error *err)
{
	struct nipfs_dir_entry second;
	struct nipfs_entry entry;
	char target[TARGET_MAX];
	int r = nipfs_dag_stat(source, dir, &entry, target, sizeof(target), err);

	if (r < 0)
		return r;
	r = ELSE;
	if (entry.kind == NIPFS_DIRECTORY)
		r = result_tree(source, dir, nipfs__slice_str("result"), tree, err);
	if (r == ELSE)
		*tree = *dir;
	if (r)
		return r < 0 ? r : 0;
	r = find(source, dir, nipfs__slice_str("result-1"), &second, err);
	if (r == 0)
		return several_results(source, dir, err);
	return r < 0 ? r : 0;
}

/* The first name of @path, which loses it; empty at the end. */
static struct nipfs_slice take_name(struct nipfs_slice *path)
{
	size_t begin = 0, end;

	while (begin < path->len && path->ptr[begin] == '/')
		begin++;
	for (end = begin; end < path->len && path->ptr[end] != '/'; end++)
		;
	path->ptr += end;
	path->len -= end;
	return nipfs__slice(path->ptr - (end - begin), end - begin);
}

/* The tree of the closure @root that @path begins with the name of; @rest goes on in it. */
static int tree_named(struct nipfs_block_source *source, const struct nipfs_cid *root,
		      struct nipfs_slice path, struct nipfs_cid *tree,
		      struct nipfs_slice *rest, struct nipfs_error *err)
{
	struct nipfs_slice first, base;

	*rest = path;
	first = take_name(rest);
	if (is_result_name(first))
		return result_tree(source, root, first, tree, err);
	base = take_name(rest);
	if (!nipfs__slice_eq(first, nipfs__slice_str("store")) || !is_base_name(base))
		return ELSE;
	return closure_tree(source, root, base, tree, err);
}

/* Who takes a closure for its tree is told where that is. */
static int not_in_closure(struct nipfs_block_source *source, const struct nipfs_cid *root,
			  struct nipfs_slice path, struct nipfs_error *err)
{
	const struct nipfs_slice first = take_name(&path);
	struct nipfs_dir_entry found;
	struct nipfs_cid tree;

	if (!is_result_name(first) && find(source, root, first, &found, NULL) == ELSE &&
	    result_tree(source, root, nipfs__slice_str("result"), &tree, NULL) == 0)
		return nipfs__fail(err, NIPFS_E_NOTFOUND,
				   "'%.*s' is not in the closure '%s', whose tree is in 'result'",
				   NIPFS_FMT(first), nipfs__cid_str(root).text);
	return NIPFS_E_NOTFOUND;
}

/*
 * Follows a path. Return: 0, ELSE when what it leads to is not inside of a store object of
 * a closure and may be a closure itself, or negative.
 */
static int resolve(struct nipfs_block_source *source, const struct nipfs_cid *root,
		   struct nipfs_slice path, struct nipfs_cid *out, struct nipfs_error *err)
{
	struct nipfs_cid tree;
	struct nipfs_slice rest;
	int r;

	if (!path.len)
		path = nipfs__slice("", 0);
	r = tree_named(source, root, path, &tree, &rest, err);
	if (r == 0)
		return nipfs_dag_resolve(source, &tree, rest, out, err);
	if (r < 0)
		return r;
	r = nipfs_dag_resolve(source, root, path, out, err);
	if (r == NIPFS_E_NOTFOUND)
		return not_in_closure(source, root, path, err);
	return r < 0 ? r : ELSE;
}

int nipfs_resolve_path(struct nipfs_block_source *source, const struct nipfs_cid *root,
		       struct nipfs_slice path, struct nipfs_cid *out,
		       struct nipfs_error *err)
{
	const int r = resolve(source, root, path, out, err);

	return r < 0 ? r : 0;
}

int nipfs_resolve_tree(struct nipfs_block_source *source, const struct nipfs_cid *root,
		       struct nipfs_slice path, struct nipfs_cid *out,
		       struct nipfs_error *err)
{
	struct nipfs_cid cid, tree;
	int r = resolve(source, root, path, &cid, err);

	if (r == 0)
		tree = cid;
	else if (r == ELSE)
		r = whole_tree(source, &cid, &tree, err);
	if (r == 0)
		*out = tree;
	return r;
}
