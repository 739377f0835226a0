/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets that are files. */
#ifndef LIB_NIX_UNIX_SOCKET_H
#define LIB_NIX_UNIX_SOCKET_H

#include <nixipfs/error.h>

/**
 * nipfs__unix_connect() - connect to a socket, however long its path is
 * @fd:   a stream socket of AF_UNIX
 * @path: absolute; its last component at most 60 bytes when all is longer than 107
 *
 * Return: 0, or -1 with errno as connect() sets it; ENAMETOOLONG.
 */
int nipfs__unix_connect(int fd, const char *path) NIPFS_MUSTUSE;

#endif
