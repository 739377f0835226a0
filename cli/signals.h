/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupts, and a reader that went away: work is cleaned up, then the process dies of the
 * signal after all. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <stdbool.h>

/* The first SIGINT, SIGTERM or SIGHUP asks the library to end; a second one kills at
 * once. */
void signals_install(void);

/* Whoever read our output is gone: signals_die() will die of SIGPIPE. False when that was
 * ignored from the start: then it is a failure like any other. */
bool signals_reader_gone(void);

/* Dies of the signal that came, if one came and the command did not succeed all the same.
 */
void signals_die(int exit_code);

#endif
