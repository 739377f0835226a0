/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which owners count: those that Nix still has with the same narHash. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/blocks/index_files.h"
#include "multiformats/base/err.h"

/* More are forgotten and asked for again. */
enum { HEADS = 1024, OWNERS_MAX = 16384 };

static void forget_stores(struct nipfs__files *f)
{
	while (f->stores) {
		struct nipfs__files_store *store = f->stores;

		f->stores = store->next;
		if (store->fd >= 0)
			(void)close(store->fd);
		free(store);
	}
}

static void forget(struct nipfs__files *f)
{
	for (size_t i = 0; i < HEADS; i++)
		while (f->owners[i]) {
			struct nipfs__files_owner *owner = f->owners[i];

			f->owners[i] = owner->next;
			free(owner);
		}
	f->n_owners = 0;
}

void nipfs__files_ask_again(struct nipfs__files *f)
{
	for (size_t i = 0; i < HEADS; i++)
		for (struct nipfs__files_owner **at = &f->owners[i]; *at;) {
			struct nipfs__files_owner *owner = *at;

			if (owner->usable) {
				at = &owner->next;
				continue;
			}
			*at = owner->next;
			free(owner);
			f->n_owners--;
		}
}

void nipfs__files_forget_owners(struct nipfs__files *f)
{
	if (f->owners)
		forget(f);
	free(f->owners);
	f->owners = NULL;
	forget_stores(f);
}

static int get_store(struct nipfs__files *f, const char *dir,
		     const struct nipfs__files_store **out)
{
	const size_t len = strlen(dir);
	struct nipfs__files_store *store = f->stores;

	while (store && strcmp(store->dir, dir) != 0)
		store = store->next;
	if (!store) {
		store = malloc(sizeof(*store) + len + 1);
		if (!store)
			return NIPFS_E_NOMEM;
		memcpy(store->dir, dir, len + 1);
		store->fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		store->next = f->stores;
		f->stores = store;
	}
	*out = store;
	return 0;
}

/* Compares with what Nix says now. Return: 1 the same, 0 another or none, or negative. */
static int is_true(struct nipfs__files *f, const struct nipfs_index_owner *owner,
		   struct nipfs_error *err)
{
	uint8_t now[32];
	const int code = f->truth.nar_hash(f->truth.ctx, owner->key.store_dir,
					   &owner->key.path, now, err);

	if (code == NIPFS_E_NOTFOUND)
		return 0;
	return code < 0 ? code : memcmp(now, owner->key.nar_hash, sizeof(now)) == 0;
}

/* The owner in the current row, or one that is not there. */
static int make_owner(struct nipfs__files *f, uint64_t id, sqlite3_stmt *st,
		      bool is_there, struct nipfs__files_owner **out,
		      struct nipfs_error *err)
{
	struct nipfs_index_owner row = { 0 };
	struct nipfs__files_owner *made;
	size_t len;
	int code = is_there ? nipfs__index_owner_row(f->db, st, &row, err) : 0;

	if (code == 0 && is_there)
		code = is_true(f, &row, err);
	if (code < 0)
		return code;
	len = strlen(row.key.path.base);
	made = calloc(1, sizeof(*made) + len + 1);
	if (!made || (is_there && get_store(f, row.key.store_dir, &made->store) < 0)) {
		free(made);
		return nipfs__fail_nomem(err);
	}
	made->id = id;
	made->usable = code == 1 && made->store->fd >= 0;
	if (is_there)
		made->chunk = (uint64_t)sqlite3_column_int64(st, NIPFS__OWNER_CHUNK);
	memcpy(made->base, row.key.path.base, len + 1);
	*out = made;
	return 0;
}

static int load_owner(struct nipfs__files *f, uint64_t id,
		      struct nipfs__files_owner **out, struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(f->db, NIPFS__INDEX_OWNER_GET, &st, err);

	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)id);
	code = nipfs__index_step(f->db, st, err);
	if (code >= 0)
		code = make_owner(f, id, st, code == 1, out, err);
	(void)sqlite3_reset(st);
	return code;
}

int nipfs__files_owner(struct nipfs__files *f, uint64_t id,
		       const struct nipfs__files_owner **out, struct nipfs_error *err)
{
	struct nipfs__files_owner *owner = f->owners[id % HEADS];
	int code;

	while (owner && owner->id != id)
		owner = owner->next;
	if (!owner) {
		if (f->n_owners == OWNERS_MAX)
			forget(f);
		code = load_owner(f, id, &owner, err);
		if (code < 0)
			return code;
		owner->next = f->owners[id % HEADS];
		f->owners[id % HEADS] = owner;
		f->n_owners++;
	}
	*out = owner;
	return 0;
}

int nipfs__files_init(struct nipfs__files *f, struct nipfs__index_db *db,
		      const struct nipfs_index_truth *truth, struct nipfs_error *err)
{
	*f = (struct nipfs__files){ .db = db, .truth = *truth, .fd = -1 };
	f->owners = calloc(HEADS, sizeof(struct nipfs__files_owner *));
	return f->owners ? 0 : nipfs__fail_nomem(err);
}
