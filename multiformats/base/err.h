/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filling struct nipfs_error from inside the library. */
#ifndef MULTIFORMATS_BASE_ERR_H
#define MULTIFORMATS_BASE_ERR_H

#include <nixipfs/error.h>

/**
 * nipfs__fail() - record a failure
 * @err:  filled; may be NULL
 * @code: one of enum nipfs_err
 * @fmt:  printf format: lower case, subject in quotes, no full stop
 *
 * Newlines that come from outside are replaced by '?', so a message is one line.
 *
 * Return: @code, so that callers write `return nipfs__fail(err, …);`
 */
int nipfs__fail(struct nipfs_error *err, int code, const char *fmt, ...)
	NIPFS_PRINTF(3, 4);

/**
 * nipfs__fail_errno() - record a failed system call
 * @err:       filled; may be NULL
 * @sys_errno: the errno value; ENOMEM becomes NIPFS_E_NOMEM, all others NIPFS_E_SYS
 * @fmt:       printf format; ": " and strerror() are appended
 */
int nipfs__fail_errno(struct nipfs_error *err, int sys_errno, const char *fmt, ...)
	NIPFS_PRINTF(3, 4);

/**
 * nipfs__fail_nomem() - record that memory ran out
 */
int nipfs__fail_nomem(struct nipfs_error *err);

/**
 * nipfs__prefix() - put context in front of a message that is already there
 * @err: an error that has been filled; may be NULL
 * @fmt: printf format, written before the message and ": "
 *
 * The code is never changed.
 */
void nipfs__prefix(struct nipfs_error *err, const char *fmt, ...) NIPFS_PRINTF(2, 3);

#endif
