/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves store paths between Nix stores through the public interface alone, for
 * store.sh: what realize does, without a DAG in between.
 *
 *   copy FROM TO BATCH [PATH...] the closure of all PATHs, BATCH paths per commit
 *   pause FROM TO PATH           one path; says `written`, commits when a line comes
 *   hold STORE PATH...           says `held`, keeps temp roots until a line comes
 *   root STORE PATH LINK         makes a root
 *   closure STORE PATH...        prints the closure, references first
 *   list STORE                   prints all valid paths
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/disk.h>
#include <nixipfs/nar.h>
#include <nixipfs/store.h>

static struct nipfs_error err;

static void die(const char *what)
{
	fprintf(stderr, "store_driver: %s: %s\n", what, err.msg);
	exit(1);
}

static void check(int r, const char *what)
{
	if (r < 0)
		die(what);
}

static void waiting(void *ctx, const char *message)
{
	(void)ctx;
	fprintf(stderr, "store_driver: %s\n", message);
}

static struct nipfs_store *open_store(const char *uri, enum nipfs_store_access access)
{
	const struct nipfs_store_options options = { .uri = uri,
						     .access = access,
						     .create = true,
						     .waiting = waiting };
	struct nipfs_store *store = NULL;

	check(nipfs_store_open(&store, &options, &err), uri);
	return store;
}

static struct nipfs_store_path parse(const struct nipfs_store *store, const char *text)
{
	const struct nipfs_slice slice = { (const uint8_t *)text, strlen(text) };
	struct nipfs_store_path path;

	check(nipfs_store_path_parse(slice, nipfs_store_dir(store), &path, &err), text);
	return path;
}

/* Says where it is, and goes on when a line or the end of input comes. */
static void rendezvous(const char *word)
{
	int c;

	puts(word);
	fflush(stdout);
	do
		c = getchar();
	while (c != '\n' && c != EOF);
}

struct copier {
	struct nipfs_store *from, *to;
	struct nipfs_placement *open[NIPFS_PLACEMENTS_MAX];
	size_t n_open, batch;
};

static void commit(struct copier *c)
{
	if (c->n_open)
		check(nipfs_placement_commit(c->open, c->n_open, &err), "commit");
	c->n_open = 0;
}

static void write_tree(struct copier *c, const struct nipfs_path_info *info,
		       struct nipfs_placement *p)
{
	const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	const struct nipfs_slice none = { NULL, 0 };
	struct nipfs_nar_hash *hash = NULL;
	struct nipfs_tree_sink sinks[2], tee_sink;
	struct nipfs_tree_tee tee = { .sinks = { &sinks[0], &sinks[1] }, .n = 2 };
	struct nipfs_nar_digest digest;

	check(nipfs_nar_hash_new(&hash, none, info->nar_size, &err), "nar hash");
	sinks[0] = nipfs_placement_sink(p);
	sinks[1] = nipfs_nar_hash_sink(hash);
	tee_sink = nipfs_tree_tee_sink(&tee);
	check(nipfs_disk_tree(nipfs_store_dirfd(c->from), info->path.base, NULL, &limits,
			      &tee_sink, &err), info->path.base);
	check(nipfs_placement_finish(p, &err), info->path.base);
	check(nipfs_nar_hash_result(hash, &digest, &err), info->path.base);
	if (memcmp(digest.sha256, info->nar_hash, sizeof(digest.sha256)) != 0 ||
	    digest.size != info->nar_size)
		die("another NAR than registered");
	nipfs_nar_hash_free(hash);
}

static int copy_path(void *ctx, const struct nipfs_store_path *path, struct nipfs_error *e)
{
	struct copier *c = ctx;
	struct nipfs_path_info info;
	struct nipfs_placement *p = NULL;
	int r;

	(void)e;
	check(nipfs_store_query(c->from, path, &info, &err), path->base);
	while ((r = nipfs_placement_begin(c->to, &info, &p, NULL, &err)) ==
	       NIPFS_PLACEMENT_BUSY)
		commit(c);
	check(r, path->base);
	if (r == 0) {
		write_tree(c, &info, p);
		c->open[c->n_open++] = p;
		if (c->n_open == c->batch)
			commit(c);
	}
	nipfs_path_info_release(&info);
	return 0;
}

static int print_path(void *ctx, const struct nipfs_store_path *path, struct nipfs_error *e)
{
	const struct nipfs_store *store = ctx;
	char text[NIPFS_STORE_PATH_MAX];

	(void)e;
	nipfs_store_path_format(path, nipfs_store_dir(store), text);
	puts(text);
	return 0;
}

static struct nipfs_store_path *parse_all(const struct nipfs_store *store, char **texts, int n)
{
	struct nipfs_store_path *paths = calloc((size_t)n + 1, sizeof(*paths));

	if (!paths)
		exit(1);
	for (int i = 0; i < n; i++)
		paths[i] = parse(store, texts[i]);
	return paths;
}

static void run_copy(char **args, int n)
{
	struct copier c = { .from = open_store(args[0], NIPFS_STORE_READ),
			    .to = open_store(args[1], NIPFS_STORE_WRITE),
			    .batch = (size_t)strtoul(args[2], NULL, 10) };
	struct nipfs_store_path *paths = parse_all(c.from, args + 3, n - 3);

	check(nipfs_store_closure(c.from, paths, (size_t)(n - 3), copy_path, &c, &err),
	      "closure");
	commit(&c);
	free(paths);
	nipfs_store_close(c.from);
	nipfs_store_close(c.to);
}

static void run_pause(char **args, int n)
{
	struct copier c = { .from = open_store(args[0], NIPFS_STORE_READ),
			    .to = open_store(args[1], NIPFS_STORE_WRITE),
			    .batch = 2 };
	struct nipfs_store_path path = parse(c.from, args[2]);

	(void)n;
	copy_path(&c, &path, NULL);
	rendezvous("written");
	commit(&c);
	nipfs_store_close(c.from);
	nipfs_store_close(c.to);
}

static void run_hold(char **args, int n)
{
	struct nipfs_store *store = open_store(args[0], NIPFS_STORE_READ);
	struct nipfs_store_path *paths = parse_all(store, args + 1, n - 1);

	check(nipfs_store_add_temp_roots(store, paths, (size_t)(n - 1), &err), "hold");
	rendezvous("held");
	free(paths);
	nipfs_store_close(store);
}

static void run_root(char **args, int n)
{
	struct nipfs_store *store = open_store(args[0], NIPFS_STORE_WRITE);
	struct nipfs_store_path path = parse(store, args[1]);

	(void)n;
	check(nipfs_store_add_root(store, &path, args[2], &err), "root");
	nipfs_store_close(store);
}

static void run_closure(char **args, int n)
{
	struct nipfs_store *store = open_store(args[0], NIPFS_STORE_READ);
	struct nipfs_store_path *paths = parse_all(store, args + 1, n - 1);

	check(nipfs_store_closure(store, paths, (size_t)(n - 1), print_path, store, &err),
	      "closure");
	free(paths);
	nipfs_store_close(store);
}

static void run_list(char **args, int n)
{
	struct nipfs_store *store = open_store(args[0], NIPFS_STORE_READ);
	struct nipfs_store_entry entries[7];
	int64_t cursor = 0;
	int found;

	(void)n;
	while ((found = nipfs_store_list(store, &cursor, entries, 7, &err)) > 0)
		for (int i = 0; i < found; i++)
			print_path(store, &entries[i].path, NULL);
	check(found, "list");
	nipfs_store_close(store);
}

static const struct {
	const char *name;
	int least;
	void (*run)(char **args, int n);
} commands[] = {
	{ "copy", 3, run_copy }, { "pause", 3, run_pause },	{ "hold", 2, run_hold },
	{ "root", 3, run_root }, { "closure", 2, run_closure }, { "list", 1, run_list },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i].name, argv[1]) == 0 && argc - 2 >= commands[i].least) {
			commands[i].run(argv + 2, argc - 2);
			return 0;
		}
	fprintf(stderr, "usage: see the head of store_driver.c\n");
	return 2;
}
