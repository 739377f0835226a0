/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a closure directory (DESIGN.md §4.2, nix-ipfs-dag(5)). */
#include "lib/closure_read.h"

#include <stdio.h>
#include <stdlib.h>

#include <nixipfs/narinfo.h>

#include "dag/node.h"
#include "lib/blocks/ahead_source.h"
#include "lib/closure_dir.h"
#include "multiformats/base/array.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

/*
 * @source: what is read from: @below, or @ahead over it
 * @ahead:  NULL: nothing is hinted at
 */
struct nipfs_closure {
	struct nipfs_block_source *source, *below, *ahead;
	struct nipfs__closure_dir top, store;
	char *store_dir; /* NULL until known */
};

int nipfs_closure_open(struct nipfs_closure **out, struct nipfs_block_source *source,
		       const struct nipfs_cid *cid, const char *store_dir,
		       struct nipfs_error *err)
{
	struct nipfs_dir_entry store;
	struct nipfs_closure *c;
	int r;

	r = nipfs_dag_lookup(source, cid, nipfs__slice_str("store"), &store, err);
	if (r == NIPFS_E_NOTFOUND) {
		struct nipfs_entry what;
		char target[4096];

		/* the block may be missing, or the directory is there and no closure */
		if (nipfs_dag_stat(source, cid, &what, target, sizeof(target), NULL) == 0)
			r = NIPFS_E_INVALID;
	}
	if (r == NIPFS_E_INVALID) {
		char text[NIPFS_CID_TEXT_MAX];

		(void)nipfs_cid_format(cid, text);
		return nipfs__fail(err, r,
				   "'%s' is not a closure: it has no directory 'store'", text);
	}
	if (r < 0)
		return r;
	c = calloc(1, sizeof(*c));
	if (c && store_dir)
		c->store_dir = nipfs__slice_dup(nipfs__slice_str(store_dir));
	if (!c || (store_dir && !c->store_dir)) {
		free(c);
		return nipfs__fail_nomem(err);
	}
	c->source = c->below = source;
	nipfs__closure_dir_init(&c->top, cid);
	nipfs__closure_dir_init(&c->store, &store.cid);
	*out = c;
	return 0;
}

void nipfs_closure_free(struct nipfs_closure *c)
{
	if (!c)
		return;
	nipfs__closure_look_back(c);
	nipfs__closure_dir_release(&c->top);
	nipfs__closure_dir_release(&c->store);
	free(c->store_dir);
	free(c);
}

const struct nipfs_cid *nipfs_closure_store_cid(const struct nipfs_closure *c)
{
	return &c->store.cid;
}

const char *nipfs_closure_store_dir(const struct nipfs_closure *c)
{
	return c->store_dir;
}

/* ---- lists of paths ------------------------------------------------------- */

struct path_list {
	struct nipfs_closure *closure;
	struct nipfs_store_path *paths;
	size_t n, cap;
};

static int list_add(struct path_list *list, const struct nipfs_store_path *path,
		    struct nipfs_error *err)
{
	struct nipfs_store_path *paths =
		nipfs__array_room(list->paths, list->n, &list->cap, sizeof(*paths));

	if (!paths)
		return nipfs__fail_nomem(err);
	list->paths = paths;
	list->paths[list->n++] = *path;
	return 0;
}

static int list_done(struct path_list *list, int r, struct nipfs_store_path **out, size_t *n)
{
	if (r < 0) {
		free(list->paths);
		return r;
	}
	*n = nipfs_store_path_sort(list->paths, list->n);
	*out = list->paths;
	return 0;
}

bool nipfs__closure_is_result(struct nipfs_slice name)
{
	static const char result[] = "result";
	const size_t len = sizeof(result) - 1;

	if (name.len < len || memcmp(name.ptr, result, len) != 0)
		return false;
	if (name.len == len)
		return true;
	if (name.len < len + 2 || name.len > len + 11 || name.ptr[len] != '-' ||
	    name.ptr[len + 1] == '0')
		return false;
	for (size_t i = len + 1; i < name.len; i++)
		if (name.ptr[i] < '0' || name.ptr[i] > '9')
			return false;
	return true;
}

/* The symlinks of a closure directory, by their names. */
struct result {
	char name[24]; /* nipfs__closure_is_result() takes no longer one */
	struct nipfs_want want;
};

struct results {
	struct result *found;
	size_t n, cap;
};

static int note_result(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	struct results *results = ctx;
	struct result *found;

	if (!nipfs__closure_is_result(entry->name))
		return 0;
	found = nipfs__array_room(results->found, results->n, &results->cap, sizeof(*found));
	if (!found)
		return nipfs__fail_nomem(err);
	results->found = found;
	found += results->n++;
	found->want = (struct nipfs_want){ entry->cid, NIPFS_WANT_NODE, 0 };
	(void)snprintf(found->name, sizeof(found->name), "%.*s", NIPFS_FMT(entry->name));
	return 0;
}

/* The path that a symlink leads to. */
static int add_result(struct path_list *list, const char *name, const struct nipfs__node *node,
		      struct nipfs_error *err)
{
	static const char prefix[] = "store/";
	const size_t skip = sizeof(prefix) - 1;
	const struct nipfs_entry link = nipfs__node_entry(node);
	struct nipfs_store_path path;
	int r;

	if (link.kind != NIPFS_SYMLINK || link.target.len <= skip ||
	    memcmp(link.target.ptr, prefix, skip) != 0)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%s' of the closure is not a symlink into 'store'", name);
	r = nipfs_store_path_parse_base(nipfs__slice_skip(link.target, skip), &path, err);
	if (r < 0) {
		nipfs__prefix(err, "'%s' of the closure", name);
		return r;
	}
	return list_add(list, &path, err);
}

/* A closure may be made for many paths: each symlink would cost a round trip of its own. */
static int read_results(struct path_list *list, const struct results *results,
			struct nipfs_error *err)
{
	struct nipfs__fetch *f;
	size_t ahead = 0;
	int r = nipfs__fetch_new(&f, list->closure->source, 0, false, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < results->n; i++) {
		const struct result *result = &results->found[i];
		struct nipfs__node node;

		while (ahead < results->n &&
		       nipfs__fetch_ahead(f, &results->found[ahead].want))
			ahead++;
		r = nipfs__node_get(f, &result->want, i < ahead, &node, err);
		if (r == 0)
			r = add_result(list, result->name, &node, err);
	}
	nipfs__fetch_free(f);
	return r;
}

int nipfs_closure_results(struct nipfs_closure *c, struct nipfs_store_path **out, size_t *n,
			  struct nipfs_error *err)
{
	struct path_list list = { c, NULL, 0, 0 };
	struct results results = { NULL, 0, 0 };
	int r = nipfs_dag_list(c->source, &c->top.cid, note_result, &results, err);

	if (r == 0)
		r = read_results(&list, &results, err);
	free(results.found);
	return list_done(&list, r, out, n);
}

static int add_tree(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	struct path_list *list = ctx;
	struct nipfs_store_path path;
	const int r = nipfs_store_path_parse_base(entry->name, &path, err);

	if (r < 0) {
		nipfs__prefix(err, "'store/%.*s' of the closure", NIPFS_FMT(entry->name));
		return r;
	}
	return list_add(list, &path, err);
}

/* The name of the narinfo of a hash part. */
static void narinfo_name(const char *hash_part, char out[static 48])
{
	(void)snprintf(out, 48, "%.32s.narinfo", hash_part);
}

int nipfs__closure_includes(struct nipfs_closure *c, const struct nipfs_store_path *path,
			    struct nipfs_error *err)
{
	char name[48], hash_part[NIPFS_STORE_HASH_LEN + 1];
	struct nipfs_dir_entry found;
	int r;

	nipfs_store_path_hash_part(path, hash_part);
	narinfo_name(hash_part, name);
	r = nipfs__closure_dir_lookup(&c->top, c->source, nipfs__slice_str(name), &found, err);
	return r == NIPFS_E_NOTFOUND ? 0 : r < 0 ? r : 1;
}

/* ---- looking ahead -------------------------------------------------------- */

int nipfs__closure_look_ahead(struct nipfs_closure *c, struct nipfs_error *err)
{
	struct nipfs_dir_entry store;
	const int r = nipfs__ahead_source_new(&c->ahead, c->below, err);

	if (r < 0)
		return r;
	c->source = c->ahead;
	/* what is hinted at is found in it; what is wrong with it is told when it is used */
	if (c->top.state == NIPFS__DIR_UNREAD)
		(void)!nipfs__closure_dir_lookup(&c->top, c->source, nipfs__slice_str("store"),
						 &store, NULL);
	return 0;
}

void nipfs__closure_look_back(struct nipfs_closure *c)
{
	nipfs_block_source_free(c->ahead);
	c->ahead = NULL;
	c->source = c->below;
}

/* Where names are looked up in a HAMT, that costs as much as what it would save. */
void nipfs__closure_hint(struct nipfs_closure *c, const struct nipfs_store_path *path)
{
	char name[48], hash_part[NIPFS_STORE_HASH_LEN + 1];
	struct nipfs_dir_entry found;

	nipfs_store_path_hash_part(path, hash_part);
	narinfo_name(hash_part, name);
	if (c->ahead && nipfs__closure_dir_peek(&c->top, nipfs__slice_str(name), &found) &&
	    found.cid.hash != NIPFS_HASH_IDENTITY)
		nipfs__ahead_source_hint(c->ahead, &found.cid);
}

int nipfs_closure_paths(struct nipfs_closure *c, struct nipfs_store_path **out, size_t *n,
			struct nipfs_error *err)
{
	struct path_list list = { c, NULL, 0, 0 };
	size_t kept = 0;
	int r = nipfs_dag_list(c->source, &c->store.cid, add_tree, &list, err);

	for (size_t i = 0; r >= 0 && i < list.n; i++) {
		r = nipfs__closure_includes(c, &list.paths[i], err);
		if (r > 0)
			list.paths[kept++] = list.paths[i];
	}
	list.n = kept;
	return list_done(&list, r, out, n);
}

/* ---- one path ------------------------------------------------------------- */

static int append(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	const int r = nipfs__buf_put(ctx, bytes->ptr, bytes->len);

	return r < 0 ? nipfs__fail(err, r, "a narinfo may have %d bytes at most",
				   NIPFS_NARINFO_MAX)
		     : 0;
}

/*
 * The store folder of a narinfo, for a closure that is not told which: what
 * stands before the last slash of its StorePath. The parser then checks it.
 */
static int learn_store_dir(struct nipfs_closure *c, struct nipfs_slice text,
			   struct nipfs_error *err)
{
	static const char key[] = "StorePath: ";
	const uint8_t *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
	const uint8_t *slash;
	struct nipfs_slice value;

	if (!end || (size_t)(end - text.ptr) < sizeof(key) ||
	    memcmp(text.ptr, key, sizeof(key) - 1) != 0)
		return nipfs__fail(err, NIPFS_E_INVALID, "it does not begin with 'StorePath'");
	value = nipfs__slice(text.ptr + sizeof(key) - 1,
			     (size_t)(end - text.ptr) - (sizeof(key) - 1));
	slash = memrchr(value.ptr, '/', value.len);
	if (value.ptr[0] != '/' || !slash || slash == value.ptr ||
	    slash - value.ptr > NIPFS_STORE_DIR_MAX ||
	    memchr(value.ptr, 0, value.len))
		return nipfs__fail(err, NIPFS_E_INVALID, "its StorePath is no absolute path");
	c->store_dir = nipfs__slice_dup(nipfs__slice(value.ptr, (size_t)(slash - value.ptr)));
	return c->store_dir ? 0 : nipfs__fail_nomem(err);
}

/* Reads a narinfo and checks that it is about @hash_part. */
static int read_narinfo(struct nipfs_closure *c, const struct nipfs_cid *cid,
			const char *hash_part, struct nipfs_path_info *info,
			struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf text = NIPFS_BUF_INIT(NIPFS_NARINFO_MAX);
	char found[NIPFS_STORE_HASH_LEN + 1];
	struct nipfs_narinfo narinfo;
	int r;

	r = nipfs_dag_read(c->source, cid, 0, UINT64_MAX, append, &text, err);
	if (r == 0 && !c->store_dir)
		r = learn_store_dir(c, nipfs__buf_slice(&text), err);
	if (r == 0)
		r = nipfs_narinfo_parse(nipfs__buf_slice(&text), c->store_dir, &narinfo, err);
	if (r < 0)
		return r;
	nipfs_store_path_hash_part(&narinfo.info.path, found);
	if (strcmp(found, hash_part) != 0)
		r = nipfs__fail(err, NIPFS_E_INVALID, "it is about another path, '%s'",
				narinfo.info.path.base);
	else
		r = nipfs_path_info_copy(&narinfo.info, info);
	nipfs_narinfo_release(&narinfo);
	return r;
}

static int look_at_entry(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	(void)ctx;
	(void)entry;
	(void)err;
	return 0;
}

int nipfs__closure_check_dir(struct nipfs_block_source *source, const struct nipfs_cid *dir,
			     struct nipfs_error *err)
{
	return nipfs_dag_list(source, dir, look_at_entry, NULL, err);
}

int nipfs_closure_info(struct nipfs_closure *c, const char *hash_part,
		       struct nipfs_path_info *info, struct nipfs_cid *tree,
		       struct nipfs_error *err)
{
	struct nipfs_dir_entry narinfo, store;
	struct nipfs_path_info found;
	char name[48];
	int r;

	narinfo_name(hash_part, name);
	r = nipfs__closure_dir_lookup(&c->top, c->source, nipfs__slice_str(name), &narinfo, err);
	if (r < 0)
		return r;
	r = read_narinfo(c, &narinfo.cid, hash_part, &found, err);
	if (r < 0) {
		nipfs__prefix(err, "'%s' of the closure", name);
		return r;
	}
	r = nipfs__closure_dir_lookup(&c->store, c->source, nipfs__slice_str(found.path.base),
				      &store, err);
	if (r < 0) {
		nipfs__prefix(err, "'%s' of the closure has no tree that can be read", name);
		nipfs_path_info_release(&found);
		/* what is promised and lacks is a broken closure, not a path too few */
		if (r == NIPFS_E_NOTFOUND &&
		    nipfs__closure_check_dir(c->source, &c->store.cid, NULL) == 0)
			r = NIPFS_E_INVALID;
		if (err)
			err->code = r;
		return r;
	}
	*info = found;
	*tree = store.cid;
	return 0;
}

int nipfs_closure_select(struct nipfs_closure *c, const char *argument,
			 struct nipfs_store_path *out, struct nipfs_error *err)
{
	const char *base = strrchr(argument, '/') ? strrchr(argument, '/') + 1 : argument;
	struct nipfs_slice hash_part = nipfs__slice_str(base);
	char text[NIPFS_STORE_HASH_LEN + 1];
	struct nipfs_store_path path;
	struct nipfs_path_info info;
	struct nipfs_cid tree;
	bool whole = false;
	int r = 0;

	if (hash_part.len != NIPFS_STORE_HASH_LEN) {
		r = nipfs_store_path_parse_base(hash_part, &path, NULL);
		whole = true;
		hash_part.len = nipfs__min_size(hash_part.len, NIPFS_STORE_HASH_LEN);
	}
	if (r < 0 || !nipfs_store_hash_part_is_valid(hash_part))
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "'%s' is no store path, base name or hash part", argument);
	memcpy(text, hash_part.ptr, NIPFS_STORE_HASH_LEN);
	text[NIPFS_STORE_HASH_LEN] = 0;
	r = nipfs_closure_info(c, text, &info, &tree, err);
	if (r == NIPFS_E_NOTFOUND)
		return nipfs__fail(err, r, "'%s' is not included in the closure", argument);
	if (r < 0)
		return r;
	if (whole && nipfs_store_path_compare(&info.path, &path) != 0)
		r = nipfs__fail(err, NIPFS_E_NOTFOUND,
				"'%s' is not included in the closure, but '%s' is", argument,
				info.path.base);
	else
		*out = info.path;
	nipfs_path_info_release(&info);
	return r;
}
