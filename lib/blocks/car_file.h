/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A CAR that is read from the front, and no further than asked for: where each
 * section stands is remembered.
 */
#ifndef LIB_BLOCKS_CAR_FILE_H
#define LIB_BLOCKS_CAR_FILE_H

#include <nixipfs/car.h>

#include "lib/blocks/bag.h"
#include "lib/blocks/hash.h"
#include "lib/blocks/tape.h"
#include "multiformats/base/buf.h"

/**
 * struct nipfs__car_file - the CAR
 * @shown: for messages: its name, and what is wrong with it once that is known
 * @ended: there are no more sections, or none that can be read
 * @index: that of a CARv2, or NULL
 */
struct nipfs__car_file {
	const char *shown;
	bool ended;
	struct nipfs__tape tape;
	struct nipfs_car_index *index;
	/* private */
	char *name;
	struct nipfs_buf note;
	uint64_t at, good;
	struct nipfs_car_reader *reader;
	struct nipfs__hash_key key;
	struct nipfs__bag places;
};

/* As nipfs_car_source_open_fd(); the file must stay where it is in memory. */
int nipfs__car_file_open(struct nipfs__car_file *f, int take_fd, const char *name,
			 struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__car_file_release(struct nipfs__car_file *f);

/* Whether a failure is one of what stands in the CAR, not one of reading it. */
bool nipfs__car_file_is_bad(int code);

/**
 * nipfs__car_file_next() - read one more section, and remember its place
 *
 * Return: 0 with the section, all of which is there; 1 when the CAR ended, whatever
 * ended it; or a negative code when it can't be read.
 */
int nipfs__car_file_next(struct nipfs__car_file *f, struct nipfs_car_section *out,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

/* The section at an offset: 0, 1 when there is none, or negative. */
int nipfs__car_file_section(struct nipfs__car_file *f, uint64_t offset,
			    struct nipfs_car_section *out,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/* Puts a place of blocks with the CID's multihash before those that are remembered. */
int nipfs__car_file_remember(struct nipfs__car_file *f, const struct nipfs_cid *cid,
			     uint64_t offset, struct nipfs_error *err) NIPFS_MUSTUSE;
/* Remembers that all places so far are of wrong blocks. */
int nipfs__car_file_give_up(struct nipfs__car_file *f, const struct nipfs_cid *cid,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/* Goes through the remembered places of a CID. */
void nipfs__car_file_find(const struct nipfs__car_file *f, const struct nipfs_cid *cid,
			  struct nipfs__bag_cursor *cursor);
/*
 * The next one. Return: 0; 1 when there is no more; NIPFS_E_MISMATCH when
 * nipfs__car_file_give_up() was called for what comes; or another negative code.
 */
int nipfs__car_file_place(struct nipfs__car_file *f, struct nipfs__bag_cursor *cursor,
			  uint64_t *offset, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
