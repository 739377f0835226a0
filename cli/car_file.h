/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a CAR is written to: a file, or standard output. */
#ifndef CLI_CAR_FILE_H
#define CLI_CAR_FILE_H

#include <stdio.h>

#include <nixipfs/car.h>

/* A file is written beside its place and renamed: it is whole or not there; but devices and
 * FIFOs are written as they are. Zeroed. */
struct car_file {
	const char *path;
	char *temp; /* NULL: written in its place */
	FILE *stream; /* NULL: standard output */
};

/* NULL and "-" are standard output, unless that is a terminal. */
int car_file_begin(struct car_file *file, const char *path, struct nipfs_error *err);

/* What takes the bytes; @file must outlive it. */
struct nipfs_car_output car_file_output(struct car_file *file);

/* Puts the file in its place when @r is 0, else removes it. Return: @r, or why it failed. */
int car_file_end(struct car_file *file, int r, struct nipfs_error *err);

#endif
