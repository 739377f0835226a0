/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one table of commands and options: the parser, --help, the completions
 * and the check of the man pages are all made from it.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an option takes, and what its field in the command's struct is. */
enum opt_kind {
	OPT_FLAG,   /* nothing; bool */
	OPT_BOOL,   /* nothing, or =true and =false; enum tristate */
	OPT_TEXT,   /* const char *; NULL when not given, the last one counts */
	OPT_MAYBE,  /* nothing, or =TEXT; const char *: "" when given without one */
	OPT_LIST,   /* may be given several times; struct opt_list */
	OPT_CHOICE, /* one of the words of metavar; unsigned int: 0 not given, 1 the first
		       word, … */
	OPT_NUMBER, /* decimal; struct opt_number */
	OPT_SIZE /* decimal bytes, with K, M, G or T for powers of 1024; struct opt_number
		  */
};

enum tristate { UNSET, NO, YES };

/* In the order in which they were given; texts are borrowed from argv. */
struct opt_list {
	const char **items;
	size_t n;
};

struct opt_number {
	bool set;
	uint64_t value;
};

/**
 * struct opt - one option
 * @name:    long name without the dashes; NULL ends a table
 * @letter:  short name or 0
 * @kind:    see enum opt_kind
 * @metavar: what its value is called in --help, "A|B|C" where only these are
 *           meant; NULL for flags
 * @help:    one short line, lower case
 * @offset:  of its field in the command's struct
 */
struct opt {
	const char *name;
	char letter;
	enum opt_kind kind;
	const char *metavar;
	const char *help;
	size_t offset;
};

/* Whether a value must follow; that of an OPT_BOOL stands behind '=' or is left out. */
static inline bool opt_takes_value(const struct opt *opt)
{
	return opt->kind != OPT_FLAG && opt->kind != OPT_BOOL && opt->kind != OPT_MAYBE;
}

/* The options that commands share; the first member of every command's struct. */
struct common {
	bool help, version, quiet, verbose, json;
	const char *store;
	unsigned int via; /* of VIA, see enum nipfs_store_via; 0 not given */
	bool null;	  /* only with CMD_LISTS */

	/* only with CMD_TAKES_CID */
	struct opt_list from;
	const char *api, *gateway;
	struct opt_number timeout;
};

/* Which of the shared options a command has beside those that all have. */
enum { CMD_LISTS = 1, CMD_TAKES_CID = 2 };

enum { ARGS_ANY = 1 << 30 };

/**
 * struct cmd - one command
 * @name:     what is typed; two words for a command of a group, as "index ls"
 * @args:     its operands in --help
 * @brief:    one line, lower case, no full stop
 * @flags:    CMD_LISTS, CMD_TAKES_CID
 * @min_args: so many operands at least
 * @max_args: and at most; ARGS_ANY for no limit
 * @opts:     its own options, ended by a NULL name; NULL when it has none
 * @size:     of its struct of options, which begins with struct common
 * @run:      does it; @options points to such a struct, filled; @args are the
 *            operands. Returns the exit code.
 */
struct cmd {
	const char *name, *args, *brief;
	unsigned int flags;
	int min_args, max_args;
	const struct opt *opts;
	size_t size;
	int (*run)(const struct cmd *self, void *options, int n_args, char **args);
};

/* All commands in the order of --help, ended by NULL. */
extern const struct cmd *const commands[];

/* The tables of shared options, each ended by a NULL name. */
extern const struct opt opts_common[], opts_lists[], opts_takes_cid[];

/* The @i-th option of a command, its own ones first, or NULL behind the last one. */
const struct opt *command_opt(const struct cmd *cmd, size_t i);

/* nix-ipfs itself, for options in front of the command. */
extern const struct cmd command_self;

extern const struct cmd cmd_add, cmd_cid, cmd_export, cmd_realize, cmd_get, cmd_ls, cmd_cat,
	cmd_dump, cmd_show, cmd_verify, cmd_sign, cmd_doctor, cmd_index_build, cmd_index_ls, cmd_index_stats,
	cmd_index_prune, cmd_pin_add, cmd_pin_ls, cmd_pin_rm, cmd_pin_update,
	cmd_pin_remote_add, cmd_pin_remote_ls, cmd_pin_remote_rm, cmd_pin_remote_update,
	cmd_hook, cmd_queue_ls, cmd_queue_drop, cmd_queue_scan, cmd_queue_run, cmd_queue_retry;

#endif
