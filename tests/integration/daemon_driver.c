/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Speaks with a Nix daemon, for daemon.sh:
 *
 *   daemon_driver WHERE COMMAND [ARG...] [-- COMMAND [ARG...]]...
 *
 * WHERE is the path of a socket, `stdio` for a nix-daemon of our own, or
 * `stdio=REMOTE` for one with NIX_REMOTE=REMOTE. All commands share one connection; each
 * prints what it was answered, or a line `error CODE: MESSAGE`, and the next follows.
 *
 *   hello                          who is there
 *   valid PATH                     1 or 0
 *   info PATH                      all that is known of it, a line each
 *   find HASHPART, referrers PATH, all
 *   ensure PATH, temp-root PATH, indirect-root LINK, sign PATH SIG...
 *   nar STORE PATH [CHANGE...]     uploads a path of another store
 *   probe STORE PATH [CHANGE...]   whether it would be taken
 *   add NAME METHOD FILE [REF...]  uploads FILE below the current folder; prints the path
 *   wait                           says `waiting`, goes on when a line comes
 *
 * CHANGE, of what is said of the path: no-sigs, no-ca, bad-hash, bad-size, no-refs; of the
 * upload: no-check-sigs, abort=BYTES.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nixipfs/disk.h>
#include <nixipfs/nar.h>
#include <nixipfs/store.h>

#include "lib/nix/daemon.h"

static struct nipfs__daemon *daemon_;
static const char *store_dir;

static void die(const char *what, const struct nipfs_error *err)
{
	fprintf(stderr, "daemon_driver: %s: %s\n", what, err->msg);
	exit(1);
}

static void say_error(int code, const struct nipfs_error *err)
{
	printf("error %s: %s\n", nipfs_err_name(code), err->msg);
}

static void log_line(void *ctx, struct nipfs_slice line)
{
	(void)ctx;
	fprintf(stderr, "log: %.*s\n", (int)line.len, (const char *)line.ptr);
}

static void print_path(const struct nipfs_store_path *path)
{
	printf("%s/%s\n", store_dir, path->base);
}

static struct nipfs_store_path parse(const char *text)
{
	const struct nipfs_slice slice = { (const uint8_t *)text, strlen(text) };
	struct nipfs_store_path path;
	struct nipfs_error err;

	if (nipfs_store_path_parse(slice, store_dir, &path, &err) < 0)
		die(text, &err);
	return path;
}

/* ---- queries ---------------------------------------------------------------------- */

static void print_info(const struct nipfs_path_info *info)
{
	printf("path ");
	print_path(&info->path);
	printf("hash ");
	for (size_t i = 0; i < sizeof(info->nar_hash); i++)
		printf("%02x", info->nar_hash[i]);
	printf("\nsize %llu\n", (unsigned long long)info->nar_size);
	if (info->has_deriver)
		printf("deriver %s/%s\n", store_dir, info->deriver.base);
	for (size_t i = 0; i < info->n_refs; i++)
		printf("ref %s/%s\n", store_dir, info->refs[i].base);
	for (size_t i = 0; i < info->n_sigs; i++)
		printf("sig %s\n", info->sigs[i]);
	if (info->ca)
		printf("ca %s\n", info->ca);
	printf("ultimate %d\n", info->ultimate);
}

static int run_hello(char **args, int n, struct nipfs_error *err)
{
	static const char *const trust[] = { "unknown", "trusted", "untrusted" };

	(void)args, (void)n, (void)err;
	printf("1.%u %s %s\n", nipfs__daemon_minor(daemon_), nipfs__daemon_nix_version(daemon_),
	       trust[nipfs__daemon_trust(daemon_)]);
	return 0;
}

static int run_valid(char **args, int n, struct nipfs_error *err)
{
	const struct nipfs_store_path path = parse(args[0]);
	const int r = nipfs__daemon_is_valid(daemon_, &path, err);

	(void)n;
	if (r >= 0)
		printf("%d\n", r);
	return r;
}

static int run_info(char **args, int n, struct nipfs_error *err)
{
	const struct nipfs_store_path path = parse(args[0]);
	struct nipfs_path_info info;
	const int r = nipfs__daemon_query(daemon_, &path, &info, err);

	(void)n;
	if (r == 0) {
		print_info(&info);
		nipfs_path_info_release(&info);
	}
	return r;
}

static int run_find(char **args, int n, struct nipfs_error *err)
{
	const struct nipfs_slice part = { (const uint8_t *)args[0], strlen(args[0]) };
	struct nipfs_store_path path;
	const int r = nipfs__daemon_find_hash_part(daemon_, part, &path, err);

	(void)n;
	if (r == 0)
		print_path(&path);
	return r;
}

static int print_paths(int r, struct nipfs_store_path *paths, size_t n)
{
	if (r == 0) {
		for (size_t i = 0; i < n; i++)
			print_path(&paths[i]);
		free(paths);
	}
	return r;
}

static int run_referrers(char **args, int n, struct nipfs_error *err)
{
	const struct nipfs_store_path path = parse(args[0]);
	struct nipfs_store_path *paths = NULL;
	size_t found = 0;
	const int r = nipfs__daemon_referrers(daemon_, &path, &paths, &found, err);

	(void)n;
	return print_paths(r, paths, found);
}

static int run_all(char **args, int n, struct nipfs_error *err)
{
	struct nipfs_store_path *paths = NULL;
	size_t found = 0;
	const int r = nipfs__daemon_all_valid(daemon_, &paths, &found, err);

	(void)args, (void)n;
	return print_paths(r, paths, found);
}

/* ---- commands --------------------------------------------------------------------- */

static int say_ok(int r)
{
	if (r == 0)
		puts("ok");
	return r;
}

static int run_ensure(char **args, int n, struct nipfs_error *err)
{
	const struct nipfs_store_path path = parse(args[0]);

	(void)n;
	return say_ok(nipfs__daemon_ensure(daemon_, &path, err));
}

static int run_temp_root(char **args, int n, struct nipfs_error *err)
{
	const struct nipfs_store_path path = parse(args[0]);

	(void)n;
	return say_ok(nipfs__daemon_add_temp_root(daemon_, &path, err));
}

static int run_indirect_root(char **args, int n, struct nipfs_error *err)
{
	(void)n;
	return say_ok(nipfs__daemon_add_indirect_root(daemon_, args[0], err));
}

static int run_sign(char **args, int n, struct nipfs_error *err)
{
	const struct nipfs_store_path path = parse(args[0]);

	return say_ok(nipfs__daemon_add_signatures(daemon_, &path, (const char *const *)args + 1,
						 (size_t)n - 1, err));
}

static int run_wait(char **args, int n, struct nipfs_error *err)
{
	int c;

	(void)args, (void)n, (void)err;
	puts("waiting");
	fflush(stdout);
	do
		c = getchar();
	while (c != '\n' && c != EOF);
	return 0;
}

/* ---- uploads ---------------------------------------------------------------------- */

/* How an upload differs from what it should be; left: bytes until it is given up. */
struct changes {
	bool no_check_sigs, abort;
	unsigned long long left;
};

static struct changes apply(char **args, int n, struct nipfs_path_info *info)
{
	struct changes changes = { false, false, 0 };

	for (int i = 0; i < n; i++) {
		if (strcmp(args[i], "no-sigs") == 0)
			info->n_sigs = 0;
		else if (strcmp(args[i], "no-refs") == 0)
			info->n_refs = 0;
		else if (strcmp(args[i], "no-ca") == 0)
			info->ca = NULL;
		else if (strcmp(args[i], "bad-hash") == 0)
			info->nar_hash[7] ^= 1;
		else if (strcmp(args[i], "bad-size") == 0)
			info->nar_size++;
		else if (strcmp(args[i], "no-check-sigs") == 0)
			changes.no_check_sigs = true;
		else if (strncmp(args[i], "abort=", 6) == 0)
			changes = (struct changes){ changes.no_check_sigs, true,
						    strtoull(args[i] + 6, NULL, 10) };
		else
			exit(2);
	}
	return changes;
}

static int send_nar(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct changes *changes = ctx;
	size_t n = bytes->len;

	if (changes->abort && n > changes->left)
		n = changes->left;
	changes->left -= changes->abort ? n : 0;
	return nipfs__daemon_send(daemon_, bytes->ptr, n, err);
}

static int send_tree(int dirfd, const char *name, struct changes *changes,
		     struct nipfs_error *err)
{
	const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	const struct nipfs_nar_output output = { send_nar, changes };
	struct nipfs_nar_writer *writer = NULL;
	struct nipfs_tree_sink sink;
	int r = nipfs_nar_writer_new(&writer, &output, 0, err);

	if (r < 0)
		return r;
	sink = nipfs_nar_writer_sink(writer);
	r = nipfs_disk_tree(dirfd, name, NULL, &limits, &sink, err);
	if (r == 0)
		r = nipfs_nar_writer_finish(writer, NULL, err);
	nipfs_nar_writer_free(writer);
	return r;
}

static struct nipfs_store *open_source(const char *uri, const struct nipfs_store_path *path,
				       struct nipfs_path_info *info)
{
	const struct nipfs_store_options options = { .uri = uri };
	struct nipfs_store *store = NULL;
	struct nipfs_error err;

	if (nipfs_store_open(&store, &options, &err) < 0 ||
	    nipfs_store_query(store, path, info, &err) < 0)
		die(uri, &err);
	return store;
}

static int run_nar(char **args, int n, struct nipfs_error *err)
{
	const struct nipfs_store_path path = parse(args[1]);
	struct nipfs_path_info info, told;
	struct nipfs_store *store = open_source(args[0], &path, &info);
	struct changes changes;
	int r;

	told = info;
	changes = apply(args + 2, n - 2, &told);
	r = nipfs__daemon_add_nar_begin(daemon_, &told, changes.no_check_sigs, err);
	if (r == 0) {
		r = send_tree(nipfs_store_dirfd(store), path.base, &changes, err);
		if (r == 0 && !changes.abort)
			r = nipfs__daemon_add_nar_end(daemon_, err);
		nipfs__daemon_abort(daemon_);
	}
	nipfs_path_info_release(&info);
	nipfs_store_close(store);
	return say_ok(r);
}

static int run_probe(char **args, int n, struct nipfs_error *err)
{
	const struct nipfs_store_path path = parse(args[1]);
	struct nipfs_path_info info, told;
	struct nipfs_store *store = open_source(args[0], &path, &info);
	int r;

	told = info;
	(void)apply(args + 2, n - 2, &told);
	r = nipfs__daemon_would_take(daemon_, &told, false, err);
	if (r == 0)
		say_error(err->code, err);
	else if (r == 1)
		puts("1");
	nipfs_path_info_release(&info);
	nipfs_store_close(store);
	return r;
}

static int send_file(const char *file, struct nipfs_error *err)
{
	const int fd = open(file, O_RDONLY | O_CLOEXEC);
	char bytes[10000];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
		r = nipfs__daemon_send(daemon_, bytes, (size_t)n, err);
	if (fd < 0 || n < 0)
		exit(1);
	close(fd);
	return r;
}

static int run_add(char **args, int n, struct nipfs_error *err)
{
	struct changes changes = { false, false, 0 };
	struct nipfs_store_path *refs = calloc((size_t)n, sizeof(*refs));
	struct nipfs_path_info info;
	size_t n_refs = 0;
	int r;

	if (!refs)
		exit(1);
	for (int i = 3; i < n; i++)
		refs[n_refs++] = parse(args[i]);
	n_refs = nipfs_store_path_sort(refs, n_refs);
	r = nipfs__daemon_add_begin(daemon_, args[0], args[1], refs, n_refs, err);
	free(refs);
	if (r < 0)
		return r;
	r = strncmp(args[1], "fixed:r:", 8) == 0 ? send_tree(AT_FDCWD, args[2], &changes, err) :
						   send_file(args[2], err);
	if (r < 0)
		nipfs__daemon_abort(daemon_);
	else
		r = nipfs__daemon_add_end(daemon_, &info, err);
	if (r == 0) {
		print_path(&info.path);
		nipfs_path_info_release(&info);
	}
	return r;
}

/* ---- all -------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int least;
	int (*run)(char **args, int n, struct nipfs_error *err);
} commands[] = {
	{ "hello", 0, run_hello },	   { "valid", 1, run_valid },
	{ "info", 1, run_info },	   { "find", 1, run_find },
	{ "referrers", 1, run_referrers }, { "all", 0, run_all },
	{ "ensure", 1, run_ensure },	   { "temp-root", 1, run_temp_root },
	{ "indirect-root", 1, run_indirect_root },
	{ "sign", 1, run_sign },	   { "nar", 2, run_nar },
	{ "probe", 2, run_probe },	   { "add", 3, run_add },
	{ "wait", 0, run_wait },
};

static void run(char **args, int n)
{
	struct nipfs_error err = { .msg = "" };

	for (size_t i = 0; n > 0 && i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i].name, args[0]) == 0 && n - 1 >= commands[i].least) {
			const int r = commands[i].run(args + 1, n - 1, &err);

			if (r < 0)
				say_error(r, &err);
			fflush(stdout);
			return;
		}
	fprintf(stderr, "usage: see the head of daemon_driver.c\n");
	exit(2);
}

int main(int argc, char **argv)
{
	static char program[] = "nix-daemon", option[] = "--stdio", remote[4096];
	char *const child[] = { program, option, NULL }, *const env[] = { remote, NULL };
	struct nipfs__daemon_options options = { .child = child, .log = log_line };
	struct nipfs_error err;
	int r;

	if (argc < 3)
		return 2;
	store_dir = getenv("NIX_STORE_DIR");
	options.store_dir = store_dir = store_dir ? store_dir : "/nix/store";
	if (argv[1][0] == '/')
		options.socket = argv[1];
	if (strncmp(argv[1], "stdio=", 6) == 0) {
		snprintf(remote, sizeof(remote), "NIX_REMOTE=%s", argv[1] + 6);
		options.child_env = env;
	}
	r = nipfs__daemon_open(&daemon_, &options, &err);
	if (r < 0) {
		say_error(r, &err);
		return 0;
	}
	for (int begin = 2, i = 2; i <= argc; i++)
		if (i == argc || strcmp(argv[i], "--") == 0) {
			run(argv + begin, i - begin);
			begin = i + 1;
		}
	nipfs__daemon_close(daemon_);
	return 0;
}
