/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes at any place of a file or of a stream. A stream is read once, no further
 * than asked for, and what was read is kept in a file without a name.
 */
#ifndef LIB_BLOCKS_TAPE_H
#define LIB_BLOCKS_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/error.h>

/**
 * struct nipfs__tape - an open file or stream
 * @file:  what is read at any place: the file, or the copy of the stream
 * @base:  where the tape begins in @file
 * @have:  so many bytes are in @file
 * @ended: there will be no more
 */
struct nipfs__tape {
	int file;
	uint64_t base, have;
	bool ended;
	/* private */
	int stream;
	const char *name;
	uint8_t *buf;
};

/**
 * nipfs__tape_open() - take an open file or stream
 * @take_fd: from its current position on; stays the caller's on failure
 * @name:    for messages; borrowed
 *
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_SYS.
 */
int nipfs__tape_open(struct nipfs__tape *t, int take_fd, const char *name,
		     struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__tape_release(struct nipfs__tape *t);
/* Gives back all but the descriptor that it took. */
void nipfs__tape_leave(struct nipfs__tape *t);

/* Reads on until @end bytes are there or no more come. Return: 0, NIPFS_E_SYS,
 * NIPFS_E_CANCELLED. */
int nipfs__tape_reach(struct nipfs__tape *t, uint64_t end,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

/* Up to @n bytes from @offset on; *@got is less only at the end. Same codes. */
int nipfs__tape_read(struct nipfs__tape *t, uint64_t offset, void *buf, size_t n,
		     size_t *got, struct nipfs_error *err) NIPFS_MUSTUSE;

/* A file without a name in $TMPDIR, else /var/tmp, else /tmp. Return: 0, NIPFS_E_SYS. */
int nipfs__scratch_open(int *out, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
