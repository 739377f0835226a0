/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Those pins of a pinning service that are meant. */
#ifndef CLI_REMOTE_PINS_H
#define CLI_REMOTE_PINS_H

#include <nixipfs/pin_remote.h>

#include "cli/pin_args.h"

/* By name, of one name the newest first. Start with zeros, end with remote_pins_release(). */
struct remote_pins {
	struct nipfs_remote_pin *pins;
	size_t n, cap;
};

void remote_pins_release(struct remote_pins *pins);

/* Those that @what means; NULL: all. @skipped: so many have a CID of an unknown kind. */
int remote_pins_load(struct nipfs_pin_service *s, const struct pin_what *what,
		     struct remote_pins *out, uint64_t *skipped, struct nipfs_error *err);

/* Those of one CID. */
int remote_pins_of_cid(struct nipfs_pin_service *s, const struct nipfs_cid *cid,
		       struct remote_pins *out, struct nipfs_error *err);

/* Keeps those that are no longer wanted, as nipfs_pin_list_old() does. */
void remote_pins_old(struct remote_pins *pins, int64_t now, uint64_t older_than_s,
		     uint64_t keep_last);

#endif
