/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time that passes while somebody else is at work. */
#ifndef LIB_IPFS_REST_H
#define LIB_IPFS_REST_H

#include <stdint.h>

#include <nixipfs/error.h>

/* Milliseconds of a clock that nobody sets. */
uint64_t nipfs__now_ms(void);

/* Does nothing for so long. Return: 0 or, before the time is over, NIPFS_E_CANCELLED. */
int nipfs__rest(uint64_t ms, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
