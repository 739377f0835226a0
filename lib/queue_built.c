/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Nix has just built, into the queue. Nix waits for this, and keeps what was
 * built for just as long.
 */
#include "lib/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/nix/conf.h"
#include "lib/nix/derivation.h"
#include "lib/nix/drv_hashes.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* What is at work; too big for a stack. */
struct built {
	struct nipfs__store_env env;
	struct nipfs__temp_roots roots;
	struct nipfs_queue_entry entry;
	struct nipfs_store_path *paths;
	size_t n, cap;
};

/* ---- which store ---------------------------------------------------------------------------- */

/*
 * The value of `store`, the last one, for free(); NULL: Nix does not tell. What else is
 * in these settings may be secret: nothing of them is ever part of a message.
 */
static int find_store(const char *config, char **out)
{
	struct nipfs_slice rest = nipfs__slice_str(config ? config : "");

	*out = NULL;
	while (rest.len) {
		const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
		const size_t len = end ? (size_t)(end - rest.ptr) : rest.len;
		const struct nipfs_slice text = nipfs__slice(rest.ptr, len);
		struct nipfs__conf_line line;

		rest = nipfs__slice_skip(rest, end ? len + 1 : len);
		if (nipfs__conf_line_parse(text, &line) < 0 || line.kind != NIPFS__CONF_SETTING ||
		    !nipfs__slice_eq(line.name, nipfs__slice_str("store")))
			continue;
		free(*out);
		*out = nipfs__slice_dup(nipfs__conf_word(&line.value));
		if (!*out)
			return NIPFS_E_NOMEM;
	}
	return 0;
}

static int find_env(struct nipfs__store_env *env, const char *config, struct nipfs_error *err)
{
	nipfs_auto_free char *store = NULL;
	int r = find_store(config, &store);

	if (r < 0)
		return nipfs__fail_nomem(err);
	r = nipfs__store_env_resolve(NULL, store && *store ? store : NULL, env, err);
	if (r == 0 && env->kind == NIPFS__STORE_UNSUPPORTED) {
		r = nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				"stores of the kind '%s' are not on this machine", env->scheme);
		nipfs__store_env_release(env);
	}
	return r;
}

/* What root would leave in a store of another user, that user could not remove. */
static int check_owner(const struct nipfs__store_env *env, struct nipfs_error *err)
{
	struct stat st;

	if (stat(env->state_dir, &st) != 0)
		return nipfs__fail_errno(err, errno, "cannot examine '%s'", env->state_dir);
	if (st.st_uid != geteuid())
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "'%s' belongs to the user %ld, who alone may queue what is built "
				   "there", env->state_dir, (long)st.st_uid);
	return 0;
}

/* ---- which paths ---------------------------------------------------------------------------- */

static int add_path(struct built *b, const struct nipfs_store_path *path, struct nipfs_error *err)
{
	if (b->n == NIPFS__DRV_OUTPUTS_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT, "more than %d paths were built at once",
				   NIPFS__DRV_OUTPUTS_MAX);
	if (b->n == b->cap) {
		const size_t more = b->cap ? b->cap * 2 : 4;
		struct nipfs_store_path *paths = reallocarray(b->paths, more, sizeof(*paths));

		if (!paths)
			return nipfs__fail_nomem(err);
		b->paths = paths;
		b->cap = more;
	}
	b->paths[b->n++] = *path;
	return 0;
}

static int take_out_paths(struct built *b, const char *text, struct nipfs_error *err)
{
	struct nipfs_slice rest = nipfs__slice_str(text ? text : ""), word;
	int r = 0;

	while (r == 0 && (word = nipfs__conf_word(&rest)).len) {
		struct nipfs_store_path path;

		r = nipfs_store_path_parse(word, b->env.store_dir, &path, err);
		if (r == 0)
			r = add_path(b, &path, err);
	}
	return r;
}

static int take_derivation(struct built *b, const char *drv_path, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf text = NIPFS_BUF_INIT(NIPFS__DRV_MAX);
	struct nipfs__drv_outputs outputs;
	struct nipfs_store_path drv;
	nipfs_auto_fd int dirfd = -1;
	int r;

	if (!drv_path || !*drv_path)
		return nipfs__fail(err, NIPFS_E_USAGE, "neither OUT_PATHS nor DRV_PATH is set");
	r = nipfs_store_path_parse(nipfs__slice_str(drv_path), b->env.store_dir, &drv, err);
	if (r < 0)
		return r;
	dirfd = open(b->env.real_store_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return nipfs__fail_errno(err, errno, "cannot open '%s'", b->env.real_store_dir);
	r = nipfs__drv_read_file(dirfd, drv.base, &drv, &text, err);
	if (r < 0)
		return r;
	r = nipfs__drv_parse_outputs(nipfs__buf_slice(&text), b->env.store_dir, &outputs, err);
	if (r < 0) {
		nipfs__prefix(err, "'%s'", drv.base);
		return r;
	}
	for (size_t i = 0; r == 0 && i < outputs.n; i++)
		if (outputs.items[i].has_path)
			r = add_path(b, &outputs.items[i].path, err);
	nipfs__drv_outputs_release(&outputs);
	return r;
}

/* What the database does not know is left out; without its answer all are taken. */
static void leave_out_invalid(struct built *b)
{
	static const struct nipfs__db_options read_only = { 0 };
	struct nipfs__db db = { .file = b->env.db_file, .store_dir = b->env.store_dir };
	size_t kept = 0;

	if (nipfs__store_check_schema(&b->env, NULL) != 0 ||
	    nipfs__db_open(&db, &read_only, NULL) < 0)
		return;
	for (size_t i = 0; i < b->n; i++) {
		int64_t id;

		if (nipfs__db_path_id(&db, &b->paths[i], &id, NULL) != 0)
			b->paths[kept++] = b->paths[i];
	}
	b->n = kept;
	nipfs__db_close(&db);
}

/* ---- into the queue -------------------------------------------------------------------------- */

static int make_root(const struct built *b, const struct nipfs_queue *queue, const char *name,
		     const struct nipfs_store_path *path, struct nipfs_error *err)
{
	nipfs_auto_free char *link = NULL;
	char target[NIPFS_STORE_PATH_MAX];
	int r = nipfs__queue_root(queue, name, &link, err);

	if (r < 0)
		return r;
	(void)nipfs_store_path_format(path, b->env.store_dir, target);
	/* The link has to be there first: a collector removes what leads nowhere. */
	r = nipfs__place_link(link, target, err);
	if (r == 0)
		r = nipfs__root_register(&b->env, link, err);
	if (r < 0)
		(void)unlinkat(queue->roots, name, 0);
	return r;
}

/* Return: 1, 0 when it is there already, or a code. */
static int put(struct built *b, const struct nipfs_queue *queue,
	       const struct nipfs_store_path *path, struct nipfs_error *err)
{
	char name[NIPFS__QUEUE_NAME_MAX];
	int r;

	nipfs__queue_entry_make(&b->entry, &b->env, path, NIPFS_QUEUE_BY_HOOK);
	r = nipfs__queue_name(&b->entry, name, err);
	/* Who publishes it removes the root before the entry: so nothing is done for one. */
	if (r < 0 || nipfs__queue_has(queue->entries, name))
		return r;
	r = make_root(b, queue, name, path, err);
	if (r < 0)
		return r;
	r = nipfs__queue_write(queue, name, &b->entry, err);
	if (r < 0)
		(void)unlinkat(queue->roots, name, 0);
	return r < 0 ? r : 1;
}

static int sync_roots(const struct built *b, struct nipfs_error *err)
{
	char dir[PATH_MAX];
	nipfs_auto_fd int fd = -1;

	if (snprintf(dir, sizeof(dir), "%s/auto", b->env.gcroots_dir) >= (int)sizeof(dir))
		return nipfs__fail(err, NIPFS_E_LIMIT, "the path '%s' is too long",
				   b->env.gcroots_dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return nipfs__fail_errno(err, errno, "cannot sync '%s'", dir);
	return 0;
}

static int put_all(struct built *b, struct nipfs_error *err)
{
	struct nipfs_queue *queue;
	bool is_new = false;
	int r = nipfs_queue_open(&queue, true, err);

	if (r < 0)
		return r;
	leave_out_invalid(b);
	for (size_t i = 0; r >= 0 && i < b->n; i++) {
		r = put(b, queue, &b->paths[i], err);
		is_new = is_new || r == 1;
	}
	if (r >= 0 && is_new)
		r = sync_roots(b, err);
	if (r >= 0 && is_new)
		r = nipfs__queue_sync(queue, err);
	nipfs_queue_close(queue);
	return r < 0 ? r : 0;
}

/* Return: as nipfs_queue_built(). */
static int keep_and_put(struct built *b, struct nipfs_error *err)
{
	int r;

	nipfs__temp_roots_init(&b->roots, &b->env, NULL);
	r = nipfs__temp_roots_hold(&b->roots, b->paths, b->n, err);
	if (r == NIPFS__TEMP_ROOTS_KEEPER)
		r = NIPFS_QUEUE_KEEPER;
	else if (r >= 0)
		r = put_all(b, err);
	nipfs__temp_roots_release(&b->roots);
	return r;
}

static int queue_built(struct built *b, const struct nipfs_built *built, struct nipfs_error *err)
{
	int r = check_owner(&b->env, err);

	if (r == 0)
		r = take_out_paths(b, built->out_paths, err);
	if (r == 0 && b->n == 0)
		r = take_derivation(b, built->drv_path, err);
	return r == 0 && b->n ? keep_and_put(b, err) : r;
}

int nipfs_queue_built(const struct nipfs_built *built, struct nipfs_error *err)
{
	struct built *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return nipfs__fail_nomem(err);
	r = find_env(&b->env, built->nix_config, err);
	if (r == 0) {
		r = queue_built(b, built, err);
		nipfs__store_env_release(&b->env);
	}
	free(b->paths);
	free(b);
	return r;
}
