/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs add: the closure of store paths into the index and to a node, and its CID. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/add_publish.h"
#include "cli/add_tree.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/leave_out.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/store_args.h"

struct options {
	struct common common;
	bool from_stdin, check, no_closure, nars, trust_nar_hash;
	const char *sign_key, *name;
	struct opt_list only_signed_by, skip_signed_by, exclude;
	struct publish_args publish;
	unsigned int summary; /* of markdown */
};

static const struct opt opts[] = {
	{ "stdin", 0, OPT_FLAG, NULL, "read more paths from standard input, one per line",
	  offsetof(struct options, from_stdin) },
	{ "check", 0, OPT_FLAG, NULL, "hash every path again and compare with what Nix says",
	  offsetof(struct options, check) },
	{ "no-closure", 0, OPT_FLAG, NULL, "the paths alone, without what they refer to",
	  offsetof(struct options, no_closure) },
	{ "nars", 0, OPT_FLAG, NULL, "also a NAR of every path, for stock Nix",
	  offsetof(struct options, nars) },
	{ "name", 0, OPT_TEXT, "NAME",
	  "PATH is any file or folder: first add it to the store under this name",
	  offsetof(struct options, name) },
	{ "sign-key", 0, OPT_TEXT, "FILE", "sign the narinfos with this secret key",
	  offsetof(struct options, sign_key) },
	{ "trust-nar-hash", 0, OPT_FLAG, NULL,
	  "do not hash what is signed again, where it is known",
	  offsetof(struct options, trust_nar_hash) },
	{ "skip-signed-by", 0, OPT_LIST, "KEYS",
	  "leave out what is signed by one of these public keys",
	  offsetof(struct options, skip_signed_by) },
	{ "only-signed-by", 0, OPT_LIST, "KEYS", "leave out what is not",
	  offsetof(struct options, only_signed_by) },
	{ "exclude", 0, OPT_LIST, "GLOB", "leave out what is called so",
	  offsetof(struct options, exclude) },
	{ "to", 0, OPT_TEXT, "kubo|none|URL",
	  "publish to the Kubo node, which then must answer; to none; or to that RPC",
	  offsetof(struct options, publish.to) },
	{ "offline", 0, OPT_FLAG, NULL, "do not publish",
	  offsetof(struct options, publish.offline) },
	PUBLISH_OPTS(struct options, publish),
	{ "summary", 0, OPT_CHOICE, "markdown", "print a table, for the page of a CI job",
	  offsetof(struct options, summary) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

static void print_json(struct nipfs_store *store, const struct nipfs_add_result *result,
		       const struct publish_result *published)
{
	json_t *line = json_line_new(), *paths = json_array();

	json_put_cid(line, "cid", &result->closure.cid);
	json_put_cid(line, "storeCid", &result->store.cid);
	for (size_t i = 0; i < result->n; i++) {
		const struct nipfs_added *added = &result->paths[i];
		char path[NIPFS_STORE_PATH_MAX];
		json_t *object = json_line_new();

		(void)nipfs_store_path_format(&added->path, nipfs_store_dir(store), path);
		json_put_name(object, "path", text_slice(path));
		json_put_cid(object, "cid", &added->tree.cid);
		if (added->has_nar)
			json_put_cid(object, "narCid", &added->nar.cid);
		json_put_number(object, "narSize", added->nar_size);
		json_put_bool(object, "result", added->asked_for);
		json_put_bool(object, "known", added->known);
		(void)json_array_append_new(paths, object);
	}
	json_put(line, "paths", paths);
	json_put_number(line, "leftOut", result->left_out);
	if (published->done)
		json_put(line, "published", publish_json(published));
	json_line_print(line, stdout);
}

static void print_line(const struct common *common, struct nipfs_store *store,
		       const struct nipfs_add_result *result)
{
	bool first = true;

	output_cid(&result->closure.cid);
	for (size_t i = 0; !common->quiet && i < result->n; i++) {
		char path[NIPFS_STORE_PATH_MAX];

		if (!result->paths[i].asked_for)
			continue;
		(void)fputs(first ? "  " : " ", stdout);
		first = false;
		(void)nipfs_store_path_format(&result->paths[i].path, nipfs_store_dir(store),
					      path);
		output_name(common, text_slice(path));
	}
	output_end(common);
}

static void print_row(const char *name, uint64_t bytes)
{
	char text[32];

	progress_amount(text, sizeof(text), NIPFS_UNIT_BYTES, bytes);
	(void)printf("| %s | %s |\n", name, text);
}

static void print_summary(struct nipfs_store *store, const struct nipfs_add_result *result,
			  const struct publish_result *published)
{
	(void)fputs("| nix-ipfs | |\n|---|---|\n| CID | `", stdout);
	output_cid(&result->closure.cid);
	(void)fputs("` |\n", stdout);
	for (size_t i = 0; i < result->n; i++) {
		char path[NIPFS_STORE_PATH_MAX];

		if (!result->paths[i].asked_for)
			continue;
		(void)nipfs_store_path_format(&result->paths[i].path, nipfs_store_dir(store), path);
		(void)printf("| store path | `%s` |\n", path);
	}
	(void)printf("| paths in the closure | %zu |\n| paths left out | %zu |\n", result->n,
		     result->left_out);
	if (published->done) {
		(void)printf("| node | `%s` |\n", published->stats.peer);
		print_row("new on the node", published->stats.bytes);
		print_row("already there", published->stats.known_bytes);
	}
	(void)printf("\n");
}

static void note_sizes(const struct common *common, const struct nipfs_add_result *result)
{
	uint64_t bytes = 0, new_bytes = 0;
	size_t n_new = 0;

	for (size_t i = 0; i < result->n; i++) {
		bytes += result->paths[i].nar_size;
		if (!result->paths[i].known) {
			new_bytes += result->paths[i].nar_size;
			n_new++;
		}
	}
	if (common->verbose)
		cli_note(common,
			 "%zu store paths, %.1f MB; of these %zu, %.1f MB, were not in the "
			 "index before",
			 result->n, (double)bytes / 1e6, n_new, (double)new_bytes / 1e6);
	if (result->unprotected)
		cli_note(common, "only the daemon may keep these paths from the garbage "
				 "collector: none of them was held while they were read");
}

static void note_published(const struct common *common, const struct publish_result *published)
{
	const struct nipfs_published *stats = &published->stats;

	if (!common->verbose || !published->done)
		return;
	if (stats->was_pinned)
		cli_note(common, "the node %s had pinned it already", stats->peer);
	else
		cli_note(common, "%llu blocks, %.1f MB, were new to the node %s",
			 (unsigned long long)stats->blocks, (double)stats->bytes / 1e6,
			 stats->peer);
}

static int add(const struct options *o, const struct nipfs_secret_key *key,
	       struct nipfs_store *store, struct nipfs_index *index,
	       const struct store_args *paths, struct leave_out *leave_out,
	       struct nipfs_error *err)
{
	struct publish_result published = { .done = false };
	struct nipfs_add_result result;
	const struct add_publish what = {
		.common = &o->common,
		.publish = &o->publish,
		.store = store,
		.index = index,
		.add = {
			/* who signs vouches for the contents */
			.check = o->check || (o->sign_key && !o->trust_nar_hash),
			.no_closure = o->no_closure,
			.nars = o->nars,
			.sign_key = o->sign_key ? key : NULL,
			.leave_out = leave_out_path,
			.ctx = leave_out,
		},
	};
	const int r = add_publish(&what, paths->paths, paths->n, &result, &published, err);

	if (r < 0)
		return r;
	if (o->common.json)
		print_json(store, &result, &published);
	else if (o->summary)
		print_summary(store, &result, &published);
	else
		print_line(&o->common, store, &result);
	note_sizes(&o->common, &result);
	note_published(&o->common, &published);
	nipfs_add_result_release(&result);
	return 0;
}

/* What is no store object yet becomes one, which is then added as any other is. */
static int open_named(const struct options *o, char *path, struct nipfs_store **store,
		      struct store_args *paths, struct nipfs_error *err)
{
	struct nipfs_added_tree added;
	struct stat st;
	int r = nipfs_store_check_name(o->name, err);

	/* with a slash behind it a symlink would be followed, which Nix does not */
	for (size_t len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
	if (r == 0 && lstat(path, &st) != 0)
		r = cli_fill(err, NIPFS_E_NOTFOUND, "there is no '%s'", path);
	if (r == 0)
		r = store_args_open_write(store, &o->common, err);
	if (r == 0)
		r = add_tree_from_disk(&o->common, *store, o->name, path, &added, err);
	if (r < 0)
		return r;
	paths->paths = xcalloc(1, sizeof(*paths->paths));
	paths->paths[0] = added.path;
	paths->n = paths->cap = 1;
	return 0;
}

static int open_paths(const struct options *o, int n_args, char **args,
		      struct nipfs_store **store, struct store_args *paths,
		      struct nipfs_error *err)
{
	int r = store_args_open(store, &o->common, err);

	if (r == 0)
		r = store_args_read(paths, *store, n_args, args, o->from_stdin, o->common.null,
				    err);
	if (r == 0 && paths->n == 0)
		r = cli_fill(err, NIPFS_E_USAGE, "no path came on standard input");
	return r;
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	const struct options *o = options;
	struct store_args paths = { .paths = NULL };
	struct nipfs_secret_key key = { .name = "" };
	struct leave_out leave_out = { .globs = NULL };
	struct nipfs_index *index = NULL;
	struct nipfs_store *store = NULL;
	struct nipfs_error err;
	int r = 0;

	if (n_args == 0 && !o->from_stdin)
		return cli_usage(self, "no PATH was given");
	if (o->name && (n_args != 1 || o->from_stdin))
		return cli_usage(self, "--name is for one PATH");
	r = publish_args_check(&o->publish, &err);
	if (r == 0 && o->sign_key)
		r = nipfs_secret_key_load(o->sign_key, &key, &err);
	if (r == 0)
		r = o->name ? open_named(o, args[0], &store, &paths, &err)
			    : open_paths(o, n_args, args, &store, &paths, &err);
	if (r == 0)
		r = leave_out_open(&leave_out, store, paths.paths, paths.n, &o->only_signed_by,
				   &o->skip_signed_by, &o->exclude, &err);
	if (r == 0)
		r = nipfs_index_open(&index, NULL, true, &err);
	if (r == 0)
		r = add(o, &key, store, index, &paths, &leave_out, &err);
	leave_out_release(&leave_out);
	nipfs_secret_key_wipe(&key);
	r = r < 0 ? cli_fail(&o->common, &err) : 0;
	nipfs_index_close(index);
	nipfs_store_close(store);
	store_args_release(&paths);
	return r;
}

const struct cmd cmd_add = {
	.name = "add",
	.args = "PATH...",
	.brief = "hash, index and publish the closure of store paths, and print its CID",
	.flags = CMD_LISTS,
	.min_args = 0,
	.max_args = ARGS_ANY,
	.opts = opts,
	.size = sizeof(struct options),
	.run = run,
};
