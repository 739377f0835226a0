/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a reader of NARs makes of strings and files: the states that it goes
 * through, and the tree events. Where the bytes come from is in nar_read.c.
 */
#ifndef LIB_NIX_NAR_GRAMMAR_H
#define LIB_NIX_NAR_GRAMMAR_H

#include <nixipfs/nar.h>

#include "multiformats/base/buf.h"

/* What must come next. */
enum nipfs__nar_state {
	NIPFS__NAR_MAGIC,
	NIPFS__NAR_NODE_OPEN,
	NIPFS__NAR_TYPE_TAG,
	NIPFS__NAR_KIND,
	NIPFS__NAR_REGULAR,
	NIPFS__NAR_EXECUTABLE_VALUE,
	NIPFS__NAR_CONTENTS_TAG,
	NIPFS__NAR_CONTENTS,
	NIPFS__NAR_TARGET_TAG,
	NIPFS__NAR_TARGET,
	NIPFS__NAR_NODE_CLOSE,
	NIPFS__NAR_DIRECTORY,
	NIPFS__NAR_ENTRY_OPEN,
	NIPFS__NAR_NAME_TAG,
	NIPFS__NAR_NAME,
	NIPFS__NAR_NODE_TAG,
	NIPFS__NAR_ENTRY_CLOSE,
	NIPFS__NAR_DONE,
};

struct nipfs_nar_reader {
	struct nipfs_tree_limits limits;
	struct nipfs_tree_sink sink;
	enum nipfs__nar_state state;
	int failed;
	uint64_t offset;   /* bytes that were taken */
	uint8_t number[8]; /* the length of the string or file that begins */
	size_t number_len;
	uint64_t length;
	struct nipfs_buf string; /* the part of it that has arrived, padding included */
	uint64_t file_left;
	size_t padding_left;
	bool executable;
	struct nipfs_buf frames, names;
	size_t depth;	   /* directories that are open */
	size_t have_depth; /* those of them that the sink wants nothing of */
	bool have_file;
};

/* Records that the NAR is malformed at the current byte. Return: @code. */
int nipfs__nar_fail(const struct nipfs_nar_reader *r, struct nipfs_error *err, int code,
		    const char *what);

/* A length has arrived: checks it before anything is kept; of a file, the file begins. */
int nipfs__nar_length(struct nipfs_nar_reader *r, struct nipfs_error *err) NIPFS_MUSTUSE;
/* A string has arrived. */
int nipfs__nar_string(struct nipfs_nar_reader *r, struct nipfs_slice s,
		      struct nipfs_error *err) NIPFS_MUSTUSE;
/* All bytes of a file and its padding have arrived. */
int nipfs__nar_file_end(struct nipfs_nar_reader *r,
			struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
