/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON of the Pinning Service API 1.0: what a service is told, and what it says. */
#ifndef LIB_IPFS_PIN_JSON_H
#define LIB_IPFS_PIN_JSON_H

#include <nixipfs/pin_remote.h>

#include <nixipfs/bytes.h>

enum {
	NIPFS__PIN_TIME_MAX = 64,	/* bytes of a time as text, NUL included */
	NIPFS__PIN_ADDRESSES_MAX = 20,	/* of a service or a node: so many does the API allow */
	NIPFS__PIN_ADDRESS_MAX = 512	/* bytes of one of them, NUL included */
};

/**
 * struct nipfs__pin_addresses - multiaddrs of a node or a service
 * @text: each of visible ASCII
 */
struct nipfs__pin_addresses {
	char text[NIPFS__PIN_ADDRESSES_MAX][NIPFS__PIN_ADDRESS_MAX];
	size_t n;
};

/**
 * struct nipfs__pin_page - some of the pins of a service (PinResults)
 * @pins:    owned
 * @n:       of them
 * @skipped: and so many with a CID of a kind that is not known here
 * @count:   that the service has of those that were asked for
 * @oldest:  the smallest time of creation among them, as it came; "" when there is none
 */
struct nipfs__pin_page {
	struct nipfs_remote_pin *pins;
	size_t n, skipped;
	uint64_t count;
	char oldest[NIPFS__PIN_TIME_MAX];
};

void nipfs__pin_page_release(struct nipfs__pin_page *page);

/**
 * nipfs__pin_page_read() - read an answer to GET /pins
 * @out: overwritten; untouched on failure
 *
 * Return: 0, NIPFS_E_INVALID or NIPFS_E_NOMEM.
 */
int nipfs__pin_page_read(struct nipfs_slice json, struct nipfs__pin_page *out,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__pin_read() - read one pin (PinStatus)
 * @out:       untouched on failure
 * @delegates: addresses of the service; those that are of no use are left out
 *
 * Return: 0, NIPFS_E_INVALID, NIPFS_E_UNSUPPORTED (a CID of a kind that is not known) or
 * NIPFS_E_NOMEM.
 */
int nipfs__pin_read(struct nipfs_slice json, struct nipfs_remote_pin *out,
		    struct nipfs__pin_addresses *delegates,
		    struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__pin_body() - what is posted to have a DAG pinned (Pin)
 * @name:    may be NULL
 * @origins: who has it
 * @out:     for free(); untouched on failure
 *
 * Return: 0, NIPFS_E_USAGE (the name is not UTF-8 of up to 255 characters) or
 * NIPFS_E_NOMEM.
 */
int nipfs__pin_body(const struct nipfs_cid *cid, const char *name,
		    const struct nipfs__pin_addresses *origins, char **out,
		    struct nipfs_error *err) NIPFS_MUSTUSE;

/* The addresses out of what a node says of itself (RPC id); none when it says nothing. */
void nipfs__pin_node_addresses(struct nipfs_slice json, struct nipfs__pin_addresses *out);

/*
 * What a service says is wrong (Failure), on one line in @out, of @cap bytes. Return:
 * whether it says anything.
 */
bool nipfs__pin_failure(struct nipfs_slice json, char *out, size_t cap);

/* Seconds since 1970 of a time of RFC 3339. Return: whether it is one, of 1970 to 9999. */
bool nipfs__pin_time(const char *text, int64_t *out);

#endif
