/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --help, --version, and what the completions and the man check read. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdbool.h>

#include "cli/command.h"

/* Prints how a command is used; with &command_self: which commands there are. */
void help_command(const struct cmd *cmd);

void help_version(void);

/* How many words of @argv name a group of commands: 0, 1 ("index") or 2 ("pin remote"). */
int help_group_words(int argc, char **argv);

/* "index --help": prints the commands of the group. Return: whether it was that. */
bool help_group(int argc, char **argv);

/*
 * "__table": the table as text, a line for each command and option, fields
 * separated by tabs; "__complete bash|zsh|fish": a completion script. Return:
 * whether it was one of these.
 */
bool help_hidden(int argc, char **argv);

#endif
