/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A closure that was signed as a CAR: its new blocks, and those it had before. */
#ifndef CLI_SIGNED_CAR_H
#define CLI_SIGNED_CAR_H

#include <stdio.h>

#include <nixipfs/block.h>
#include <nixipfs/progress.h>

/* Keeps new blocks in memory, as a CAR. Start with zeros; must not move while it is open. */
struct signed_car {
	struct nipfs_block_sink sink;
	FILE *stream;
};

int signed_car_open(struct signed_car *car, struct nipfs_error *err);

/* Puts the new blocks in front of *@source, which then owns what it was before. */
int signed_car_join(struct signed_car *car, struct nipfs_block_source **source,
		    struct nipfs_error *err);

/* Writes closures to the file @path, whole or not at all. */
int signed_car_write(const char *path, struct nipfs_block_source *source,
		     const struct nipfs_cid *closures, size_t n,
		     const struct nipfs_progress *progress, struct nipfs_error *err);

void signed_car_close(struct signed_car *car);

#endif
