/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which store is meant, and where its files are. */
#ifndef LIB_NIX_ENV_H
#define LIB_NIX_ENV_H

#include <stdbool.h>

#include <nixipfs/error.h>

#include "multiformats/base/arena.h"

enum nipfs__store_kind {
	NIPFS__STORE_LOCAL,	 /* files and database are at hand */
	NIPFS__STORE_CHROOT,	 /* the same, below a root folder */
	NIPFS__STORE_DAEMON,	 /* behind a socket */
	NIPFS__STORE_UNSUPPORTED /* ssh-ng, local-overlay, https, …: see scheme */
};

/**
 * struct nipfs__store_env - a store and its places
 * @kind:           see enum nipfs__store_kind
 * @uri:            as it was asked for, for messages
 * @scheme:         "local", "unix", "ssh-ng", "dummy", …
 * @automatic:      the scheme was not named: it is what is at hand here
 * @elsewhere:      the URI says where root, files or state are
 * @store_dir:      logical: what stands in the database, in fingerprints, in narinfos
 * @real_store_dir: physical: where the files are
 * @root:           the root folder of a chroot store, else NULL
 * @state_dir:      …/var/nix
 * @log_dir:        …/var/log/nix
 * @socket:         the daemon's socket (DAEMON), else that of this state folder
 * @read_only:      the database must not be written (`?read-only=true`)
 * @require_sigs:   `?require-sigs=`: 0 or 1; -1 where the URI doesn't say
 *
 * and what lies below these:
 * @links_dir:      real_store_dir/.links
 * @db_dir:         state_dir/db
 * @db_file:        state_dir/db/db.sqlite
 * @schema_file:    state_dir/db/schema
 * @big_lock:       state_dir/db/big-lock
 * @temproots_dir:  state_dir/temproots
 * @gc_lock:        state_dir/gc.lock
 * @gc_socket:      state_dir/gc-socket/socket
 * @gcroots_dir:    state_dir/gcroots
 * @profiles_dir:   state_dir/profiles
 *
 * All paths are absolute, without a slash at the end. The strings live as long
 * as the struct. Of an UNSUPPORTED store only uri, scheme, store_dir and socket are
 * set; the others are NULL.
 */
struct nipfs__store_env {
	enum nipfs__store_kind kind;
	const char *uri, *scheme;
	bool automatic, elsewhere;
	const char *store_dir, *real_store_dir, *root, *state_dir, *log_dir, *socket;
	bool read_only;
	int require_sigs;
	const char *links_dir, *db_dir, *db_file, *schema_file, *big_lock;
	const char *temproots_dir, *gc_lock, *gc_socket, *gcroots_dir, *profiles_dir;
	struct nipfs_arena mem;
};

/**
 * nipfs__store_env_resolve() - find out which store is meant
 * @uri: what `--store` says, or NULL for what Nix would take: the setting `store`,
 *       and where that is not set NIX_REMOTE
 * @conf_store: the setting `store` of nix.conf; NULL where it is not set
 * @out: overwritten, not released; untouched on failure
 * @err: may be NULL
 *
 * Reads NIX_STORE_DIR, NIX_STORE, NIX_STATE_DIR, NIX_LOG_DIR, NIX_REMOTE,
 * NIX_DAEMON_SOCKET_PATH. For "auto" it looks, as Nix does, whether the state
 * folder can be written and whether the daemon's socket is there; nothing is
 * made or opened. "https://…" and the like are a success with kind UNSUPPORTED.
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_INVALID (no such store, a parameter that is
 * malformed), or NIPFS_E_LIMIT (a path is too long).
 */
int nipfs__store_env_resolve(const char *uri, const char *conf_store,
			     struct nipfs__store_env *out,
			     struct nipfs_error *err) NIPFS_MUSTUSE;

void nipfs__store_env_release(struct nipfs__store_env *store);

/**
 * nipfs__nix_conf_dir() - the folder of the system's nix.conf
 *
 * Return: NIX_CONF_DIR, or "/etc/nix".
 */
const char *nipfs__nix_conf_dir(void);

#endif
