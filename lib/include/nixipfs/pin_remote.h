/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pins on a pinning service: of the Pinning Service API 1.0, spoken to directly, or
 * through the Kubo node that knows it.
 *
 * A program that uses these ignores SIGPIPE.
 */
#ifndef NIXIPFS_PIN_REMOTE_H
#define NIXIPFS_PIN_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/cid.h>
#include <nixipfs/error.h>
#include <nixipfs/network.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	NIPFS_REMOTE_ID_MAX = 512,    /* bytes of a request ID, NUL included */
	NIPFS_REMOTE_NAME_MAX = 1024, /* bytes of a name, NUL included */
	NIPFS_REMOTE_TEXT_MAX = 256   /* bytes of what a service says besides, NUL included */
};

/* X(name, as the API has it) */
#define NIPFS_REMOTE_STATUS_MAP(X) \
	X(QUEUED, "queued")        \
	X(PINNING, "pinning")      \
	X(PINNED, "pinned")        \
	X(FAILED, "failed")

enum nipfs_remote_status {
#define NIPFS_REMOTE_STATUS_ENUM(name, text) NIPFS_REMOTE_##name,
	NIPFS_REMOTE_STATUS_MAP(NIPFS_REMOTE_STATUS_ENUM)
#undef NIPFS_REMOTE_STATUS_ENUM
};

/**
 * nipfs_remote_status_text() - a status as the API has it
 * @status: one of enum nipfs_remote_status
 *
 * Return: a static string. Thread-safe.
 */
NIPFS_API const char *nipfs_remote_status_text(enum nipfs_remote_status status);

/**
 * struct nipfs_remote_pin - a pin on a service, a plain value
 * @id:      how the service calls it; "" through Kubo, which does not tell
 * @status:  how far the service is
 * @created: when it was asked for, seconds since 1970; 0: not known, as through Kubo
 * @cid:     what is pinned, with all below it
 * @name:    UTF-8; "" when it has none
 * @details: what the service says of the status; may be ""
 */
struct nipfs_remote_pin {
	char id[NIPFS_REMOTE_ID_MAX];
	enum nipfs_remote_status status;
	int64_t created;
	struct nipfs_cid cid;
	char name[NIPFS_REMOTE_NAME_MAX];
	char details[NIPFS_REMOTE_TEXT_MAX];
};

/* A pinning service. To be used by one thread at a time. */
struct nipfs_pin_service;

/**
 * nipfs_pin_service_open() - a pinning service, to be asked later
 * @out:     to be closed with nipfs_pin_service_close(); untouched on failure
 * @service: the URL of its API (http:// or https://), or "kubo:NAME": the one that the
 *           Kubo node knows as NAME, through that node
 * @options: where the node is; also how long a service may say nothing. @tell and @ctx
 *           must live as long as @out; it is told of addresses of the service that the
 *           node could not connect to. May be NULL
 * @err:     may be NULL
 *
 * Nothing is connected to. A service with a URL is shown the token in NIX_IPFS_PIN_TOKEN,
 * or else the one in the file that NIX_IPFS_PIN_TOKEN_FILE names.
 *
 * Return: 0; NIPFS_E_USAGE (neither a URL nor kubo:NAME); NIPFS_E_INVALID, NIPFS_E_LIMIT
 * or NIPFS_E_SYS (the token, its file, or a file of the node); NIPFS_E_NOMEM.
 *
 * All functions on a service return besides what they say: NIPFS_E_UNREACHABLE (no good
 * connection, nothing said for too long, an answer that breaks off, HTTP 429 or 5xx);
 * NIPFS_E_INVALID (an answer that is none of the API; HTTP 4xx, as for a wrong token or
 * without funds); NIPFS_E_LIMIT (an answer that is too long); NIPFS_E_CANCELLED;
 * NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_pin_service_open(struct nipfs_pin_service **out,
						   const char *service,
						   const struct nipfs_network_options *options,
						   struct nipfs_error *err);

/**
 * nipfs_pin_service_close() - give it back
 * @s: may be NULL
 */
NIPFS_API void nipfs_pin_service_close(struct nipfs_pin_service *s);

/**
 * nipfs_pin_service_has_dates() - whether its pins say when they were asked for
 * @s: a service
 *
 * Return: false for a service behind Kubo.
 */
NIPFS_API bool nipfs_pin_service_has_dates(const struct nipfs_pin_service *s);

/**
 * nipfs_remote_pin_list() - pins of any status
 * @s:       a service
 * @cid:     only pins of this CID; may be NULL
 * @name:    only pins of exactly this name; may be NULL
 * @each:    called with each, borrowed for the call, in the order of the service; must
 *           not use @s; a negative return ends it
 * @ctx:     handed to @each
 * @skipped: how many have a CID of a kind that is not known here; may be NULL
 * @err:     may be NULL
 *
 * Return: 0, or what @each returned.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_remote_pin_list(struct nipfs_pin_service *s, const struct nipfs_cid *cid,
		      const char *name,
		      int (*each)(void *ctx, const struct nipfs_remote_pin *pin,
				  struct nipfs_error *err),
		      void *ctx, uint64_t *skipped, struct nipfs_error *err);

/**
 * nipfs_remote_pin_add() - have a DAG pinned
 * @s:    a service
 * @cid:  its root
 * @name: UTF-8 of up to 255 characters, or NULL
 * @out:  what the service makes of it, as a rule queued; untouched on failure
 * @err:  may be NULL
 *
 * When a Kubo node runs on this machine or is named, the service is given its addresses,
 * and the node connects to the addresses that the service gives back.
 *
 * Return: 0; NIPFS_E_USAGE (a name that is too long, or not UTF-8).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_remote_pin_add(struct nipfs_pin_service *s,
						 const struct nipfs_cid *cid, const char *name,
						 struct nipfs_remote_pin *out,
						 struct nipfs_error *err);

/**
 * nipfs_remote_pin_replace() - have another DAG pinned instead
 * @s:    a service
 * @old:  the pin that goes
 * @cid:  what is pinned in its place
 * @name: as for nipfs_remote_pin_add()
 * @out:  untouched on failure
 * @err:  may be NULL
 *
 * In one step, so that the service keeps what both have in common. Through Kubo, which
 * has no such step, the new one is asked for first, and the old one goes when the service
 * has pinned the new one: nipfs_remote_pin_wait() does that.
 *
 * Return: 0; NIPFS_E_NOTFOUND (the service has no pin @old).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_remote_pin_replace(struct nipfs_pin_service *s,
						     const struct nipfs_remote_pin *old,
						     const struct nipfs_cid *cid,
						     const char *name,
						     struct nipfs_remote_pin *out,
						     struct nipfs_error *err);

/**
 * nipfs_remote_pin_wait() - wait until a pin is pinned or failed
 * @s:         a service
 * @pin:       as nipfs_remote_pin_add() gave it; brought up to date
 * @timeout_s: so long at most, in seconds
 * @err:       may be NULL
 *
 * It is asked for after half a second, then less and less often, every 10 seconds at last.
 *
 * Return: 0: it is pinned. NIPFS_E_INVALID (the service failed: the message says what it
 * says); NIPFS_E_NOTFOUND (the pin is gone); NIPFS_E_UNREACHABLE (it takes longer: it goes
 * on).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_remote_pin_wait(struct nipfs_pin_service *s,
						  struct nipfs_remote_pin *pin,
						  unsigned int timeout_s,
						  struct nipfs_error *err);

/**
 * nipfs_remote_pin_remove() - have a pin removed
 * @s:   a service
 * @pin: as nipfs_remote_pin_list() gave it. Through Kubo all pins that have its CID, name
 *       and status go
 * @err: may be NULL
 *
 * Return: 0; NIPFS_E_NOTFOUND (it is gone already).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_remote_pin_remove(struct nipfs_pin_service *s,
						    const struct nipfs_remote_pin *pin,
						    struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
