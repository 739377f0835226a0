/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is on this machine, whether it will do, and what to do where it won't. */
#ifndef NIXIPFS_DOCTOR_H
#define NIXIPFS_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include <nixipfs/error.h>
#include <nixipfs/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct nipfs_fact - one thing that was found out
 * @name:  for programs: "nixVersion", "storeDir", …
 * @value: as text; "true" and "false" for what is or is not
 */
struct nipfs_fact {
	const char *name;
	const char *value;
};

/**
 * struct nipfs_checkup - one thing that was looked at
 * @topic:   "nix", "store", "daemon", "schema", "keys", "realize", "state", "hook", "queue",
 *           "cpu" or "kubo"
 * @ok:      nothing is to be done about it
 * @text:    what there is, one line
 * @advice:  what to do; NULL when @ok
 * @facts:   the same for programs
 * @n_facts: how many
 *
 * Borrowed for the call.
 */
struct nipfs_checkup {
	const char *topic;
	bool ok;
	const char *text;
	const char *advice;
	const struct nipfs_fact *facts;
	size_t n_facts;
};

/**
 * struct nipfs_doctor_options - what is looked at and who is told
 * @store: as nipfs_store_open() would get it, opened for WRITE
 * @prepare: call nipfs_store_prepare() before the store is opened, which changes the
 *         process: else what root could do with it is not tried
 * @each:  called with each checkup; a negative return ends it
 * @ctx:   handed to @each
 */
struct nipfs_doctor_options {
	struct nipfs_store_options store;
	bool prepare;
	int (*each)(void *ctx, const struct nipfs_checkup *checkup, struct nipfs_error *err);
	void *ctx;
};

/**
 * nipfs_doctor() - look at all that nix-ipfs has to do with here
 * @options: what and whom
 * @usable:  whether nipfs_realize() would work; untouched on failure
 * @err:     may be NULL
 *
 * No program is started but what the options name, and nothing is made or changed but
 * what a store that is opened for WRITE gets; a store that is not there is not made.
 *
 * Return: 0, NIPFS_E_INVALID (settings that can't be read, no such store URI),
 * NIPFS_E_NOMEM, NIPFS_E_CANCELLED, or what @each returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_doctor(const struct nipfs_doctor_options *options,
					 bool *usable, struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
