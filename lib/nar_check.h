/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a tree has the NAR hash and size that are said of it. */
#ifndef LIB_NAR_CHECK_H
#define LIB_NAR_CHECK_H

#include <nixipfs/nar.h>
#include <nixipfs/path_info.h>
#include <nixipfs/progress.h>

/* Compares. A size of 0 is not known. Return: 0 or NIPFS_E_MISMATCH, with both told. */
int nipfs__nar_compare(const struct nipfs_path_info *info,
		       const struct nipfs_nar_digest *digest,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * struct nipfs__nar_check - a tree that is hashed to be compared
 * @info: what is said of it; borrowed
 * @hash: hashes it
 * @sink: takes the one tree
 */
struct nipfs__nar_check {
	const struct nipfs_path_info *info;
	struct nipfs_nar_hash *hash;
	struct nipfs_tree_sink hash_sink, sink;
};

/* @meter counts; may be NULL. Must not move until nipfs__nar_check_end(). */
int nipfs__nar_check_begin(struct nipfs__nar_check *c, const struct nipfs_path_info *info,
			   struct nipfs_progress_meter *meter,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__nar_check_end() - what came of it
 * @r:    what the source of the tree returned; a failure is passed on
 * @size: bytes of the NAR; untouched on failure
 *
 * Return: 0, @r, or NIPFS_E_MISMATCH; @err names the path.
 */
int nipfs__nar_check_end(struct nipfs__nar_check *c, int r, uint64_t *size,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
