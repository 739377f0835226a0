/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A Nix store on this machine: what is valid in it, what refers to what, and
 * how a new path gets in. Its owner uses files and database directly, in the way
 * that Nix's own programs do it at the same time; others go through Nix's daemon.
 *
 * A store is used by one thread at a time; but the sink of a placement, and
 * nipfs_placement_finish(), may be used by another one each where a store has more than one
 * placement at a time. It is of no use in a forked child.
 * Long waits end with NIPFS_E_CANCELLED after nipfs_cancel().
 */
#ifndef NIXIPFS_STORE_H
#define NIXIPFS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/error.h>
#include <nixipfs/nix_conf.h>
#include <nixipfs/path_info.h>
#include <nixipfs/tree.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a store ------------------------------------------------------------------ */

struct nipfs_store;

/* READ: by whoever may read the database or ask the daemon. WRITE: to put something in. */
enum nipfs_store_access { NIPFS_STORE_READ, NIPFS_STORE_WRITE };

/*
 * How a store is reached. DIRECT: its files and its database. DAEMON: the socket of
 * Nix's daemon. STDIO: a `nix-daemon --stdio` that is started. AUTO: the one that is
 * right here: a store named "daemon", and one whose state folder this user may not
 * write, by the socket; others directly.
 */
enum nipfs_store_via {
	NIPFS_STORE_VIA_AUTO,
	NIPFS_STORE_VIA_DIRECT,
	NIPFS_STORE_VIA_DAEMON,
	NIPFS_STORE_VIA_STDIO
};

/**
 * struct nipfs_store_options - which store is opened and what for
 * @uri:     what `--store` says: "auto", "local", "daemon", "/ROOT",
 *           "local?root=/ROOT", …; NULL: what Nix would take (NIX_REMOTE, the
 *           setting `store`)
 * @access:  see enum nipfs_store_access
 * @via:     see enum nipfs_store_via
 * @create:  WRITE: make the folders and the database, as Nix 2.8 does, where
 *           there is none yet
 * @conf:    borrowed for the call: the settings `store`, `auto-optimise-store`,
 *           `build-users-group`, `fsync-metadata`, `fsync-store-paths`, `ignored-acls`,
 *           `substitute`, `substituters`, `sync-before-registering` and
 *           `use-sqlite-wal`; NULL: nix.conf is read
 * @waiting: may be NULL; called, at most once per wait, when some other process
 *           has to be waited for: "waiting for the lock on '…'". Must not call
 *           the library.
 * @note:    may be NULL; called with what is worth telling and stops nothing: "the
 *           group '…' does not exist: …". Must not call the library.
 * @log:     may be NULL; called with each line that Nix's daemon, or a Nix that is
 *           started, has to say. Must not call the library.
 * @ctx:     handed to @waiting, @note and @log
 *
 * Start with zeros.
 */
struct nipfs_store_options {
	const char *uri;
	enum nipfs_store_access access;
	enum nipfs_store_via via;
	bool create;
	const struct nipfs_nix_conf *conf;
	void (*waiting)(void *ctx, const char *message);
	void (*note)(void *ctx, const char *message);
	void (*log)(void *ctx, struct nipfs_slice line);
	void *ctx;
};

/**
 * nipfs_store_prepare() - let root do what only root can, before a store is opened
 * @options: those that the store will be opened with; may be NULL: all zero
 * @err:     may be NULL
 *
 * Changes the whole process, for good, so it is for programs rather than for other
 * libraries, and for their beginning: before they have a second thread, and after
 * they have opened what only root may. Does nothing where root has nothing to do, as
 * when the store is reached through its daemon.
 *
 * A store that is to be written and is a read-only mount, as on NixOS, becomes
 * writable in a mount namespace that the process then has for itself: the machine
 * sees nothing of it.
 *
 * On a store of another user (a single-user installation, a chroot store) root
 * becomes that user, so that nothing in it is root's afterwards: real, effective and
 * saved numbers, and the groups. HOME, USER and LOGNAME follow, XDG_*_HOME are
 * forgotten; nipfs_state_dir() is then that user's.
 *
 * Return: 0; NIPFS_E_UNSUPPORTED (mounted read-only, and not to be changed: the
 * message says why); NIPFS_E_USAGE (there are threads); NIPFS_E_SYS (the process may
 * be half another user, and should end); or as nipfs_store_open() does of @options.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_prepare(const struct nipfs_store_options *options,
						struct nipfs_error *err);

/**
 * nipfs_store_open() - open a Nix store
 * @out:     the store, to be closed with nipfs_store_close(); untouched on failure
 * @options: may be NULL: all zero
 * @err:     may be NULL
 *
 * DIRECT: the database must be of the one schema that Nix 2 has (10), with the
 * tables as they are known. A store that is written is locked against schema
 * upgrades until it is closed. Files and folders that are missing beside an existing
 * database are made as Nix makes them.
 *
 * DAEMON, STDIO: a connection is made; another one when the first path is placed.
 * AUTO takes the socket also for a store that was not named and that cannot be
 * written directly, and reads directly what no daemon can be asked about.
 *
 * Return: 0; NIPFS_E_NOTFOUND (no such store); NIPFS_E_UNSUPPORTED (a kind of
 * store, schema or tables that is not known; a store that only another user or
 * its daemon may write; a read-only mount that nipfs_store_prepare() was not called
 * for; a daemon that is too old: the message says which); NIPFS_E_USAGE (a @via that
 * does not lead to the store at @uri); NIPFS_E_UNREACHABLE (no daemon, no nix-daemon in
 * PATH); NIPFS_E_INVALID (a malformed @uri, a damaged database, no Nix daemon);
 * NIPFS_E_SYS; NIPFS_E_NOMEM; NIPFS_E_CANCELLED.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_open(struct nipfs_store **out,
					     const struct nipfs_store_options *options,
					     struct nipfs_error *err);

/**
 * nipfs_store_close() - close a store
 * @store: may be NULL; with no placement of it left
 *
 * What nipfs_store_add_temp_roots() protected is protected no longer.
 */
NIPFS_API void nipfs_store_close(struct nipfs_store *store);

/**
 * nipfs_store_dir() - the logical store folder
 * @store: a store
 *
 * Return: what stands in paths, narinfos and signatures, "/nix/store" as a rule;
 * valid until the store is closed.
 */
NIPFS_API const char *nipfs_store_dir(const struct nipfs_store *store);

/**
 * nipfs_store_real_dir() - the folder where the files are
 * @store: a store
 *
 * Return: the same as nipfs_store_dir(), but in a chroot store; valid until the
 * store is closed.
 */
NIPFS_API const char *nipfs_store_real_dir(const struct nipfs_store *store);

/**
 * nipfs_store_state_dir() - the folder with database and roots
 * @store: a store
 *
 * Return: "/nix/var/nix" as a rule; valid until the store is closed.
 */
NIPFS_API const char *nipfs_store_state_dir(const struct nipfs_store *store);

/**
 * nipfs_store_dirfd() - the folder where the files are, as a descriptor
 * @store: a store
 *
 * Return: a descriptor for openat() and nipfs_disk_tree() with base names;
 * belongs to the store.
 */
NIPFS_API int nipfs_store_dirfd(const struct nipfs_store *store);

/* Who says what may come in: we, by the settings of this user; or a daemon, by its own. */
enum nipfs_store_trust {
	NIPFS_STORE_TRUSTED,   /* the store is ours, or the daemon trusts this user */
	NIPFS_STORE_UNTRUSTED, /* the daemon checks signatures itself */
	NIPFS_STORE_TRUST_UNKNOWN /* an old daemon, which does not tell: one of the two */
};

/**
 * struct nipfs_store_route - how a store is reached
 * @via:         never AUTO
 * @peer:        DAEMON: the socket; STDIO: the program; DIRECT: NULL. Valid until the
 *               store is closed
 * @nix_version: what is at the other end, "2.26.3"; "" where it does not tell. As @peer
 * @protocol:    the minor version of the protocol that is spoken: 34 for 1.34; DIRECT: 0
 * @trust:       see enum nipfs_store_trust
 */
struct nipfs_store_route {
	enum nipfs_store_via via;
	const char *peer;
	const char *nix_version;
	unsigned int protocol;
	enum nipfs_store_trust trust;
};

/**
 * nipfs_store_route() - tell how a store is reached
 * @store: a store
 * @out:   overwritten
 */
NIPFS_API void nipfs_store_route(const struct nipfs_store *store,
				 struct nipfs_store_route *out);

/* ---- what is in it ------------------------------------------------------------ */

/**
 * nipfs_store_is_valid() - whether a path is in the store, complete
 * @store: a store
 * @path:  which one
 * @err:   may be NULL
 *
 * Return: 1 valid, 0 not valid, or a negative code.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_is_valid(struct nipfs_store *store,
						 const struct nipfs_store_path *path,
						 struct nipfs_error *err);

/**
 * nipfs_store_query() - all that the database says about a path
 * @store: a store
 * @path:  which one
 * @out:   overwritten, not released; untouched on failure
 * @err:   may be NULL
 *
 * Signatures that are not "NAME:BASE64", which old versions of Nix took, are
 * left out.
 *
 * Return: 0, NIPFS_E_NOTFOUND (not valid), NIPFS_E_INVALID (a row that makes no
 * sense), NIPFS_E_UNSUPPORTED (a content address of an unknown kind), or what
 * the database failed with.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_query(struct nipfs_store *store,
					      const struct nipfs_store_path *path,
					      struct nipfs_path_info *out,
					      struct nipfs_error *err);

/**
 * nipfs_store_find_hash_part() - the valid path with a hash part
 * @store:     a store
 * @hash_part: borrowed: 32 characters of Nix base-32
 * @out:       untouched on failure
 * @err:       may be NULL
 *
 * Return: 0, NIPFS_E_NOTFOUND, NIPFS_E_INVALID (no hash part).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_find_hash_part(struct nipfs_store *store,
						       struct nipfs_slice hash_part,
						       struct nipfs_store_path *out,
						       struct nipfs_error *err);

/**
 * nipfs_store_referrers() - the valid paths that refer to a path
 * @store: a store
 * @path:  which one
 * @out:   owned by the caller, free() it: a sorted set, which has @path itself
 *         when it refers to itself; NULL when @n is 0; untouched on failure
 * @n:     how many; untouched on failure
 * @err:   may be NULL
 *
 * Return: 0, or what the database failed with. A path that is not valid has none.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_referrers(struct nipfs_store *store,
						  const struct nipfs_store_path *path,
						  struct nipfs_store_path **out, size_t *n,
						  struct nipfs_error *err);

/**
 * nipfs_store_closure() - some paths and all they need, references first
 * @store:  a store
 * @paths:  borrowed; in any order, repeats allowed
 * @n:      how many
 * @visit:  called with each path once, after all that it refers to but itself;
 *          of those that could come next the first in byte order does. May use
 *          the store. A negative code ends the walk.
 * @ctx:    handed to @visit
 * @err:    names the path that is missing; may be NULL
 *
 * The order is a function of the set of paths. To keep what it finds, add temp
 * roots for @paths first.
 *
 * Return: 0, NIPFS_E_NOTFOUND (not valid), NIPFS_E_INVALID (references in a
 * circle, a row that makes no sense), NIPFS_E_NOMEM, or what @visit returned.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_store_closure(struct nipfs_store *store, const struct nipfs_store_path *paths,
		    size_t n,
		    int (*visit)(void *ctx, const struct nipfs_store_path *path,
				 struct nipfs_error *err),
		    void *ctx, struct nipfs_error *err);

/**
 * struct nipfs_store_entry - a valid path in short, a plain value
 * @path:     the path
 * @nar_hash: SHA-256 of its NAR
 * @nar_size: bytes of its NAR; 0: not known
 */
struct nipfs_store_entry {
	struct nipfs_store_path path;
	uint8_t nar_hash[32];
	uint64_t nar_size;
};

/**
 * nipfs_store_list() - all valid paths, some at a time
 * @store:   a store
 * @cursor:  0 to begin; moved on with each call
 * @entries: room for @max entries
 * @max:     at least 1
 * @err:     may be NULL
 *
 * In the order in which they were registered, or in byte order where a daemon is
 * asked. Paths that come or go between two calls may be missed; the others come
 * exactly once. One walk of a store at a time.
 *
 * Return: how many entries were filled, 0 at the end, or a negative code.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_list(struct nipfs_store *store, int64_t *cursor,
					     struct nipfs_store_entry *entries,
					     unsigned int max, struct nipfs_error *err);

/**
 * nipfs_store_substitute() - have Nix get paths from its substituters
 * @store: a store, opened for WRITE
 * @paths: borrowed
 * @n:     how many
 * @err:   may be NULL
 *
 * The daemon is asked; a store that is written directly has `nix-store --realise`
 * started, where there is one in PATH and the settings name substituters. What can't
 * be had is no failure: ask nipfs_store_is_valid() afterwards.
 *
 * Return: 0; NIPFS_E_USAGE (opened for READ); NIPFS_E_UNREACHABLE and the like when
 * the connection broke; NIPFS_E_SYS, NIPFS_E_NOMEM, NIPFS_E_CANCELLED.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_substitute(struct nipfs_store *store,
						   const struct nipfs_store_path *paths,
						   size_t n, struct nipfs_error *err);

/* ---- keeping ------------------------------------------------------------------ */

/* What nipfs_store_add_temp_roots() answers when this user may not keep anything. */
enum { NIPFS_STORE_UNPROTECTED = 1 };

/**
 * nipfs_store_add_temp_roots() - keep paths from being collected until the store is closed
 * @store: a store, opened for READ or WRITE
 * @paths: borrowed; valid or not: those that are not yet are kept from the
 *         moment when they become so
 * @n:     how many
 * @err:   may be NULL
 *
 * What a path refers to is kept with it once the path is valid. Only what is
 * queried after this call is sure to stay. Works also while a garbage collector
 * of Nix is running; blocks while that is deleting one of @paths.
 *
 * Return: 0; NIPFS_STORE_UNPROTECTED when only the daemon could do that, and it is
 * not the one that is asked; or NIPFS_E_SYS, NIPFS_E_NOMEM, NIPFS_E_CANCELLED, or
 * what the daemon failed with.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_add_temp_roots(struct nipfs_store *store,
						       const struct nipfs_store_path *paths,
						       size_t n, struct nipfs_error *err);

/**
 * nipfs_store_add_root() - make a lasting garbage collector root
 * @store: a store, opened for WRITE
 * @path:  a valid path
 * @link:  where the symlink to @path is made: absolute or relative to the current
 *         directory, not in the store; a symlink into a store that is there
 *         already is replaced, anything else is left alone. Its folder is made
 *         when it is missing.
 * @err:   may be NULL
 *
 * The root holds as long as @link does: it is registered as an indirect root, as
 * `nix-store --add-root` does.
 *
 * Return: 0, NIPFS_E_NOTFOUND (@path is not valid), NIPFS_E_EXISTS, NIPFS_E_USAGE
 * (@link is in the store, or the store was opened for READ), NIPFS_E_LIMIT,
 * NIPFS_E_SYS.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_add_root(struct nipfs_store *store,
						 const struct nipfs_store_path *path,
						 const char *link, struct nipfs_error *err);

/**
 * nipfs_store_add_signatures() - add to the signatures of a valid path
 * @store: a store, opened for WRITE
 * @path:  which one
 * @sigs:  borrowed; each NUL-terminated, "NAME:BASE64"
 * @n:     how many
 * @err:   may be NULL
 *
 * Those that are there stay; whether the new ones are right is for the caller to
 * have checked.
 *
 * Return: 0, NIPFS_E_NOTFOUND (not valid), NIPFS_E_INVALID (no signature),
 * NIPFS_E_LIMIT, NIPFS_E_USAGE (opened for READ), or what the database failed with.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_add_signatures(struct nipfs_store *store,
						       const struct nipfs_store_path *path,
						       const char *const *sigs, size_t n,
						       struct nipfs_error *err);

/* ---- a path gets in ----------------------------------------------------------- */

/* One path on its way into the store; it belongs to the store it was begun in. */
struct nipfs_placement;

enum {
	NIPFS_PLACEMENT_VALID = 1, /* the path is in the store already: nothing to do */
	NIPFS_PLACEMENT_BUSY = 2,  /* another process has it: finish what is begun, try again */
	NIPFS_PLACEMENTS_MAX = 64  /* placements of one store at a time, or fewer */
};

/**
 * nipfs_placement_begin() - reserve the place of a path
 * @store: a store, opened for WRITE
 * @info:  the path and all that will be registered; copied. `ultimate` is not
 *         taken over: this machine did not build it.
 * @out:   the placement; set only when 0 is returned
 * @have:  32 bytes, gets the NAR hash of the path in the store when
 *         NIPFS_PLACEMENT_VALID is returned; may be NULL
 * @err:   names the reference that is missing; may be NULL
 *
 * Adds temp roots for the path and its references; every reference but the path
 * itself must be valid or be a placement of this store that was begun before;
 * locks the path against other processes; puts aside what an interrupted run left,
 * which is removed when the placement ends.
 * While the store has other placements, a lock is not waited for: that is
 * NIPFS_PLACEMENT_BUSY. With none it is.
 *
 * The caller then feeds the tree to nipfs_placement_sink(), calls
 * nipfs_placement_finish(), checks all that @info claims of it (NAR hash and size,
 * content address), and commits or aborts.
 *
 * Return: 0, NIPFS_PLACEMENT_VALID, NIPFS_PLACEMENT_BUSY (also when there are
 * nipfs_store_max_placements() already); NIPFS_E_NOTFOUND (a reference is not valid);
 * NIPFS_E_USAGE (opened for READ); NIPFS_E_SYS, NIPFS_E_NOMEM, NIPFS_E_CANCELLED,
 * or what the database failed with.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_placement_begin(struct nipfs_store *store,
						  const struct nipfs_path_info *info,
						  struct nipfs_placement **out,
						  uint8_t *have, struct nipfs_error *err);

/**
 * nipfs_store_max_placements() - how many placements a store can have at a time
 * @store: a store
 *
 * Return: NIPFS_PLACEMENTS_MAX at most.
 */
NIPFS_API size_t nipfs_store_max_placements(const struct nipfs_store *store);

/**
 * nipfs_placement_sink() - what takes the tree of a placement
 * @p: a placement; must outlive the sink, which takes one tree
 *
 * Return: a sink that needs all bytes of all files: it never answers NIPFS_HAVE.
 * It fails as nipfs_disk_sink() does, or with what the daemon failed with.
 */
NIPFS_API struct nipfs_tree_sink nipfs_placement_sink(struct nipfs_placement *p);

/**
 * nipfs_placement_finish() - complete the tree of a placement
 * @p:   after the events of one whole tree, once
 * @err: may be NULL
 *
 * Return: 0, NIPFS_E_USAGE when no tree is complete, NIPFS_E_SYS.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_placement_finish(struct nipfs_placement *p,
						   struct nipfs_error *err);

/**
 * nipfs_placement_commit() - put trees in their place and register them
 * @take_placements: placements of one store whose trees are written and checked,
 *                   referenced ones before those that refer to them; consumed,
 *                   whatever is returned
 * @n:               at least 1
 * @err:             may be NULL
 *
 * All or none: the trees are renamed, synced to disk together (unless the settings
 * `fsync-metadata`, `fsync-store-paths` and `sync-before-registering` are all false)
 * and registered in one transaction. With the setting `auto-optimise-store` files that
 * the store has already become hard links. A kill at any moment leaves them either
 * valid or for the next nipfs_placement_begin() to remove. The outputs that a .drv file
 * declares are registered with it.
 *
 * Return: 0; NIPFS_E_NOTFOUND (a reference is not valid, or a tree was not
 * written); NIPFS_E_INVALID (a .drv file that is not one); NIPFS_E_SYS,
 * NIPFS_E_NOMEM, NIPFS_E_CANCELLED, or what the database failed with.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_placement_commit(struct nipfs_placement **take_placements, size_t n,
		       struct nipfs_error *err);

/**
 * nipfs_placement_abort() - give up a placement
 * @p: may be NULL
 *
 * Removes what was written and unlocks the path.
 */
NIPFS_API void nipfs_placement_abort(struct nipfs_placement *p);

#ifdef __cplusplus
}
#endif
#endif
