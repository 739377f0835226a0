/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pins as they are typed: by CID, by store path, or by name. */
#ifndef CLI_PIN_ARGS_H
#define CLI_PIN_ARGS_H

#include <nixipfs/cid.h>
#include <nixipfs/pin.h>
#include <nixipfs/store_path.h>

#include "cli/command.h"

enum pin_what_kind {
	PIN_WHAT_CID,  /* CID, /ipfs/CID, ipfs://CID */
	PIN_WHAT_PATH, /* with a slash: a store path, or a symlink to one */
	PIN_WHAT_NAME  /* all else; with * ? [ a pattern */
};

/**
 * struct pin_what - what was typed
 * @typed:    as it was; borrowed
 * @cid:      of a CID
 * @base:     the base name: of a path, or of the path that the closure @cid was added for; ""
 *            when it is not known
 * @closures: owned: the CIDs of closures that the index has of a path, the latest first
 *
 * Start with zeros, end with pin_what_release().
 */
struct pin_what {
	enum pin_what_kind kind;
	const char *typed;
	struct nipfs_cid cid;
	char base[sizeof(((struct nipfs_store_path *)NULL)->base)];
	struct nipfs_cid *closures;
	size_t n, cap;
};

/* Return: 0, or why the path or the index can't be read. */
int pin_what_read(const char *typed, const struct common *common, struct pin_what *out,
		  struct nipfs_error *err);
void pin_what_release(struct pin_what *what);

/* The CID to be pinned: NIPFS_E_NOTFOUND for a path that the index has no closure of. */
int pin_what_cid(const struct pin_what *what, struct nipfs_cid *out, struct nipfs_error *err);

/* Whether a name fits what was typed as one. */
bool pin_what_fits_name(const struct pin_what *what, const char *name);

/* Whether it may stand for several names. */
bool pin_what_is_pattern(const struct pin_what *what);

/* Which pins are old: --older-than, --keep-last. */
struct pin_age {
	const char *older_than;
	struct opt_number keep_last;
};

static inline bool pin_age_is_set(const struct pin_age *age)
{
	return age->older_than || age->keep_last.set;
}

/* @seconds: 0 without --older-than. */
int pin_age_read(const struct pin_age *age, uint64_t *seconds, struct nipfs_error *err);

/* "2026-11-25T04:50:18Z", in 32 bytes. */
void pin_time_format(int64_t time, char out[32]);

#endif
