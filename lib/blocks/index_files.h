/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes read back from the store by the places that the index has. What was
 * opened last stays open, so that blocks in the order of a tree cost one look at
 * each directory and one opening of each file.
 */
#ifndef LIB_BLOCKS_INDEX_FILES_H
#define LIB_BLOCKS_INDEX_FILES_H

#include "lib/blocks/index.h"
#include "lib/blocks/nar_cursor.h"
#include "lib/blocks/place.h"

enum { NIPFS__FILES_DIRS = 32 };

/* A store folder. */
struct nipfs__files_store {
	struct nipfs__files_store *next;
	int fd; /* -1: it can't be opened */
	char dir[];
};

/* What is known of an owner. */
struct nipfs__files_owner {
	struct nipfs__files_owner *next;
	uint64_t id;
	bool usable; /* it is recorded whole, and Nix states the same narHash now */
	uint64_t chunk;
	const struct nipfs__files_store *store;
	char base[];
};

/* A directory with the names in it, sorted. */
struct nipfs__files_dir {
	uint64_t owner, dir, used;
	int fd;
	size_t n, bytes;
	uint32_t *at; /* of each name in @names */
	char *names;
};

/**
 * struct nipfs__files - the reader
 * @fd:   the file that was read last, or -1
 * @size: its bytes
 */
struct nipfs__files {
	struct nipfs__index_db *db;
	struct nipfs_index_truth truth;
	struct nipfs__files_store *stores;
	struct nipfs__files_owner **owners;
	size_t n_owners;
	struct nipfs__files_dir dirs[NIPFS__FILES_DIRS];
	uint64_t clock;
	int fd;
	uint64_t fd_owner, fd_dir, fd_entry, size;
	struct nipfs__nar_cursor *nar;
	uint64_t nar_owner;
};

/* Return: 0 or NIPFS_E_NOMEM. */
int nipfs__files_init(struct nipfs__files *f, struct nipfs__index_db *db,
		      const struct nipfs_index_truth *truth,
		      struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__files_release(struct nipfs__files *f);

/* What is known of an owner; borrowed until the next one is asked for. In index_owners.c.
 */
int nipfs__files_owner(struct nipfs__files *f, uint64_t id,
		       const struct nipfs__files_owner **out,
		       struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__files_forget_owners(struct nipfs__files *f);
/* Owners that did not count are looked at again: their path may have become valid. */
void nipfs__files_ask_again(struct nipfs__files *f);

/**
 * nipfs__files_read() - the bytes that lie at a place in the store
 * @place: of any kind but NODE
 * @out:   gets them, at most as many as a block may have
 * @fd:    the open file in which all of them lie at @offset, or -1; borrowed
 *
 * Return: 0; 1 when the owner does not count; NIPFS_E_NOTFOUND when it counts and the
 * place is not there; or another negative code when reading can't go on at all.
 */
int nipfs__files_read(struct nipfs__files *f, const struct nipfs__place *place,
		      struct nipfs_buf *out, int *fd, uint64_t *offset,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

/* Appends the path of the file that a place is in, for messages. */
int nipfs__files_name(struct nipfs__files *f, const struct nipfs__place *place,
		      struct nipfs_buf *out) NIPFS_MUSTUSE;

#endif
