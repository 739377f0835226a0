/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Nix store, from the inside. */
#ifndef LIB_NIX_STORE_H
#define LIB_NIX_STORE_H

#include <nixipfs/store.h>

#include "lib/nix/db.h"
#include "lib/nix/drv_hashes.h"
#include "lib/nix/env.h"
#include "lib/nix/settings.h"
#include "lib/nix/store_backend.h"
#include "lib/nix/temp_roots.h"

/**
 * struct nipfs_store - a store that is open
 * @backend:    how it is reached
 * @remote:     the daemon that it is reached through, or NULL
 * @env:        which one, and where its files are
 * @access:     what it was opened for
 * @settings:   what nix.conf says
 * @owned:      store and state belong to this user, so state files may be made
 * @dirfd:      the physical store folder
 * @big_lock:   held shared while the store is written, else -1
 * @waiter:     told when others have to be waited for
 * @note:       see struct nipfs_store_options
 * @log:        gets what Nix has to say, with the waiter's ctx; may be NULL
 * @db:         the database
 * @roots:      the temp roots of this store
 * @placements: those that were begun and not ended
 * @n_placements: how many
 * @drv_hashes: what is known of the .drv files in it
 */
struct nipfs_store {
	const struct nipfs__store_backend *backend;
	struct nipfs__store_remote *remote;
	struct nipfs__store_env env;
	enum nipfs_store_access access;
	struct nipfs__settings settings;
	bool owned;
	int dirfd, big_lock;
	struct nipfs__waiter waiter;
	void (*note)(void *ctx, const char *message);
	void (*log)(void *ctx, struct nipfs_slice line);
	struct nipfs__db db;
	struct nipfs__temp_roots roots;
	struct nipfs_placement *placements[NIPFS_PLACEMENTS_MAX];
	size_t n_placements;
	struct nipfs__drv_hashes drv_hashes;
};

/* 0, or NIPFS_E_USAGE for a store that was opened for READ. */
int nipfs__store_need_write(const struct nipfs_store *store,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- store.c, store_route.c ------------------------------------------------------ */

/* Files and database at hand; on failure to be closed by nipfs__store_local.close(). */
int nipfs__store_open_direct(struct nipfs_store *store,
			     const struct nipfs_store_options *options,
			     struct nipfs_error *err) NIPFS_MUSTUSE;

/* The way that the options ask for, or the one that is right. */
int nipfs__store_open_route(struct nipfs_store *store, const struct nipfs_store_options *options,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- store_daemon_open.c, store_substitute.c ------------------------------------- */

/* What `--store` has to say so that a program of Nix opens the same store; for free(). */
int nipfs__store_child_uri(const struct nipfs__store_env *env, char **out,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

int nipfs__local_substitute(struct nipfs_store *store, const struct nipfs_store_path *paths,
			    size_t n, struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- gc_root.c ----------------------------------------------------------------- */

enum { NIPFS__ROOT_NAME_MAX = 33 };

/* Under which name in gcroots/auto a root is registered: 0 or NIPFS_E_UNSUPPORTED. */
int nipfs__root_name(const char *link, char *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Makes or replaces a symlink in one step, with its folder where that is missing. */
int nipfs__place_link(const char *link, const char *target,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

/* gcroots/auto/NAME → the link: how a collector that begins later learns of it. */
int nipfs__root_register(const struct nipfs__store_env *env, const char *link,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

/* The same, and one that is running is told. */
int nipfs__local_register_root(struct nipfs_store *store, const struct nipfs_store_path *path,
			       const char *link, struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- store_create.c ------------------------------------------------------------ */

/* Makes a folder and those above it that are missing, 0755 whatever the umask. */
int nipfs__make_dirs(const char *path, struct nipfs_error *err) NIPFS_MUSTUSE;

/*
 * Makes the folders and files beside the database that are missing; where root makes
 * the store folder, for a group of build users, unless that is "". Return: 0, 1 when
 * all is made but there is no such group, or a code.
 */
int nipfs__store_make_dirs(const struct nipfs__store_env *env, const char *group,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

/*
 * With the big lock held: 0 when db/schema names the schema that is known, 1 when
 * there is no db/schema yet, or a negative code.
 */
int nipfs__store_check_schema(const struct nipfs__store_env *env,
			      struct nipfs_error *err) NIPFS_MUSTUSE;

/* Makes the empty file db.sqlite, which any user may read. */
int nipfs__store_make_db_file(const struct nipfs__store_env *env,
			      struct nipfs_error *err) NIPFS_MUSTUSE;

/* When the tables are there: says so in db/schema. */
int nipfs__store_write_schema(const struct nipfs__store_env *env,
			      struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
