/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options that decide a CID, named as `ipfs add` names them. */
#ifndef CLI_UNIXFS_OPTIONS_H
#define CLI_UNIXFS_OPTIONS_H

#include <nixipfs/cid.h>
#include <nixipfs/error.h>
#include <nixipfs/unixfs.h>

#include "cli/command.h"

struct unixfs_options {
	const char *profile, *chunker, *hash, *cid_base;
	unsigned int mode, mtime, layout; /* OPT_CHOICE */
	bool trickle, inline_blocks;
	enum tristate raw_leaves;
	struct opt_number cid_version, inline_limit, max_file_links, max_directory_links,
	    max_hamt_fanout;
};

/**
 * unixfs_params() - the parameters that the options mean
 * @o:   the options
 * @out: untouched on failure
 * @err: names what is refused
 *
 * What options imply follows Kubo: a hash other than sha2-256 needs CIDv1, and in the
 * profiles that stand for Kubo's flags alone (unixfs-v0-2015, kubo-cidv1) CIDv1
 * without metadata has raw leaves, all else not.
 *
 * Return: 0 or NIPFS_E_USAGE.
 */
int unixfs_params(const struct unixfs_options *o, struct nipfs_unixfs_params *out,
		  struct nipfs_error *err);

/**
 * unixfs_format_cid() - a CID in the base that was asked for
 * @out: at least NIPFS_CID_TEXT_MAX bytes
 *
 * A CIDv0 in another base than base58btc is written as CIDv1, as Kubo does.
 *
 * Return: 0 or NIPFS_E_USAGE.
 */
int unixfs_format_cid(const struct unixfs_options *o, const struct nipfs_cid *cid,
		      char *out, struct nipfs_error *err);

#endif
