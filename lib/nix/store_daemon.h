/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Nix store that is reached through Nix's daemon. */
#ifndef LIB_NIX_STORE_DAEMON_H
#define LIB_NIX_STORE_DAEMON_H

#include "lib/nix/daemon.h"
#include "lib/nix/place.h"
#include "lib/path_map.h"

/* A child's argv and what its environment gets, with their NULLs. */
enum { NIPFS__CHILD_ARGS = 6, NIPFS__CHILD_ENV = 2 };

/**
 * struct nipfs__store_remote - the daemon of a store
 * @via:       DAEMON or STDIO
 * @options:   which daemon
 * @child:     STDIO: what is started
 * @child_env: STDIO: which store it is to open
 * @uri:       STDIO: the same; owned
 * @talk:      answers all questions and keeps the temp roots, so it lives as long as the
 *             store does
 * @upload:    takes the path that is on its way, so that questions can be asked
 *             meanwhile; NULL until the first one
 * @judge:     says who is trusted, and what would be taken: @talk, or where that is a
 *             child that speaks for another daemon, a connection to that
 * @trust:     what the daemon says of it; or what is known otherwise
 * @kept:      what is a temp root already
 * @listed:    all valid paths, for a list that is being walked; owned
 * @n_listed:  how many
 */
struct nipfs__store_remote {
	enum nipfs_store_via via;
	struct nipfs__daemon_options options;
	char *child[NIPFS__CHILD_ARGS], *child_env[NIPFS__CHILD_ENV];
	char *uri;
	struct nipfs__daemon *talk, *upload, *judge;
	enum nipfs_store_trust trust;
	struct nipfs__path_map kept;
	struct nipfs_store_path *listed;
	size_t n_listed;
};

/* The way through a daemon. */
extern const struct nipfs__store_backend nipfs__store_daemon;

/* Connects; on failure @store is as it was. The options are those of nipfs_store_open(). */
int nipfs__store_open_daemon(struct nipfs_store *store, enum nipfs_store_via via,
			     struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- store_trust.c ---------------------------------------------------------------- */

/**
 * nipfs__store_would_take() - ask whether a path would be let in, without its bytes
 * @store:           reached through a daemon
 * @dont_check_sigs: with what only a trusted user may ask for
 *
 * Return: 1 yes, 0 no and @err says what the daemon said, or a code.
 */
int nipfs__store_would_take(struct nipfs_store *store, const struct nipfs_path_info *info,
			    bool dont_check_sigs, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Whether the daemon trusts this user, as far as the system's nix.conf tells: 0 or a code. */
int nipfs__store_predict_trust(enum nipfs_store_trust *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__store_ask_trust() - have a daemon show whether it trusts this user
 * @store:         its trust is not known
 * @unsigned_info: a path that is about to come in, but without signatures and content
 *                 address: only from a trusted user would it be taken
 * @out:           never UNKNOWN; from now on known of the store too
 *
 * Return: 0 or a code.
 */
int nipfs__store_ask_trust(struct nipfs_store *store, const struct nipfs_path_info *unsigned_info,
			   enum nipfs_store_trust *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- store_daemon_place.c -------------------------------------------------------- */

/* The connection for uploads, made when there is none. */
int nipfs__remote_upload(struct nipfs_store *store, struct nipfs__daemon **out,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

int nipfs__remote_begin(struct nipfs_store *store, const struct nipfs_path_info *info,
			struct nipfs_placement **out, uint8_t *have,
			struct nipfs_error *err) NIPFS_MUSTUSE;
struct nipfs_tree_sink nipfs__remote_sink(struct nipfs_placement *p);
int nipfs__remote_finish(struct nipfs_placement *p, struct nipfs_error *err) NIPFS_MUSTUSE;
int nipfs__remote_commit(struct nipfs_placement **take_placements, size_t n,
			 struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__remote_abort(struct nipfs_placement *p);

/* ---- remote_add_tree.c ------------------------------------------------------------- */

int nipfs__remote_add_tree(struct nipfs_store *store, const char *name, nipfs__feed_fn *feed,
			   void *ctx, struct nipfs_added_tree *out,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
