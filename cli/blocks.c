/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a command takes blocks from: what --from names, or the local index and node. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/index.h>
#include <nixipfs/network.h>
#include <nixipfs/progress.h>
#include <nixipfs/sources.h>
#include <nixipfs/store.h>
#include <nixipfs/truth.h>

#include "cli/error.h"
#include "cli/node_args.h"
#include "cli/ref.h"
#include "cli/store_args.h"

static int open_named(struct nipfs_block_source **out, const struct common *common,
		      const char *const *from, size_t n, struct nipfs_error *err)
{
	struct nipfs_network_options options;
	const int r = node_args(common, &options, err);

	return r < 0 ? r : nipfs_source_open(out, from, n, &options, err);
}

static int open_index(struct blocks *out, const struct common *common,
		      struct nipfs_error *err)
{
	const struct nipfs_store_options options = { .uri = common->store,
						     .via = store_args_via(common) };
	struct nipfs_index_truth truth;
	int r = nipfs_index_open(&out->index, NULL, false, err);

	if (r == 0)
		r = nipfs_store_open(&out->store, &options, err);
	if (r < 0)
		return r;
	truth = nipfs_store_truth(out->store);
	return nipfs_index_source_new(&out->source, out->index, &truth, err);
}

/* The index, and behind it the node that this user has or names. */
static int open_default(struct blocks *out, const struct common *common,
			struct nipfs_error *err)
{
	static const char *const kubo[] = { "kubo" };
	const bool has_node = common->api || common->gateway || nipfs_kubo_is_known();
	struct nipfs_block_source *members[2];
	int r = store_args_prepare(common, NIPFS_STORE_READ, err), indexed;

	if (r < 0)
		return r;
	indexed = open_index(out, common, err);
	if (indexed == NIPFS_E_NOTFOUND && !out->index && !has_node)
		return cli_fill(
		    err, NIPFS_E_NOTFOUND,
		    "nothing was added on this machine yet: say with --from which "
		    "node, gateway or CAR to read, or 'nix-ipfs add' first");
	if (indexed < 0 && (out->index || indexed != NIPFS_E_NOTFOUND))
		return indexed;
	if (!has_node)
		return 0;
	members[0] = out->source;
	r = open_named(&members[1], common, kubo, 1, err);
	if (r < 0)
		return r;
	if (indexed < 0) {
		out->source = members[1];
		return 0;
	}
	r = nipfs_chain_source_new(&out->source, members, 2, err);
	if (r < 0)
		nipfs_block_source_free(members[1]);
	return r;
}

static int check_stdin_once(const struct opt_list *from, struct nipfs_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < from->n; i++)
		n += strcmp(from->items[i], "-") == 0;
	if (n > 1)
		return cli_fill(err, NIPFS_E_USAGE,
				"there is only one standard input: '--from -' "
				"was given %zu times",
				n);
	return 0;
}

int blocks_open(struct blocks *out, const struct common *common, struct nipfs_error *err)
{
	int r = check_stdin_once(&common->from, err);

	if (r == 0 && common->from.n)
		r = open_named(&out->source, common, common->from.items, common->from.n, err);
	else if (r == 0)
		r = open_default(out, common, err);
	if (r < 0)
		blocks_close(out);
	return r;
}

void blocks_close(struct blocks *blocks)
{
	nipfs_block_source_free(blocks->source);
	nipfs_index_close(blocks->index);
	nipfs_store_close(blocks->store);
	*blocks = (struct blocks){ .source = NULL };
}

void blocks_drain(const struct common *common)
{
	char rest[8192];
	bool is_named = false;
	struct stat st;

	for (size_t i = 0; i < common->from.n; i++)
		is_named = is_named || strcmp(common->from.items[i], "-") == 0;
	if (!is_named || fstat(STDIN_FILENO, &st) < 0 || !S_ISFIFO(st.st_mode))
		return;
	while (read(STDIN_FILENO, rest, sizeof(rest)) > 0)
		if (nipfs_cancelled())
			return;
}
