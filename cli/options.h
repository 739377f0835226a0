/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the command line by a command's table. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/command.h"

/**
 * options_parse() - fill a command's struct from its arguments
 * @cmd:        the command
 * @stop_early: end at the first operand, which with all behind it is left in place
 * @argc:       number of arguments, the command's name not among them
 * @argv:       operands are moved to its front, in order
 * @into:       zeroed struct of cmd->size bytes
 *
 * Long options in full only, as --name=VALUE or --name VALUE; short ones as -xVALUE
 * or -x VALUE, flags of one letter may be combined; "--" ends them, "-" is an
 * operand. Options may stand behind operands. What is wrong is said on stderr.
 *
 * Return: the number of operands, or -1 for wrong use. options_release() is due
 * in either case.
 */
int options_parse(const struct cmd *cmd, bool stop_early, int argc, char **argv,
		  void *into);

/* Frees what options_parse() allocated. */
void options_release(const struct cmd *cmd, void *into);

#endif
