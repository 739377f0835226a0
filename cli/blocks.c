/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a command takes blocks from: CAR files, or the local index. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/index.h>
#include <nixipfs/progress.h>
#include <nixipfs/sources.h>
#include <nixipfs/store.h>
#include <nixipfs/truth.h>

#include "cli/error.h"
#include "cli/ref.h"
#include "cli/store_args.h"

static int open_index(struct blocks *out, const struct common *common,
		      struct nipfs_error *err)
{
	const struct nipfs_store_options options = { .uri = common->store,
						     .via = store_args_via(common) };
	struct nipfs_index_truth truth;
	int r = store_args_prepare(common, NIPFS_STORE_READ, err);

	if (r < 0)
		return r;
	r = nipfs_index_open(&out->index, NULL, false, err);
	if (r == NIPFS_E_NOTFOUND)
		return cli_fill(
		    err, NIPFS_E_NOTFOUND,
		    "nothing was added on this machine yet: say with --from which "
		    "CAR to read, or 'nix-ipfs add' first");
	if (r == 0)
		r = nipfs_store_open(&out->store, &options, err);
	if (r < 0)
		return r;
	truth = nipfs_store_truth(out->store);
	return nipfs_index_source_new(&out->source, out->index, &truth, err);
}

static int open_cars(struct blocks *out, const struct opt_list *from,
		     struct nipfs_error *err)
{
	struct nipfs_block_source **cars =
	    xcalloc(from->n, sizeof(struct nipfs_block_source *));
	size_t n = 0;
	int r = 0;

	while (r == 0 && n < from->n) {
		r = nipfs_car_source_open(&cars[n], from->items[n], err);
		n += r == 0;
	}
	if (r == 0 && n == 1)
		out->source = cars[0];
	else if (r == 0)
		r = nipfs_chain_source_new(&out->source, cars, n, err);
	for (size_t i = 0; r < 0 && i < n; i++)
		nipfs_block_source_free(cars[i]);
	free(cars);
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
		r = open_cars(out, &common->from, err);
	else if (r == 0)
		r = open_index(out, common, err);
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
