/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs: finds the command and runs it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/ref.h"
#include "cli/signals.h"

/* Whoever runs us without them must not get our data files as number 0, 1 or 2. */
static void occupy_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) <
		    0) /* the wrong way round, so that using it fails */
			(void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

static int check_operands(const struct cmd *cmd, int n, char **args)
{
	if (n < cmd->min_args)
		return cli_usage(cmd, "'%s' takes %s", cmd->name, cmd->args);
	if (n > cmd->max_args)
		return cli_usage(cmd, "unexpected argument '%s'", args[cmd->max_args]);
	return 0;
}

/* @args: what followed the command's name */
static int run(const struct cmd *cmd, int n_args, char **args)
{
	struct common *options = xcalloc(1, cmd->size);
	const int n = options_parse(cmd, false, n_args, args, options);
	int exit_code = n < 0 ? EXIT_USAGE : 0;

	if (n >= 0 && options->help)
		help_command(cmd);
	else if (n >= 0 && options->version)
		help_version();
	else if (n >= 0)
		exit_code = check_operands(cmd, n, args);
	if (n >= 0 && exit_code == 0 && !options->help && !options->version)
		exit_code = cmd->run(cmd, options, n, args);
	if (exit_code == 0)
		blocks_drain(options);
	exit_code = output_finish(options, exit_code);
	options_release(cmd, options);
	free(options);
	return exit_code;
}

/*
 * A command of a group has a name of several words: "index ls". Return: how many, or 0 when
 * it is not the one that is called.
 */
static int is_called(const struct cmd *cmd, int argc, char **argv)
{
	const char *name = cmd->name;

	for (int i = 0; i < argc; i++) {
		const size_t len = strcspn(name, " ");

		if (strlen(argv[i]) != len || memcmp(argv[i], name, len) != 0)
			return 0;
		if (!name[len])
			return i + 1;
		name += len + 1;
	}
	return 0;
}

/* A group without a command of it. */
static int fail_group(int words, int argc, char **argv)
{
	char name[64];
	const struct cmd group = { .name = name };

	(void)snprintf(name, sizeof(name), "%s%s%s", argv[0], words > 1 ? " " : "",
		       words > 1 ? argv[1] : "");
	return argc == words ? cli_usage(&group, "'%s' takes a command", name) :
			       cli_usage(&group, "unknown command '%s %s'", name, argv[words]);
}

/* @argv: the command's name and what follows it */
static int dispatch(int argc, char **argv)
{
	int words;

	for (const struct cmd *const *cmd = commands; *cmd; cmd++) {
		words = is_called(*cmd, argc, argv);
		if (words)
			return run(*cmd, argc - words, argv + words);
	}
	if (help_hidden(argc, argv) || help_group(argc, argv))
		return output_finish(&(struct common){ 0 }, 0);
	words = help_group_words(argc, argv);
	return words ? fail_group(words, argc, argv) :
		       cli_usage(&command_self, "unknown command '%s'", argv[0]);
}

/* Options may stand in front of the command: they are moved behind it. */
static int move_options(int n, int argc, char **argv)
{
	const int group = help_group_words(argc - n, argv + n);
	const int words = n + group < argc ? group + 1 : group;

	for (int i = 0; i < words; i++) {
		char *word = argv[n + i];

		memmove(argv + i + 1, argv + i, (size_t)n * sizeof(*argv));
		argv[i] = word;
	}
	return dispatch(argc, argv);
}

int main(int argc, char **argv)
{
	struct common common = { 0 };
	int n, exit_code;

	occupy_standard_descriptors();
	signals_install();
	n = options_parse(&command_self, true, argc - 1, argv + 1, &common);
	if (n < 0)
		exit_code = EXIT_USAGE;
	else if (common.help || common.version) {
		common.help ? help_command(&command_self) : help_version();
		exit_code = output_finish(&common, 0);
	} else if (n == argc - 1)
		exit_code = cli_usage(&command_self, "no command was given");
	else
		exit_code = move_options(n, argc - 1, argv + 1);
	signals_die(exit_code);
	return exit_code;
}
