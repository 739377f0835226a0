/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Completion scripts, made from the table. */
#include "cli/complete.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"

/* Whether the words of the metavar are the values: "balanced|trickle", not
 * "kubo|URL|FILE.car|-". */
static bool has_words(const struct opt *opt)
{
	return opt->metavar && strchr(opt->metavar, '|') &&
	       !strpbrk(opt->metavar, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

/* "a|b|c" with another separator. */
static void print_words(const char *words, char separator)
{
	for (; *words; words++)
		(void)putchar(*words == '|' ? separator : *words);
}

/* In single quotes; @also is a character with a meaning to the shell's helper. */
static void print_quoted(const char *text, const char *also)
{
	for (; *text; text++) {
		if (*text == '\'')
			(void)fputs("'\\'", stdout);
		else if (strchr(also, *text))
			(void)putchar('\\');
		(void)putchar(*text);
	}
}

/* The first word of each command once: commands of a group stand together. */
static bool is_repeat(const struct cmd *const *cmd)
{
	const size_t len = strcspn((*cmd)->name, " ");

	return cmd != commands && strcspn(cmd[-1]->name, " ") == len &&
	       strncmp(cmd[-1]->name, (*cmd)->name, len) == 0;
}

static void print_first_words(void)
{
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		if (!is_repeat(cmd))
			printf("%s%.*s", cmd == commands ? "" : " ",
			       (int)strcspn((*cmd)->name, " "), (*cmd)->name);
}

/* The second words of the group that @cmd is in. */
static void print_second_words(const struct cmd *cmd)
{
	const size_t len = strcspn(cmd->name, " ");
	const char *gap = "";

	for (const struct cmd *const *other = commands; *other; other++)
		if (strncmp((*other)->name, cmd->name, len) == 0 &&
		    (*other)->name[len] == ' ') {
			printf("%s%s", gap, (*other)->name + len + 1);
			gap = " ";
		}
}

static void bash_values(const struct cmd *cmd)
{
	const struct opt *opt;

	for (size_t i = 0; (opt = command_opt(cmd, i)); i++)
		if (has_words(opt)) {
			printf("    '%s --%s') words='", cmd->name, opt->name);
			print_words(opt->metavar, ' ');
			puts("' ;;");
		}
}

static void bash_options(const struct cmd *cmd)
{
	const struct opt *opt;

	printf("    '%s') words='", cmd->name);
	for (size_t i = 0; (opt = command_opt(cmd, i)); i++)
		printf("%s--%s", i ? " " : "", opt->name);
	puts("' ;;");
}

static void bash_groups(void)
{
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		if (strchr((*cmd)->name, ' ') && !is_repeat(cmd)) {
			printf("    %.*s) words='", (int)strcspn((*cmd)->name, " "),
			       (*cmd)->name);
			print_second_words(*cmd);
			puts("'; group=1 ;;");
		}
}

/* File names are what bash falls back to when nothing here fits. */
static void print_bash(void)
{
	puts("# bash completion for nix-ipfs\n"
	     "_nix_ipfs() {\n"
	     "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	     "    local command=${COMP_WORDS[1]} words='' group=0\n"
	     "    COMPREPLY=()\n"
	     "    if [ \"$cur\" = = ]; then cur=''\n"
	     "    elif [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
	     "    if [ \"$COMP_CWORD\" -eq 1 ]; then");
	(void)fputs("        mapfile -t COMPREPLY < <(compgen -W '", stdout);
	print_first_words();
	puts(" --help --version' -- \"$cur\")\n"
	     "        return\n"
	     "    fi\n"
	     "    case $command in");
	bash_groups();
	puts("    esac\n"
	     "    if [ \"$group\" = 1 ]; then\n"
	     "        if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
	     "            mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	     "            return\n"
	     "        fi\n"
	     "        command=\"$command ${COMP_WORDS[2]}\" words=''\n"
	     "    fi\n"
	     "    case \"$command $prev\" in");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		bash_values(*cmd);
	puts("    esac\n"
	     "    if [ -z \"$words\" ] && [ \"${cur#-}\" != \"$cur\" ]; then\n"
	     "        case $command in");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		bash_options(*cmd);
	puts("        esac\n"
	     "    fi\n"
	     "    [ -z \"$words\" ] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
	     "\"$cur\")\n"
	     "}\n"
	     "complete -o bashdefault -o default -F _nix_ipfs nix-ipfs");
}

/* "[help]", and what the value can be. */
static void zsh_explain(const struct opt *opt)
{
	(void)putchar('[');
	print_quoted(opt->help, "[]:");
	(void)putchar(']');
	if (!opt_takes_value(opt))
		return;
	(void)fputs(":value:", stdout);
	if (has_words(opt)) {
		(void)putchar('(');
		print_words(opt->metavar, ' ');
		(void)putchar(')');
	} else {
		(void)fputs("_files", stdout);
	}
}

static void zsh_option(const struct opt *opt)
{
	const char *repeat = opt->kind == OPT_LIST ? "*" : "";

	if (opt->letter) {
		printf(" \\\n        '%s-%c%s", repeat, opt->letter,
		       opt_takes_value(opt) ? "+" : "");
		zsh_explain(opt);
		(void)putchar('\'');
	}
	printf(" \\\n        '%s--%s%s", repeat, opt->name,
	       opt_takes_value(opt) ? "=" : "");
	zsh_explain(opt);
	(void)putchar('\'');
}

static void print_zsh(void)
{
	puts("#compdef nix-ipfs\n"
	     "# zsh completion for nix-ipfs\n"
	     "_nix_ipfs() {\n"
	     "    local command=$words[2]\n"
	     "    if (( CURRENT == 2 )); then");
	(void)fputs("        compadd -- ", stdout);
	print_first_words();
	puts(" --help --version\n"
	     "        return\n"
	     "    fi\n"
	     "    shift words; (( CURRENT-- ))\n"
	     "    case $command in");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		if (strchr((*cmd)->name, ' ') && !is_repeat(cmd)) {
			printf("    %.*s)\n"
			       "        if (( CURRENT == 2 )); then\n"
			       "            compadd -- ",
			       (int)strcspn((*cmd)->name, " "), (*cmd)->name);
			print_second_words(*cmd);
			puts("\n            return\n"
			     "        fi\n"
			     "        command=\"$command $words[2]\"\n"
			     "        shift words; (( CURRENT-- )) ;;");
		}
	puts("    esac\n"
	     "    case $command in");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++) {
		const struct opt *opt;

		printf("    '%s')\n        _arguments", (*cmd)->name);
		for (size_t i = 0; (opt = command_opt(*cmd, i)); i++)
			zsh_option(opt);
		puts(" \\\n        '*:argument:_files' ;;");
	}
	puts("    esac\n"
	     "}\n"
	     "_nix_ipfs \"$@\"");
}

static void fish_description(const char *text)
{
	(void)fputs(" -d '", stdout);
	print_quoted(text, "");
	puts("'");
}

static void fish_option(const struct cmd *cmd, const struct opt *opt)
{
	const char *second = strchr(cmd->name, ' ');

	printf("complete -c nix-ipfs -n '__fish_seen_subcommand_from %.*s",
	       (int)strcspn(cmd->name, " "), cmd->name);
	if (second)
		printf("; and __fish_seen_subcommand_from%s", second);
	printf("' -l %s", opt->name);
	if (opt->letter)
		printf(" -s %c", opt->letter);
	if (has_words(opt)) {
		(void)fputs(" -x -a '", stdout);
		print_words(opt->metavar, ' ');
		(void)putchar('\'');
	} else if (opt_takes_value(opt)) {
		(void)fputs(" -r", stdout);
	}
	fish_description(opt->help);
}

static void print_fish(void)
{
	puts("# fish completion for nix-ipfs");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++) {
		const struct opt *opt;
		const char *second = strchr((*cmd)->name, ' ');
		const int first = (int)strcspn((*cmd)->name, " ");

		if (!is_repeat(cmd)) {
			printf("complete -c nix-ipfs -n __fish_use_subcommand -f -a %.*s",
			       first, (*cmd)->name);
			if (second)
				puts("");
			else
				fish_description((*cmd)->brief);
		}
		if (second) {
			printf("complete -c nix-ipfs "
			       "-n '__fish_seen_subcommand_from %.*s' -a %s",
			       first, (*cmd)->name, second + 1);
			fish_description((*cmd)->brief);
		}
		for (size_t i = 0; (opt = command_opt(*cmd, i)); i++)
			fish_option(*cmd, opt);
	}
}

bool complete_print(const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		print_bash();
	else if (strcmp(shell, "zsh") == 0)
		print_zsh();
	else if (strcmp(shell, "fish") == 0)
		print_fish();
	else
		return false;
	return true;
}
