/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Completion scripts, made from the table. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include <stdbool.h>

/* Prints the script for "bash", "zsh" or "fish". Return: whether @shell is one of them.
 */
bool complete_print(const char *shell);

#endif
