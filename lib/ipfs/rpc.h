/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls to the RPC of a Kubo node, one after another, each waited for.
 *
 * An answer counts only when it came to its end: one that breaks off, or that the node
 * calls failed behind it (X-Stream-Error), is a failure, whatever came before.
 */
#ifndef LIB_IPFS_RPC_H
#define LIB_IPFS_RPC_H

#include <jansson.h>
#include <stdbool.h>

#include <nixipfs/bytes.h>
#include <nixipfs/cid.h>
#include <nixipfs/error.h>

enum { NIPFS__RPC_LINE_MAX = 1 << 20 };

struct nipfs__rpc;

/**
 * nipfs__rpc_open() - speak to a node
 * @out:       for nipfs__rpc_close()
 * @api:       multiaddr or URL of its RPC; NULL: as Kubo finds it
 * @timeout_s: how long it may take to begin an answer, unless a call says so; 0: 45
 *
 * Nothing is connected to. Credentials come from the environment, as nipfs__credentials_load()
 * has it. Used by one thread.
 *
 * Return: 0, or as nipfs__node_find_api() and nipfs__credentials_load().
 */
int nipfs__rpc_open(struct nipfs__rpc **out, const char *api, unsigned int timeout_s,
		    struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__rpc_close(struct nipfs__rpc *rpc);

/* What it is called in messages: "kubo at /ip4/127.0.0.1/tcp/5001". */
const char *nipfs__rpc_name(const struct nipfs__rpc *rpc);

/*
 * What the node said in the last call that it refused (NIPFS_E_REFUSED), as it came; "" when
 * the last one went well or failed otherwise.
 */
const char *nipfs__rpc_message(const struct nipfs__rpc *rpc);

/* Whether it is on this machine, as its address says. */
bool nipfs__rpc_is_local(const struct nipfs__rpc *rpc);

/* Whether the last call failed because nobody listens there. */
bool nipfs__rpc_no_server(const struct nipfs__rpc *rpc);

/* An argument ("arg") or an option; one whose @value is NULL is left out. */
struct nipfs__rpc_param {
	const char *name, *value;
};

/**
 * struct nipfs__rpc_call - what is asked
 * @command:    "pin/add"
 * @params:     ends with one whose name is NULL; may be NULL. They are escaped.
 * @patience_s: how long the node may be silent, also in the middle; 0: the time-out of
 *              nipfs__rpc_open()
 * @line:       is called with each JSON object of the answer, borrowed for the call; a
 *              negative return ends it and is returned. NULL: they are thrown away.
 * @ctx:        handed to @line
 */
struct nipfs__rpc_call {
	const char *command;
	const struct nipfs__rpc_param *params;
	unsigned int patience_s;
	int (*line)(void *ctx, const json_t *object, struct nipfs_error *err);
	void *ctx;
};

/**
 * nipfs__rpc_call() - ask, and wait for the whole answer
 * @call: borrowed
 *
 * Return: 0; NIPFS_E_UNREACHABLE (no node, no answer in time, an answer that breaks off, wrong
 * credentials, a proxy that has no node behind it); NIPFS_E_REFUSED (the node says that it
 * failed: nipfs__rpc_message()); NIPFS_E_UNSUPPORTED (it has no such command);
 * NIPFS_E_INVALID (no JSON); NIPFS_E_LIMIT (a line over NIPFS__RPC_LINE_MAX, arguments that
 * are too long); NIPFS_E_CANCELLED; NIPFS_E_NOMEM; or what @line returned.
 */
int nipfs__rpc_call(struct nipfs__rpc *rpc, const struct nipfs__rpc_call *call,
		    struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__rpc_object() - the same for an answer of one object
 * @out: for json_decref(): the last object of the answer, never NULL
 *
 * @call->line and @call->ctx are not used. Return: as nipfs__rpc_call(); NIPFS_E_INVALID also
 * where there is no object.
 */
int nipfs__rpc_object(struct nipfs__rpc *rpc, const struct nipfs__rpc_call *call, json_t **out,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- calls that are given a file ---------------------------------------------------- */

/* A call whose file is on its way. */
struct nipfs__rpc_upload;

/**
 * nipfs__rpc_upload_begin() - ask, with a file that comes bit by bit
 * @out:  to be ended with nipfs__rpc_upload_end() or _abort()
 * @call: copied; its texts are not needed any more when this returns
 *
 * There is one call at a time: none else until it is ended. Return: 0, NIPFS_E_LIMIT,
 * NIPFS_E_NOMEM.
 */
int nipfs__rpc_upload_begin(struct nipfs__rpc_upload **out, struct nipfs__rpc *rpc,
			    const struct nipfs__rpc_call *call,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__rpc_upload_put() - the next bytes of the file
 *
 * Waits while there is no room for them. When the call has failed, the failure is that of
 * nipfs__rpc_upload_end(), which is still to be called, or _abort().
 *
 * Return: 0, or as nipfs__rpc_call().
 */
int nipfs__rpc_upload_put(struct nipfs__rpc_upload *upload, struct nipfs_slice bytes,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

/* The file has ended: waits for the answer. @upload is gone. Return: as nipfs__rpc_call(). */
int nipfs__rpc_upload_end(struct nipfs__rpc_upload *upload,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

/* Breaks off. @upload may be NULL. */
void nipfs__rpc_upload_abort(struct nipfs__rpc_upload *upload);

/* ---- reading answers ------------------------------------------------------------------ */

/* The text of a member, or NULL. Borrowed from @object. */
const char *nipfs__rpc_text(const json_t *object, const char *name);

/* The number of a member, or 0. */
uint64_t nipfs__rpc_number(const json_t *object, const char *name);

/* The CID of a member: a text, or an object {"/": text}. Return: whether there is one. */
bool nipfs__rpc_cid(const json_t *object, const char *name, struct nipfs_cid *out);

#endif
