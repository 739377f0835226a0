/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where blocks go to and where they come from: the two interfaces that every
 * store of blocks (index, CAR, node, gateway) implements.
 */
#ifndef NIXIPFS_BLOCK_H
#define NIXIPFS_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/bytes.h>
#include <nixipfs/cid.h>
#include <nixipfs/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the bytes of a block relate to the file that it was made from. */
enum nipfs_origin_kind {
	NIPFS_ORIGIN_NODE,   /* not in any file: a directory, an inner node, a symlink */
	NIPFS_ORIGIN_FILE,   /* exactly a range of the file */
	NIPFS_ORIGIN_INLINE, /* a prefix, a range of the file, a suffix */
	NIPFS_ORIGIN_NAR     /* a range of the NAR of the store path */
};

/**
 * struct nipfs_origin - where the bytes of a new block lie on disk
 * @kind:       see enum nipfs_origin_kind
 * @offset:     first byte in the file (FILE, INLINE) or in the NAR (NAR)
 * @len:        bytes of that range
 * @prefix_len: bytes of the block before that range (INLINE); the suffix is
 *              what remains behind it
 *
 * The file is the one that the tree event `file` named last.
 */
struct nipfs_origin {
	enum nipfs_origin_kind kind;
	uint64_t offset;
	uint64_t len;
	uint32_t prefix_len;
};

/**
 * struct nipfs_block_sink - takes blocks
 * @put:  one block; @cid is right for @bytes and never an identity CID;
 *        @origin may be NULL (unknown). All borrowed for the call.
 *        The same block may come more than once.
 * @ctx:  handed to @put
 *
 * Return of @put: 0 or a negative code, which ends the pipeline.
 */
struct nipfs_block_sink {
	int (*put)(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
		   const struct nipfs_origin *origin, struct nipfs_error *err);
	void *ctx;
};

/* What a wanted block is for: lets a source order and group its requests. */
enum nipfs_want_role {
	NIPFS_WANT_NODE,   /* decides what is wanted next */
	NIPFS_WANT_LEAF,   /* file bytes */
	NIPFS_WANT_SUBTREE /* this block and all below it will be wanted */
};

/**
 * struct nipfs_want - one wanted block
 * @cid:   which one; never an identity CID
 * @role:  what for
 * @bytes: its expected size, or that of the subtree; 0 when unknown. A hint
 *         from outside: never a size to allocate by.
 */
struct nipfs_want {
	struct nipfs_cid cid;
	enum nipfs_want_role role;
	uint64_t bytes;
};

/**
 * struct nipfs_block - one delivered block
 * @cid:      which want this answers
 * @status:   0, or why there are no bytes: NIPFS_E_NOTFOUND / NIPFS_E_UNREACHABLE:
 *            this source has no such block; NIPFS_E_MISMATCH / NIPFS_E_LIMIT /
 *            NIPFS_E_UNSUPPORTED: what it has in its place can't be used
 * @verified: the source has hashed these very bytes and they match the CID: they
 *            need no second hash. False unless a source that must hash says so.
 * @bytes:    the contents when @status is 0; valid until the next call to the
 *            source unless a reference to its slab is taken; its cid is ignored
 */
struct nipfs_block {
	struct nipfs_cid cid;
	int status;
	bool verified;
	struct nipfs_span bytes;
};

struct nipfs_block_source;

/**
 * struct nipfs_block_source_ops - what a block source does
 * @want:   asks for @n blocks; returns at once where it can; the wants are
 *          copied. A CID that is outstanding already is answered once.
 * @next:   the next answer, in any order: 0 with @out filled, 1 when nothing is
 *          outstanding, or a negative code when the source itself failed
 * @cancel: the block is not wanted any more; it may still be delivered
 * @free:   ends the source
 * @ready:  whether @next would answer without waiting for others, now or within
 *          @wait_ms; NULL where it never waits for them, or for nobody to go on meanwhile
 *
 * Answers are not trusted: who takes a block checks it unless it is marked as
 * verified (nipfs_block_get() does).
 * A source is used by one thread at a time.
 */
struct nipfs_block_source_ops {
	int (*want)(struct nipfs_block_source *self, const struct nipfs_want *wants, size_t n,
		    struct nipfs_error *err);
	int (*next)(struct nipfs_block_source *self, struct nipfs_block *out,
		    struct nipfs_error *err);
	void (*cancel)(struct nipfs_block_source *self, const struct nipfs_cid *cid);
	void (*free)(struct nipfs_block_source *self);
	bool (*ready)(struct nipfs_block_source *self, int wait_ms);
};

/**
 * struct nipfs_block_source - the first member of every block source
 * @ops:  what it does
 * @name: for messages: a file name, a URL. Valid until the next call to the source:
 *        it may change, so that it says where the last answer came from or why
 *        there was none ("x.car (cut short at byte 4711)")
 */
struct nipfs_block_source {
	const struct nipfs_block_source_ops *ops;
	const char *name;
};

/**
 * nipfs_block_source_free() - end a block source
 * @source: may be NULL
 */
NIPFS_API void nipfs_block_source_free(struct nipfs_block_source *source);

/**
 * nipfs_block_get() - the verified bytes of one block, now
 * @source: a source with nothing outstanding
 * @cid:    which block; identity CIDs are answered from the CID itself
 * @role:   what for
 * @out:    valid until the next use of @source, or of @cid for an identity CID
 * @err:    may be NULL
 *
 * Return: 0, NIPFS_E_NOTFOUND, NIPFS_E_MISMATCH (the source delivered other
 * bytes), NIPFS_E_UNSUPPORTED (hash function), NIPFS_E_LIMIT (over
 * NIPFS_BLOCK_MAX), or what the source failed with.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_block_get(struct nipfs_block_source *source,
					    const struct nipfs_cid *cid,
					    enum nipfs_want_role role,
					    struct nipfs_span *out, struct nipfs_error *err);

/**
 * nipfs_slab_ref() - keep the bytes of a span
 * @slab: may be NULL
 *
 * Return: @slab. Thread-safe.
 */
NIPFS_API struct nipfs_slab *nipfs_slab_ref(struct nipfs_slab *slab);

/**
 * nipfs_slab_unref() - let go of a slab
 * @slab: may be NULL
 *
 * Thread-safe.
 */
NIPFS_API void nipfs_slab_unref(struct nipfs_slab *slab);

#ifdef __cplusplus
}
#endif
#endif
