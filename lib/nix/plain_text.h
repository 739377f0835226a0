/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other programs write for a terminal, made fit for a message. */
#ifndef LIB_NIX_PLAIN_TEXT_H
#define LIB_NIX_PLAIN_TEXT_H

#include <nixipfs/bytes.h>

/**
 * nipfs__plain_text() - a text as one line, without colours and control characters
 * @text: borrowed, any bytes
 * @out:  NUL-terminated on return
 * @size: bytes of @out, at least 8; what does not fit is cut off, and "…" put there
 *
 * Terminal escape sequences are left out. Blanks with control characters among them,
 * such as a line's end with the next one's indentation, become one blank; there
 * is none at the end.
 *
 * Return: the length without the NUL.
 */
size_t nipfs__plain_text(struct nipfs_slice text, char *out, size_t size);

#endif
