/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hashes modulo inputs of the derivations that were looked at. */
#include "lib/nix/drv_hashes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/nix/derivation.h"
#include "lib/nix/drv_modulo.h"
#include "lib/nix/place.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

void nipfs__drv_hashes_release(struct nipfs__drv_hashes *h)
{
	nipfs__path_map_release(&h->map);
	free(h->hashes);
	*h = (struct nipfs__drv_hashes){ 0 };
}

/* Where the file of a path is now: nothing that is neither valid nor ours is read. */
static int file_of(struct nipfs_store *store, const struct nipfs_store_path *path,
		   const char **name, struct nipfs_error *err)
{
	const struct nipfs_placement *p = nipfs__placement_find(store, path);
	int r;

	/* The tree of a placement is checked by its maker before it is committed. */
	if (p && p->committing) {
		*name = p->temp_name;
		return 0;
	}
	r = nipfs_store_is_valid(store, path, err);
	if (r == 0)
		return nipfs__fail(err, NIPFS_E_NOTFOUND,
				   "the derivation '%s' is not in the store '%s'", path->base,
				   store->env.uri);
	*name = path->base;
	return r < 0 ? r : 0;
}

int nipfs__drv_read_file(int dirfd, const char *name, const struct nipfs_store_path *path,
			 struct nipfs_buf *out, struct nipfs_error *err)
{
	nipfs_auto_fd int fd = openat(dirfd, name,
				      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	uint8_t *room;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) != 0)
		return nipfs__fail_errno(err, errno, "cannot read the derivation '%s'",
					 path->base);
	if (!S_ISREG(st.st_mode))
		return nipfs__fail(err, NIPFS_E_INVALID, "the derivation '%s' is not a file",
				   path->base);
	nipfs__buf_clear(out);
	r = nipfs__buf_extend(out, (size_t)st.st_size, &room);
	if (r < 0)
		return nipfs__fail(err, r, "cannot read the derivation '%s': %s", path->base,
				   nipfs_err_text(r));
	if (pread(fd, room, (size_t)st.st_size, 0) != st.st_size)
		return nipfs__fail_errno(err, errno, "cannot read the derivation '%s'",
					 path->base);
	return 0;
}

int nipfs__drv_read(struct nipfs_store *store, const struct nipfs_store_path *path,
		    struct nipfs_buf *out, struct nipfs_error *err)
{
	const char *name = NULL;
	const int r = file_of(store, path, &name, err);

	return r < 0 ? r : nipfs__drv_read_file(store->dirfd, name, path, out, err);
}

/* Numbers of .drv files whose hashes are wanted, inputs on top. */
struct stack {
	size_t *items;
	size_t n, cap;
};

/* @told: @err says already what failed. */
struct walk {
	struct nipfs_store *store;
	struct stack stack;
	bool told;
	struct nipfs_error *err;
};

static int push(struct walk *w, size_t number)
{
	struct stack *s = &w->stack;

	if (s->n == s->cap) {
		const size_t cap = s->cap ? s->cap * 2 : 32;
		size_t *items = reallocarray(s->items, cap, sizeof(*items));

		if (!items)
			return nipfs__fail_nomem(w->err);
		s->items = items;
		s->cap = cap;
	}
	s->items[s->n++] = number;
	return 0;
}

/* The number of a path, with a place for its hash. */
static int number_of(struct walk *w, const struct nipfs_store_path *path, size_t *out)
{
	struct nipfs__drv_hashes *h = &w->store->drv_hashes;
	struct nipfs__drv_hash *hashes;
	int r = nipfs__path_map_put(&h->map, path, out);

	if (r < 0)
		return nipfs__fail(w->err, r, "cannot keep so many derivations: %s",
				   nipfs_err_text(r));
	if (h->map.n > h->cap) {
		const size_t cap = 2 * h->map.n;

		hashes = reallocarray(h->hashes, cap, sizeof(*hashes));
		if (!hashes)
			return nipfs__fail_nomem(w->err);
		memset(hashes + h->cap, 0, (cap - h->cap) * sizeof(*hashes));
		h->hashes = hashes;
		h->cap = cap;
	}
	return 0;
}

static int push_input(struct walk *w, struct nipfs_slice text)
{
	struct nipfs_store_path path;
	size_t number = 0;
	int r = nipfs_store_path_parse(text, w->store->env.store_dir, &path, w->err);

	if (r == 0)
		r = number_of(w, &path, &number);
	if (r < 0)
		return r;
	switch (w->store->drv_hashes.hashes[number].state) {
	case NIPFS__DRV_KNOWN:
		return 0;
	case NIPFS__DRV_ON_THE_WAY:
		return nipfs__fail(w->err, NIPFS_E_INVALID,
				   "derivations go round in a circle at '%s'", path.base);
	case NIPFS__DRV_NEW:
		break;
	}
	return push(w, number);
}

static int want_input(void *ctx, struct nipfs_slice text)
{
	struct walk *w = ctx;
	const int r = push_input(w, text);

	w->told = r < 0;
	return r;
}

int nipfs__drv_fail(const char *name, int code, struct nipfs_error *err)
{
	if (code == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(err);
	return nipfs__fail(err, code,
			   code == NIPFS_E_UNSUPPORTED ?
				   "the derivation '%s' is of a kind that is not known here" :
				   "the derivation '%s' is not as Nix writes them", name);
}

static int want_inputs(struct walk *w, struct nipfs_slice text, const char *name)
{
	const int r = nipfs__drv_each_input(text, want_input, w);

	return r < 0 && !w->told ? nipfs__drv_fail(name, r, w->err) : r;
}

/* The first time a path comes up its inputs go on top, the second time they are known. */
static int visit_top(struct walk *w, struct nipfs_buf *text)
{
	struct nipfs__drv_hashes *h = &w->store->drv_hashes;
	const size_t number = w->stack.items[w->stack.n - 1], n = w->stack.n;
	const struct nipfs_store_path path = h->map.paths[number];
	int r = 0;

	if (h->hashes[number].state == NIPFS__DRV_KNOWN) {
		w->stack.n--;
		return 0;
	}
	r = nipfs__drv_read(w->store, &path, text, w->err);
	if (r == 0 && h->hashes[number].state == NIPFS__DRV_NEW) {
		h->hashes[number].state = NIPFS__DRV_ON_THE_WAY;
		r = want_inputs(w, nipfs__buf_slice(text), path.base);
		if (r == 0 && w->stack.n > n)
			return 0;
	}
	if (r < 0)
		return r;
	r = nipfs__drv_modulo(nipfs__buf_slice(text), false, nipfs__drv_hashes_lookup, w->store,
			      h->hashes[number].digest);
	if (r < 0)
		return nipfs__drv_fail(path.base, r, w->err);
	h->hashes[number].state = NIPFS__DRV_KNOWN;
	w->stack.n--;
	return 0;
}

int nipfs__drv_hashes_of_inputs(struct nipfs_store *store, struct nipfs_slice text,
				const char *name, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf room = NIPFS_BUF_INIT(NIPFS__DRV_MAX);
	struct walk w = { .store = store, .err = err };
	int r = want_inputs(&w, text, name);

	while (r == 0 && w.stack.n)
		r = visit_top(&w, &room);
	/* What was on the way when it failed is to be begun anew. */
	for (size_t i = 0; r < 0 && i < store->drv_hashes.map.n && i < store->drv_hashes.cap; i++)
		if (store->drv_hashes.hashes[i].state == NIPFS__DRV_ON_THE_WAY)
			store->drv_hashes.hashes[i].state = NIPFS__DRV_NEW;
	free(w.stack.items);
	return r;
}

const uint8_t *nipfs__drv_hashes_lookup(void *ctx, struct nipfs_slice text)
{
	struct nipfs_store *store = ctx;
	struct nipfs__drv_hashes *h = &store->drv_hashes;
	struct nipfs_store_path path;
	size_t number = 0;

	if (nipfs_store_path_parse(text, store->env.store_dir, &path, NULL) < 0 ||
	    !nipfs__path_map_has(&h->map, &path) ||
	    nipfs__path_map_put(&h->map, &path, &number) != 0)
		return NULL;
	return h->hashes[number].state == NIPFS__DRV_KNOWN ? h->hashes[number].digest : NULL;
}
