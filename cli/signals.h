/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupts: work is cleaned up, then the process dies of the signal after all. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

/* The first SIGINT, SIGTERM or SIGHUP asks the library to end; a second one kills at
 * once. */
void signals_install(void);

/* Dies of the signal that came, if one came and the command did not succeed all the same.
 */
void signals_die(int exit_code);

#endif
