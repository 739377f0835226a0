/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client's side of Nix's worker protocol (reference nix.md §4): one connection,
 * to a daemon's socket or to a `nix-daemon --stdio` child. Used by one thread at a
 * time. All that the daemon says is bounded and checked.
 */
#ifndef LIB_NIX_DAEMON_H
#define LIB_NIX_DAEMON_H

#include <stdbool.h>

#include <nixipfs/path_info.h>

struct nipfs__daemon;

/* What the daemon says of whom it speaks with. */
enum nipfs__daemon_trust {
	NIPFS__DAEMON_UNKNOWN,
	NIPFS__DAEMON_TRUSTED,
	NIPFS__DAEMON_UNTRUSTED
};

/**
 * struct nipfs__daemon_options - which daemon
 * @socket:    its socket, absolute; NULL: a child is started
 * @child:     NULL-terminated argv of a program that speaks the protocol on its standard
 *             input and output ("nix-daemon", "--stdio"); used when @socket is NULL
 * @child_env: NULL-terminated "NAME=VALUE" set in the child on top of our environment; may
 *             be NULL
 * @store_dir: the logical store folder; borrowed while the connection lives
 * @log:       gets what the daemon logs, a line at a time, without colours and control
 *             characters, at most some 1000 bytes of it; may be NULL; must not use the
 *             connection
 * @ctx:       handed to @log
 */
struct nipfs__daemon_options {
	const char *socket;
	char *const *child;
	char *const *child_env;
	const char *store_dir;
	void (*log)(void *ctx, struct nipfs_slice line);
	void *ctx;
};

/**
 * nipfs__daemon_open() - connect, or start the child, and greet
 * @out: untouched on failure
 *
 * What a child prints on its standard error goes where ours goes.
 *
 * Return: 0; NIPFS_E_UNREACHABLE (no socket, nobody listens, no such program, an end
 * before the greeting's end); NIPFS_E_UNSUPPORTED (a protocol older than 1.23 or not of
 * major 1); NIPFS_E_INVALID (no Nix daemon's words); NIPFS_E_SYS (not allowed to connect,
 * with what is missing in the message, and other failures of the system), NIPFS_E_LIMIT
 * (the socket's path), NIPFS_E_NOMEM, NIPFS_E_CANCELLED; or, where the daemon greets and
 * then refuses, a code as below.
 */
int nipfs__daemon_open(struct nipfs__daemon **out, const struct nipfs__daemon_options *options,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

/* May be NULL; lets go of its temp roots; reaps a child. Keeps errno. */
void nipfs__daemon_close(struct nipfs__daemon *d);

/* The minor version of the protocol that both speak: 34 for 1.34. */
unsigned int nipfs__daemon_minor(const struct nipfs__daemon *d);

/* "2.8.0"; "" where it does not tell (below 1.33). */
const char *nipfs__daemon_nix_version(const struct nipfs__daemon *d);

/* UNKNOWN where it does not tell (below 1.35). */
enum nipfs__daemon_trust nipfs__daemon_trust(const struct nipfs__daemon *d);

/*
 * All below can fail with
 *   what the daemon says, its own words on one line behind "the Nix daemon says: ":
 *     NIPFS_E_UNTRUSTED    a path lacks a signature
 *     NIPFS_E_MISMATCH     what was sent has another hash or size
 *     NIPFS_E_NOTFOUND     a path is not valid, or can't be had
 *     NIPFS_E_UNSUPPORTED  it is not allowed, or not known there
 *     NIPFS_E_SYS          anything else, with sys_errno 0
 *     and the connection can be used further;
 *   NIPFS_E_UNREACHABLE (it ended), NIPFS_E_INVALID, NIPFS_E_LIMIT (it said something
 *   impossible), NIPFS_E_SYS, NIPFS_E_NOMEM, NIPFS_E_CANCELLED: then the connection is
 *   broken and stays so, and each later call fails with NIPFS_E_UNREACHABLE;
 *   NIPFS_E_USAGE: an upload is under way, or is not where one is needed.
 * Outs are untouched on failure. No call has a time limit; nipfs_cancel() ends it.
 */

int nipfs__daemon_is_valid(struct nipfs__daemon *d, const struct nipfs_store_path *path,
			   struct nipfs_error *err) NIPFS_MUSTUSE; /* 1, 0, code */

/* As nipfs_store_query(): NIPFS_E_NOTFOUND: not valid; @out is overwritten, not released. */
int nipfs__daemon_query(struct nipfs__daemon *d, const struct nipfs_store_path *path,
			struct nipfs_path_info *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* As nipfs_store_find_hash_part(): NIPFS_E_NOTFOUND, NIPFS_E_INVALID (no hash part). */
int nipfs__daemon_find_hash_part(struct nipfs__daemon *d, struct nipfs_slice hash_part,
				 struct nipfs_store_path *out,
				 struct nipfs_error *err) NIPFS_MUSTUSE;

/* Both give a sorted set to free(); NULL when @n is 0. A million paths at most. */
int nipfs__daemon_referrers(struct nipfs__daemon *d, const struct nipfs_store_path *path,
			    struct nipfs_store_path **out, size_t *n,
			    struct nipfs_error *err) NIPFS_MUSTUSE;
int nipfs__daemon_all_valid(struct nipfs__daemon *d, struct nipfs_store_path **out, size_t *n,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/* Op 10: makes a path valid by substituting it, where it is not. */
int nipfs__daemon_ensure(struct nipfs__daemon *d, const struct nipfs_store_path *path,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

/* Keeps a path, valid or not, until the connection is closed. */
int nipfs__daemon_add_temp_root(struct nipfs__daemon *d, const struct nipfs_store_path *path,
				struct nipfs_error *err) NIPFS_MUSTUSE;

/* @link: absolute; the symlink into the store, which the daemon must be able to read. */
int nipfs__daemon_add_indirect_root(struct nipfs__daemon *d, const char *link,
				    struct nipfs_error *err) NIPFS_MUSTUSE;

/* Each "NAME:BASE64"; one that is not: NIPFS_E_INVALID or LIMIT, before anything is asked. */
int nipfs__daemon_add_signatures(struct nipfs__daemon *d, const struct nipfs_store_path *path,
				 const char *const *sigs, size_t n,
				 struct nipfs_error *err) NIPFS_MUSTUSE;

/*
 * Uploads. Begun with one of the two, then any number of _send()s with the bytes of the NAR
 * (or of the flat file), then _end() or _abort(); where the beginning fails none is under
 * way, and where _send() fails _abort() is due. Meanwhile nothing else may be asked of this
 * connection. While frames are written the daemon may talk: it is listened to at the same
 * time (poll), so that neither blocks.
 */

/* Op 39. The references must be valid. Time and "ultimate" of @info are not passed on. */
int nipfs__daemon_add_nar_begin(struct nipfs__daemon *d, const struct nipfs_path_info *info,
				bool dont_check_sigs, struct nipfs_error *err) NIPFS_MUSTUSE;

/*
 * Op 7. @method: "text:sha256", or "fixed:" with "r:" or without and one of md5, sha1, sha256,
 * sha512; @refs: a sorted set, empty unless "text:sha256" or "fixed:r:sha256"; else
 * NIPFS_E_USAGE. NIPFS_E_INVALID: @name. NIPFS_E_UNSUPPORTED: a protocol older than 1.25.
 */
int nipfs__daemon_add_begin(struct nipfs__daemon *d, const char *name, const char *method,
			    const struct nipfs_store_path *refs, size_t n,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

int nipfs__daemon_send(struct nipfs__daemon *d, const void *bytes, size_t len,
		       struct nipfs_error *err) NIPFS_MUSTUSE;
int nipfs__daemon_add_nar_end(struct nipfs__daemon *d, struct nipfs_error *err) NIPFS_MUSTUSE;
int nipfs__daemon_add_end(struct nipfs__daemon *d, struct nipfs_path_info *out,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

/*
 * Ends the frames early and takes the error; the connection stays in step. Where all bytes
 * had been sent already the daemon may take the path all the same. Without an upload
 * under way it does nothing.
 */
void nipfs__daemon_abort(struct nipfs__daemon *d);

/*
 * Whether an upload would be let in, without its bytes: op 39 and an empty frame (nix.md §9,
 * "Trust probe"). 1 yes, 0 no: then @err says what the daemon said, or a code for what else
 * went wrong. The daemon may leave an empty lock file behind.
 */
int nipfs__daemon_would_take(struct nipfs__daemon *d, const struct nipfs_path_info *info,
			     bool dont_check_sigs, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
