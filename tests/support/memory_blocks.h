/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A store of blocks in memory, as block sink and as block source, with faults
 * that can be injected. Aborts without memory.
 */
#ifndef TESTS_SUPPORT_MEMORY_BLOCKS_H
#define TESTS_SUPPORT_MEMORY_BLOCKS_H

#include <nixipfs/block.h>

enum memory_fault {
	MEMORY_FAULT_NONE,
	MEMORY_FAULT_MISSING,     /* answered with NIPFS_E_NOTFOUND */
	MEMORY_FAULT_UNREACHABLE, /* answered with NIPFS_E_UNREACHABLE */
	MEMORY_FAULT_CORRUPT,     /* one bit is flipped, or a byte added to no bytes */
	MEMORY_FAULT_BROKEN       /* the source itself fails with NIPFS_E_SYS */
};

enum memory_order {
	MEMORY_ORDER_FIFO,
	MEMORY_ORDER_LIFO /* the newest want is answered first */
};

struct memory_block;

/**
 * struct memory_blocks - the store; start with memory_blocks_new()
 * @order:       of the answers; to be set at will
 * @n:           blocks stored, each CID once
 * @bytes:       of those blocks
 * @puts:        calls of the sink, repeated blocks included
 * @wants:       wants taken, repeated ones left out
 * @answers:     answers given
 * @cancels:     calls of cancel
 * @waiting_max: the most wants that were ever outstanding at once
 */
struct memory_blocks {
	struct nipfs_block_source source;
	enum memory_order order;
	size_t n, puts, wants, answers, cancels, waiting_max;
	uint64_t bytes;
	/* private */
	struct memory_block *blocks;
	size_t *table;
	size_t n_table, cap_blocks;
	struct nipfs_want *waiting;
	size_t n_waiting, cap_waiting;
	uint8_t *delivered;
};

struct memory_blocks *memory_blocks_new(void);
void memory_blocks_free(struct memory_blocks *m);

/* A sink that copies blocks; NIPFS_E_MISMATCH for bytes that are not those of the CID. */
struct nipfs_block_sink memory_blocks_sink(struct memory_blocks *m);

/*
 * The source. Freeing it does nothing. Bytes that it delivered are freed at the
 * next call to it, so that a sanitizer sees who holds on to them.
 */
struct nipfs_block_source *memory_blocks_source(struct memory_blocks *m);

/* Stores a block under its CIDv1 with sha2-256 and gives that. */
struct nipfs_cid memory_blocks_put(struct memory_blocks *m, uint64_t codec,
				   struct nipfs_slice bytes);
/* The same, with any CID and without a check. */
void memory_blocks_put_as(struct memory_blocks *m, const struct nipfs_cid *cid,
			  struct nipfs_slice bytes);

/* The bytes of a block, or false. */
bool memory_blocks_get(const struct memory_blocks *m, const struct nipfs_cid *cid,
		       struct nipfs_slice *out);
/* The CID of block @i < n, in the order of the first puts. */
struct nipfs_cid memory_blocks_cid(const struct memory_blocks *m, size_t i);
/* Injects a fault into a stored block, or takes it back. */
void memory_blocks_fault(struct memory_blocks *m, const struct nipfs_cid *cid,
			 enum memory_fault fault);

#endif
