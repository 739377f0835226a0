/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --help and --version, made from the table. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/complete.h"

enum { LEFT = 26, WIDTH = 79 };

/* @left and @right in two columns, the right one broken between words. */
static void print_row(const char *left, const char *right)
{
	int column = printf("  %-*s", LEFT, left);

	if (column > LEFT + 2)
		column = printf("\n%*s", LEFT + 2, "") - 1;
	while (*right) {
		const int word = (int)strcspn(right, " ");

		if (column + 1 + word > WIDTH)
			column = printf("\n%*s", LEFT + 2, "") - 1;
		column += printf(" %.*s", word, right);
		right += word;
		right += *right == ' ';
	}
	(void)putchar('\n');
}

static void print_option(const struct opt *opt)
{
	char left[128];
	const char *value = opt->metavar ? opt->metavar : "";
	const char *gap = opt->metavar ? " " : "";

	if (opt->kind == OPT_BOOL)
		value = "[=true|false]";
	if (opt->kind == OPT_MAYBE)
		gap = "[=";
	if (opt->letter)
		(void)snprintf(left, sizeof(left), "-%c, --%s%s%s", opt->letter,
			       opt->name, gap, value);
	else
		(void)snprintf(left, sizeof(left), "    --%s%s%s%s", opt->name, gap, value,
			       opt->kind == OPT_MAYBE ? "]" : "");
	print_row(left, opt->help);
}

static void print_options(const struct cmd *cmd)
{
	const struct opt *opt;

	puts("\noptions:");
	for (size_t i = 0; (opt = command_opt(cmd, i)); i++)
		print_option(opt);
}

static void print_commands(const char *group)
{
	const size_t len = group ? strlen(group) : 0;

	puts("\ncommands:");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		if (strncmp((*cmd)->name, group ? group : "", len) == 0)
			print_row((*cmd)->name, (*cmd)->brief);
}

/* The man page of a command of a group is that of the group. */
static void print_man(const char *name)
{
	printf("\nman nix-ipfs%s%.*s says more.\n", *name ? "-" : "",
	       (int)strcspn(name, " "), name);
}

void help_command(const struct cmd *cmd)
{
	printf("usage: nix-ipfs %s%s[OPTION]...%s%s\n\n%s\n", cmd->name,
	       *cmd->name ? " " : "", *cmd->args ? " " : "", cmd->args, cmd->brief);
	if (cmd == &command_self)
		print_commands(NULL);
	print_options(cmd);
	print_man(cmd->name);
}

void help_version(void)
{
	puts("nix-ipfs " NIPFS_VERSION);
}

/* Whether the words that a name begins with are those, and others follow. */
static bool is_below(const struct cmd *cmd, int n, char **words)
{
	const char *name = cmd->name;

	for (int i = 0; i < n; i++) {
		const size_t len = strlen(words[i]);

		if (strncmp(name, words[i], len) != 0 || name[len] != ' ')
			return false;
		name += len + 1;
	}
	return true;
}

int help_group_words(int argc, char **argv)
{
	int found = 0;

	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		while (found < argc && is_below(*cmd, found + 1, argv))
			found++;
	return found;
}

bool help_group(int argc, char **argv)
{
	const int n = help_group_words(argc, argv);
	char group[64];
	size_t len = 0;

	if (n == 0 || argc <= n ||
	    (strcmp(argv[n], "--help") != 0 && strcmp(argv[n], "-h") != 0))
		return false;
	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(group + len, sizeof(group) - len, "%s%s", i ? " " : "",
					argv[i]);
	printf("usage: nix-ipfs %s COMMAND [OPTION]... [ARG]...\n", group);
	print_commands(group);
	print_man(argv[0]);
	return true;
}

static void print_table(void)
{
	for (const struct cmd *const *cmd = commands; *cmd; cmd++) {
		const struct opt *opt;

		printf("command\t%s\t%s\t%s\n", (*cmd)->name, (*cmd)->args,
		       (*cmd)->brief);
		for (size_t i = 0; (opt = command_opt(*cmd, i)); i++)
			printf("option\t%s\t--%s\t%s%.1s\t%s\t%s\n", (*cmd)->name,
			       opt->name, opt->letter ? "-" : "", &opt->letter,
			       opt->metavar ? opt->metavar : "", opt->help);
	}
}

bool help_hidden(int argc, char **argv)
{
	if (argc == 1 && strcmp(argv[0], "__table") == 0)
		print_table();
	else if (argc != 2 || strcmp(argv[0], "__complete") != 0 ||
		 !complete_print(argv[1]))
		return false;
	return true;
}
