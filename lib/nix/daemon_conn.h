/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection to a Nix daemon, from the inside.
 *
 * An operation is: nipfs__daemon_begin(), what is asked put into the request,
 * nipfs__daemon_ask(), the answer read from the reader, nipfs__daemon_end(). In between,
 * failures are recorded in the connection's own error.
 */
#ifndef LIB_NIX_DAEMON_CONN_H
#define LIB_NIX_DAEMON_CONN_H

#include <sys/types.h>

#include "lib/nix/daemon.h"
#include "lib/nix/wire.h"

/* The operations, by their numbers. */
enum nipfs__daemon_op {
	NIPFS__OP_IS_VALID_PATH = 1,
	NIPFS__OP_QUERY_REFERRERS = 6,
	NIPFS__OP_ADD_TO_STORE = 7,
	NIPFS__OP_ENSURE_PATH = 10,
	NIPFS__OP_ADD_TEMP_ROOT = 11,
	NIPFS__OP_ADD_INDIRECT_ROOT = 12,
	NIPFS__OP_QUERY_ALL_VALID_PATHS = 23,
	NIPFS__OP_QUERY_PATH_INFO = 26,
	NIPFS__OP_QUERY_PATH_FROM_HASH_PART = 29,
	NIPFS__OP_ADD_SIGNATURES = 37,
	NIPFS__OP_ADD_TO_STORE_NAR = 39
};

/**
 * struct nipfs__daemon - a connection
 * @in:          what the daemon says; non-blocking
 * @out:         what it is told; the same descriptor for a socket
 * @child:       the program that was started, or 0
 * @name:        which daemon, for messages; owned
 * @store_dir:   the logical store folder; borrowed
 * @log:         takes log lines, or NULL
 * @ctx:         handed to @log
 * @minor:       of the protocol that both speak
 * @trust:       see enum nipfs__daemon_trust
 * @nix_version: the daemon's, or ""
 * @reader:      reads @in
 * @request:     what is to be written next; during an upload, a frame that is not full
 * @text:        room for a message's text
 * @upload:      the operation whose frames are being written, or 0
 * @greeted:     the greeting is done
 * @talking:     an operation is between its first byte out and its last byte in
 * @refused:     the last thing the daemon said was an error: it may have hung up after it
 * @broken:      out of step, or ended
 * @error:       how the operation under way failed
 * @why:         how the connection broke
 */
struct nipfs__daemon {
	int in, out;
	pid_t child;
	char *name;
	const char *store_dir;
	void (*log)(void *ctx, struct nipfs_slice line);
	void *ctx;
	unsigned int minor;
	enum nipfs__daemon_trust trust;
	char nix_version[64];
	struct nipfs__wire_reader reader;
	struct nipfs_buf request, text;
	enum nipfs__daemon_op upload;
	bool greeted, talking, refused, broken;
	struct nipfs_error error, why;
};

/* ---- daemon_connect.c ----------------------------------------------------------- */

/**
 * nipfs__daemon_start() - greet over descriptors that are there
 * @take_in:    consumed, whatever is returned
 * @take_out:   the same; may be @take_in, which then is a socket
 * @take_child: the process behind them, or 0
 * @name:       which daemon, for messages
 */
int nipfs__daemon_start(struct nipfs__daemon **out, int take_in, int take_out,
			pid_t take_child, const char *name,
			const struct nipfs__daemon_options *options,
			struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- daemon_child.c ------------------------------------------------------------- */

/* Starts a program with pipes for its standard input (@out) and output (@in). */
int nipfs__daemon_spawn(const struct nipfs__daemon_options *options, int *in, int *out,
			pid_t *child, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Waits for the end of a child whose pipes are closed; brings it about where it is slow. */
void nipfs__daemon_reap(pid_t child);

/* ---- daemon_io.c ---------------------------------------------------------------- */

/* The reader's: waits until something arrives. */
int nipfs__daemon_more(void *daemon, uint8_t *room, size_t size, size_t *got,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

/* Writes all of it; listens while the daemon does not take more. */
int nipfs__daemon_write(struct nipfs__daemon *d, const void *bytes, size_t len) NIPFS_MUSTUSE;

/* Writes the request and forgets it. */
int nipfs__daemon_flush(struct nipfs__daemon *d) NIPFS_MUSTUSE;

/* ---- daemon_talk.c -------------------------------------------------------------- */

/* What nipfs__daemon_message() read. */
enum { NIPFS__MESSAGE_TALK, NIPFS__MESSAGE_LAST, NIPFS__MESSAGE_ERROR };

/* Reads one message; an error of the daemon is in @error then. One of the above, or a code. */
int nipfs__daemon_message(struct nipfs__daemon *d) NIPFS_MUSTUSE;

/* Reads messages until the answer follows: 0, the code of the daemon's error, or a code. */
int nipfs__daemon_wait(struct nipfs__daemon *d) NIPFS_MUSTUSE;

/* Begins an operation: checks that one can be, and puts its number into the request. */
int nipfs__daemon_begin(struct nipfs__daemon *d, enum nipfs__daemon_op op) NIPFS_MUSTUSE;

/* Writes the request and waits for the answer. */
int nipfs__daemon_ask(struct nipfs__daemon *d) NIPFS_MUSTUSE;

/* Ends an operation that came to @r: hands out the error, and notes what broke. Returns @r. */
int nipfs__daemon_end(struct nipfs__daemon *d, int r, struct nipfs_error *err);

#endif
