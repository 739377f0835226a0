/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Nix archive: written from tree events, hashed, read back as tree events.
 *
 * A NAR holds names, contents, symlink targets and executable bits, and for
 * each tree there is exactly one. Objects are used by one thread at a time.
 */
#ifndef NIXIPFS_NAR_H
#define NIXIPFS_NAR_H

#include <stddef.h>
#include <stdint.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>
#include <nixipfs/tree.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct nipfs_nar_output - takes the bytes of a NAR, in order
 * @write: the next bytes, never 0 of them: framing, or bytes of a file passed on
 *         as they came, with their slab and descriptor. Returns 0 or a negative
 *         code, which ends the pipeline.
 * @ctx:   handed to @write
 */
struct nipfs_nar_output {
	int (*write)(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err);
	void *ctx;
};

/* Makes the NAR of a tree. */
struct nipfs_nar_writer;

/**
 * nipfs_nar_writer_new() - start making a NAR
 * @out:      the writer, to be freed with nipfs_nar_writer_free()
 * @output:   takes the bytes; copied, its ctx must outlive the writer
 * @max_size: the NarSize that the tree is said to have: a tree that grows past
 *            it is NIPFS_E_MISMATCH before the byte is given out; 0: unknown
 * @err:      may be NULL
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nar_writer_new(struct nipfs_nar_writer **out,
						 const struct nipfs_nar_output *output,
						 uint64_t max_size,
						 struct nipfs_error *err);

/**
 * nipfs_nar_writer_sink() - the tree sink that feeds a writer
 * @w: must outlive the sink; takes one tree
 *
 * Needs all bytes of all files: it never answers NIPFS_HAVE.
 */
NIPFS_API struct nipfs_tree_sink nipfs_nar_writer_sink(struct nipfs_nar_writer *w);

/**
 * nipfs_nar_writer_finish() - give out the last bytes
 * @w:    after the events of one whole tree
 * @size: bytes of the whole NAR; untouched on failure; may be NULL
 * @err:  may be NULL
 *
 * Return: 0, NIPFS_E_USAGE when no tree is complete, or what the output returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nar_writer_finish(struct nipfs_nar_writer *w,
						    uint64_t *size,
						    struct nipfs_error *err);

/**
 * nipfs_nar_writer_free() - end a writer
 * @w: may be NULL
 */
NIPFS_API void nipfs_nar_writer_free(struct nipfs_nar_writer *w);

/**
 * struct nipfs_nar_digest - what is to be known of the NAR of a tree, a plain value
 * @sha256:          its hash: Nix's narHash
 * @size:            its bytes: Nix's narSize
 * @modulo:          its hash modulo self-references (see nipfs_nar_hash_new());
 *                   equal to @sha256 when there is none
 * @modulo_2_17:     the same without the offsets of the self-references: what Nix
 *                   2.17 to 2.34 take for it (NixOS/nix issue 15837)
 * @self_references: how many there are
 */
struct nipfs_nar_digest {
	uint8_t sha256[32];
	uint64_t size;
	uint8_t modulo[32];
	uint8_t modulo_2_17[32];
	uint64_t self_references;
};

/* Hashes the NAR of a tree. */
struct nipfs_nar_hash;

/**
 * nipfs_nar_hash_new() - start hashing a NAR
 * @out:       the hasher, to be freed with nipfs_nar_hash_free()
 * @self_hash: empty, or the 32 characters of the store path's own hash part: the
 *             hash modulo self-references, which content addresses are made of, is
 *             then computed too (each occurrence read as 32 NULs, and "|offset"
 *             appended for each)
 * @max_size:  as for nipfs_nar_writer_new()
 * @err:       may be NULL
 *
 * Return: 0, NIPFS_E_NOMEM, or NIPFS_E_USAGE for a @self_hash of another length.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nar_hash_new(struct nipfs_nar_hash **out,
					       struct nipfs_slice self_hash,
					       uint64_t max_size, struct nipfs_error *err);

/**
 * nipfs_nar_hash_sink() - the tree sink that feeds a hasher
 * @h: must outlive the sink; takes one tree
 */
NIPFS_API struct nipfs_tree_sink nipfs_nar_hash_sink(struct nipfs_nar_hash *h);

/**
 * nipfs_nar_hash_result() - the hash of the tree that was fed
 * @h:   after the events of one whole tree; once
 * @out: untouched on failure
 * @err: may be NULL
 *
 * Return: 0, NIPFS_E_USAGE when no tree is complete, or NIPFS_E_LIMIT for
 * more self-references than fit in flat memory (about a million and a half).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nar_hash_result(struct nipfs_nar_hash *h,
						  struct nipfs_nar_digest *out,
						  struct nipfs_error *err);

/**
 * nipfs_nar_hash_free() - end a hasher
 * @h: may be NULL
 */
NIPFS_API void nipfs_nar_hash_free(struct nipfs_nar_hash *h);

/* Reads a NAR that arrives in pieces of any size. */
struct nipfs_nar_reader;

/**
 * nipfs_nar_reader_new() - start reading a NAR
 * @out:    the reader, to be freed with nipfs_nar_reader_free()
 * @limits: what to refuse; may be NULL: NIPFS_TREE_LIMITS_NIX
 * @sink:   takes the events; copied, its ctx must outlive the reader
 * @err:    may be NULL
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nar_reader_new(struct nipfs_nar_reader **out,
						 const struct nipfs_tree_limits *limits,
						 const struct nipfs_tree_sink *sink,
						 struct nipfs_error *err);

/**
 * nipfs_nar_reader_feed() - hand over the next bytes
 * @r:     the reader
 * @bytes: bytes of files are passed on to the sink with their slab and descriptor
 * @used:  bytes that belong to the NAR; less than all of them only when it is
 *         complete; untouched on failure
 * @err:   may be NULL
 *
 * Strict: only the NAR that nipfs_nar_writer_new() makes of the same tree is taken,
 * byte for byte: entries in order, each once, padding zero, one contents.
 *
 * Return: 0 when more is needed, 1 when the NAR is complete; NIPFS_E_INVALID;
 * NIPFS_E_NONCANONICAL (order, padding); NIPFS_E_LIMIT; NIPFS_E_NOMEM; or what
 * the sink returned. After a failure the reader can only be freed.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nar_reader_feed(struct nipfs_nar_reader *r,
						  const struct nipfs_span *bytes,
						  size_t *used, struct nipfs_error *err);

/**
 * nipfs_nar_reader_end() - say that no more bytes come
 * @r:   the reader
 * @err: may be NULL
 *
 * Return: 0 when the NAR is complete, else NIPFS_E_TRUNCATED.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nar_reader_end(struct nipfs_nar_reader *r,
						 struct nipfs_error *err);

/**
 * nipfs_nar_reader_free() - end a reader
 * @r: may be NULL
 */
NIPFS_API void nipfs_nar_reader_free(struct nipfs_nar_reader *r);

#ifdef __cplusplus
}
#endif
#endif
