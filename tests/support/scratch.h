/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder of its own for a test, and odd things to put into it. */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include <stddef.h>
#include <sys/types.h>

/*
 * The set-up and the tear-down of a checked fixture: makes a new folder and
 * goes there; goes back and removes it, with read-only folders and all. All
 * functions here fail the test when they can't.
 */
void scratch_setup(void);
void scratch_teardown(void);

/* Paths are relative to the folder. Modes are exact, whatever the umask. */
void scratch_dir(const char *path, mode_t mode);
void scratch_file(const char *path, const char *contents, mode_t mode);
/* @n bytes: a cycle of 251, as in fixtures of BLAKE3. */
void scratch_cycle(const char *path, size_t n, mode_t mode);
void scratch_link(const char *path, const char *target);

#endif
