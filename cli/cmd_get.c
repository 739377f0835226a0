/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs get: a tree to a plain folder, complete or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <nixipfs/dag.h>
#include <nixipfs/disk.h>
#include <nixipfs/tree_size.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/ref.h"

struct options {
	struct common common;
	bool force;
	struct opt_number max_size;
};

static const struct opt opts[] = {
	{ "force", 'f', OPT_FLAG, NULL, "replace what is at DEST",
	  offsetof(struct options, force) },
	{ "max-size", 0, OPT_SIZE, "BYTES", "refuse a tree whose files hold more",
	  offsetof(struct options, max_size) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

/* Where the tree goes: it is written beside DEST as @temp, then renamed. */
struct place {
	const char *dest;
	char *parent;	  /* owned */
	const char *name; /* in @parent; points into it */
	char temp[32];
	int dirfd;
};

static int split_dest(struct place *p, const char *dest, struct nipfs_error *err)
{
	size_t n = strlen(dest);
	char *slash;

	while (n > 1 && dest[n - 1] == '/')
		n--;
	p->dest = dest;
	p->parent = xcalloc(n + 3, 1);
	/* "./" in front, so that there is always a folder to name */
	(void)snprintf(p->parent, n + 3, "%s%.*s", dest[0] == '/' ? "" : "./", (int)n,
		       dest);
	slash = strrchr(p->parent, '/');
	p->name = slash + 1;
	if (!*p->name || strcmp(p->name, ".") == 0 || strcmp(p->name, "..") == 0)
		return cli_fill(err, NIPFS_E_USAGE,
				"'%s' names no file that could be made", dest);
	*slash = '\0';
	p->dirfd = open(slash == p->parent ? "/" : p->parent,
			O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (p->dirfd < 0)
		return cli_fill_errno(err, errno, "cannot open the folder of '%s'", dest);
	return 0;
}

static int check_free(const struct place *p, bool force, struct nipfs_error *err)
{
	struct stat st;

	if (fstatat(p->dirfd, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 :
					 cli_fill_errno(err, errno, "cannot look at '%s'",
							p->dest);
	if (force)
		return 0;
	return cli_fill(err, NIPFS_E_EXISTS, "'%s' exists already: --force replaces it",
			p->dest);
}

static int open_place(struct place *p, const char *dest, bool force,
		      struct nipfs_error *err)
{
	uint64_t random;
	int r = split_dest(p, dest, err);

	if (r == 0)
		r = check_free(p, force, err);
	if (r == 0 && getrandom(&random, sizeof(random), 0) != sizeof(random))
		r = cli_fill_errno(err, errno, "cannot get random bytes");
	if (r == 0)
		(void)snprintf(p->temp, sizeof(p->temp), ".nix-ipfs-%016llx",
			       (unsigned long long)random);
	return r;
}

static void close_place(struct place *p)
{
	free(p->parent);
	if (p->dirfd >= 0)
		(void)close(p->dirfd);
}

/* A small DAG can be a huge tree: what does not fit is refused before anything is
 * written. */
static int check_size(const struct options *o, const struct place *p,
		      const struct nipfs_tree_size *size, uint64_t *max_bytes,
		      struct nipfs_error *err)
{
	struct statvfs fs;
	uint64_t free_bytes;

	if (fstatvfs(p->dirfd, &fs) < 0)
		return cli_fill_errno(
		    err, errno, "cannot tell how much room there is for '%s'", p->dest);
	if (__builtin_mul_overflow((uint64_t)fs.f_bavail, (uint64_t)fs.f_frsize,
				   &free_bytes))
		free_bytes = UINT64_MAX;
	if (o->max_size.set && size->bytes > o->max_size.value)
		return cli_fill(err, NIPFS_E_LIMIT,
				"the tree holds %llu bytes, more than --max-size %llu",
				(unsigned long long)size->bytes,
				(unsigned long long)o->max_size.value);
	if (size->bytes > free_bytes)
		return cli_fill(
		    err, NIPFS_E_LIMIT,
		    "the tree holds %llu bytes, but there is only room for %llu at '%s'",
		    (unsigned long long)size->bytes, (unsigned long long)free_bytes,
		    p->dest);
	if (fs.f_files && size->entries > fs.f_favail)
		return cli_fill(
		    err, NIPFS_E_LIMIT,
		    "the tree holds %llu files, but there is only room for %llu at '%s'",
		    (unsigned long long)size->entries, (unsigned long long)fs.f_favail,
		    p->dest);
	/* sizes of raw blocks were only claimed: the writing is limited all the same */
	*max_bytes = free_bytes;
	if (o->max_size.set && o->max_size.value < free_bytes)
		*max_bytes = o->max_size.value;
	*max_bytes += *max_bytes == 0; /* 0 would be no limit */
	return 0;
}

static int write_tree(struct nipfs_block_source *source, const struct nipfs_cid *cid,
		      const struct place *p,
		      const struct nipfs_disk_sink_options *options,
		      struct nipfs_progress_meter meter, struct nipfs_error *err)
{
	const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NONE;
	struct nipfs_tree_sink inner, sink;
	struct nipfs_disk_sink *disk;
	int r = nipfs_disk_sink_new(&disk, p->dirfd, p->temp, options, err);

	if (r < 0)
		return r;
	inner = nipfs_disk_sink(disk);
	meter.inner = &inner;
	sink = nipfs_progress_meter_sink(&meter);
	r = nipfs_dag_tree(source, cid, &limits, &sink, err);
	if (r == 0)
		r = nipfs_disk_sink_finish(disk, err);
	nipfs_disk_sink_free(disk);
	return r;
}

/* On file systems without exchange the old tree is removed first: there it is not atomic.
 */
static int replace(const struct place *p, struct nipfs_error *err)
{
	int r;

	if (renameat2(p->dirfd, p->temp, p->dirfd, p->name, RENAME_EXCHANGE) == 0)
		return nipfs_disk_remove(p->dirfd, p->temp, err);
	if (errno != ENOENT && errno != EINVAL && errno != ENOSYS)
		return cli_fill_errno(err, errno, "cannot replace '%s'", p->dest);
	r = nipfs_disk_remove(p->dirfd, p->name, err);
	if (r == 0 && renameat(p->dirfd, p->temp, p->dirfd, p->name) < 0)
		r = cli_fill_errno(err, errno, "cannot make '%s'", p->dest);
	return r;
}

static int put_in_place(const struct place *p, bool force, struct nipfs_error *err)
{
	int r;

	if (force)
		return replace(p, err);
	if (renameat2(p->dirfd, p->temp, p->dirfd, p->name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != EEXIST)
		return cli_fill_errno(err, errno, "cannot make '%s'", p->dest);
	r = check_free(p, false, err);
	if (r == 0 && renameat(p->dirfd, p->temp, p->dirfd, p->name) < 0)
		r = cli_fill_errno(err, errno, "cannot make '%s'", p->dest);
	return r;
}

static int get(const struct options *o, struct nipfs_block_source *source,
	       const struct nipfs_cid *cid, const struct place *p,
	       const struct nipfs_progress *progress, struct nipfs_tree_size *size,
	       struct nipfs_error *err)
{
	struct nipfs_disk_sink_options options = { .style = NIPFS_DISK_PLAIN };
	struct nipfs_progress_meter meter = { .progress = progress,
					      .event = { .phase = NIPFS_PHASE_WRITE } };
	int r = nipfs_tree_size(source, cid, size, err);

	if (r == 0)
		r = check_size(o, p, size, &options.max_bytes, err);
	if (r < 0)
		return r;
	meter.event.total = size->bytes;
	r = write_tree(source, cid, p, &options, meter, err);
	if (r == 0)
		r = put_in_place(p, o->force, err);
	/* the first failure is the one to tell; what can't be removed has a name that
	 * says whose it is */
	if (r < 0)
		(void)!nipfs_disk_remove(p->dirfd, p->temp, NULL);
	return r;
}

static void report(const struct options *o, const struct nipfs_cid *cid, const char *dest,
		   const struct nipfs_tree_size *size)
{
	json_t *line;

	if (!o->common.json)
		return;
	line = json_line_new();
	json_put_cid(line, "cid", cid);
	json_put_name(line, "path", text_slice(dest));
	json_put_number(line, "bytes", size->bytes);
	json_put_number(line, "entries", size->entries);
	json_line_print(line, stdout);
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	const struct options *o = options;
	struct place place = { .dirfd = -1 };
	struct blocks blocks = { .source = NULL };
	const struct nipfs_progress *progress;
	struct progress_line line;
	struct nipfs_tree_size size;
	struct nipfs_error err;
	struct nipfs_cid cid;
	int r;

	(void)self;
	(void)n_args;
	progress = progress_begin(&line, &o->common);
	r = open_place(&place, args[1], o->force, &err);
	if (r == 0)
		r = ref_open(args[0], REF_TREE, &o->common, &blocks, &cid, &err);
	if (r == 0)
		r = get(o, blocks.source, &cid, &place, progress, &size, &err);
	progress_end(&line);
	if (r == 0)
		report(o, &cid, args[1], &size);
	r = r < 0 ? cli_fail(&o->common, &err) : 0;
	close_place(&place);
	blocks_close(&blocks);
	return r;
}

const struct cmd cmd_get = {
	.name = "get",
	.args = "CID[/PATH] DEST",
	.brief = "write a tree to a plain folder or file",
	.flags = CMD_TAKES_CID,
	.min_args = 2,
	.max_args = 2,
	.opts = opts,
	.size = sizeof(struct options),
	.run = run,
};
