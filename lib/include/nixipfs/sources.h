/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where blocks come from: CAR files, and chains of sources; and sets of CIDs
 * that may grow beyond memory.
 *
 * Temporary files are made in $TMPDIR, else /var/tmp, else /tmp, and have no
 * name: nothing is left of them. Objects are used by one thread at a time.
 */
#ifndef NIXIPFS_SOURCES_H
#define NIXIPFS_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/block.h>
#include <nixipfs/dag.h>
#include <nixipfs/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- sets of CIDs ---------------------------------------------------------- */

/* An exact set of CIDs. */
struct nipfs_seen_set;

/**
 * nipfs_seen_set_new() - an empty set
 * @out:       to be freed with nipfs_seen_set_free()
 * @max_bytes: memory that it may take; behind that it goes on in a temporary
 *             file; 0: 24 MiB, which hold 450,000 CIDs
 * @err:       may be NULL
 *
 * Two CIDs are the same when all of them is: version, codec, hash function,
 * digest. Nobody can choose CIDs that make it slow.
 *
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_SYS.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_seen_set_new(struct nipfs_seen_set **out,
					       size_t max_bytes, struct nipfs_error *err);

/**
 * nipfs_seen_set_seen() - the set as nipfs_dag_walk() takes it
 * @set: must outlive what is returned
 *
 * Its `add` fails with NIPFS_E_NOMEM or NIPFS_E_SYS (no space for the temporary file).
 */
NIPFS_API struct nipfs_seen nipfs_seen_set_seen(struct nipfs_seen_set *set);

/**
 * nipfs_seen_set_free() - end a set
 * @set: may be NULL
 */
NIPFS_API void nipfs_seen_set_free(struct nipfs_seen_set *set);

/* ---- CAR ------------------------------------------------------------------- */

/**
 * nipfs_car_source_open() - a CAR file as block source
 * @out:  to be freed with nipfs_block_source_free()
 * @path: NUL-terminated: a file, a FIFO, or "-" for standard input
 * @err:  may be NULL
 *
 * CARv1 or CARv2; its header's roots are ignored. A file is read from the front
 * only as far as wanted blocks ask for it, or by the index of a CARv2 where that
 * leads to the wanted block. What can't seek is read the same way, in one pass:
 * what was read is kept in a temporary file, and what is left at the end stays
 * unread. Memory does not grow with the number of blocks.
 *
 * A block is found by its multihash, whatever version and codec its CID has in
 * the CAR. Blocks are verified, and one that is wrong does not hide a right
 * one with the same CID; where there are only wrong ones, the answer is
 * NIPFS_E_MISMATCH. A CAR that is cut short or malformed somewhere gives what
 * stands before that place, and its name says from then on where that is.
 *
 * Return: 0; NIPFS_E_NOTFOUND (no such file); NIPFS_E_SYS; NIPFS_E_NOMEM; or for
 * the header as nipfs_car_reader_new().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_car_source_open(struct nipfs_block_source **out,
						  const char *path,
						  struct nipfs_error *err);

/**
 * nipfs_car_source_open_fd() - an open CAR as block source
 * @out:     to be freed with nipfs_block_source_free()
 * @take_fd: where the CAR begins at the current position; closed by the source;
 *           stays the caller's on failure
 * @name:    for messages; copied
 * @err:     may be NULL
 *
 * Return: as nipfs_car_source_open().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_car_source_open_fd(struct nipfs_block_source **out,
						     int take_fd, const char *name,
						     struct nipfs_error *err);

/* ---- chains ---------------------------------------------------------------- */

/**
 * nipfs_chain_source_new() - several sources as one: what one lacks the next is asked for
 * @out:          to be freed with nipfs_block_source_free(), which frees the members
 * @take_sources: asked in this order, for each block anew; the array is copied, its
 *                members are the chain's on success and the caller's on failure
 * @n:            how many, at least 1
 * @err:          may be NULL
 *
 * Blocks are verified: wrong bytes count as lacking. A member that fails itself
 * is asked no more. When no member has a block, the answer is NIPFS_E_MISMATCH
 * if one gave wrong bytes (the name of the chain is then that of the member), else the
 * failure of the member that failed, else NIPFS_E_UNREACHABLE if one said so,
 * else NIPFS_E_NOTFOUND (the name of the chain is then those of all members).
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_chain_source_new(struct nipfs_block_source **out,
		       struct nipfs_block_source *const *take_sources, size_t n,
		       struct nipfs_error *err);

/**
 * struct nipfs_source_report - what one member of a chain did
 * @name:   of the member; borrowed until the next call to the chain
 * @blocks: good blocks that it gave
 * @bytes:  of those
 * @wrong:  blocks whose bytes were not those of the CID
 * @failed: it failed itself, and was asked no more
 */
struct nipfs_source_report {
	const char *name;
	uint64_t blocks;
	uint64_t bytes;
	uint64_t wrong;
	bool failed;
};

/**
 * nipfs_chain_source_report() - what a member did so far
 * @chain: from nipfs_chain_source_new()
 * @i:     which member: 0, 1, …
 * @out:   untouched on failure
 *
 * Return: 0, or NIPFS_E_NOTFOUND behind the last one.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_chain_source_report(const struct nipfs_block_source *chain, size_t i,
			  struct nipfs_source_report *out);

#ifdef __cplusplus
}
#endif
#endif
