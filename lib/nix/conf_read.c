/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix.conf: its files, in the order in which Nix reads them, and their lines. */
#include "lib/nix/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/nix/env.h"
#include "lib/nix/path_text.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { DEPTH_MAX = 16, FILES_MAX = 256 };

/* A text that is being read: one more for each file that is included. */
struct text {
	char *path; /* owned; NULL for NIX_CONFIG */
	struct nipfs_buf bytes;
	size_t at;
	unsigned int line;
};

struct reader {
	struct nipfs_nix_conf *conf;
	struct text stack[DEPTH_MAX];
	size_t depth;
	unsigned int n_files;
	struct nipfs_error *err;
};

int nipfs__conf_line_parse(struct nipfs_slice line, struct nipfs__conf_line *out)
{
	const uint8_t *hash = line.len ? memchr(line.ptr, '#', line.len) : NULL;
	struct nipfs__conf_line l = { .kind = NIPFS__CONF_EMPTY };
	struct nipfs_slice rest = line, after;

	if (hash)
		rest.len = (size_t)(hash - line.ptr);
	l.name = nipfs__conf_word(&rest);
	if (l.name.len) {
		after = rest;
		l.value = nipfs__conf_word(&after);
		l.missing_ok = nipfs__slice_eq(l.name, nipfs__slice_str("!include"));
		l.kind =
		    l.missing_ok || nipfs__slice_eq(l.name, nipfs__slice_str("include"))
			? NIPFS__CONF_INCLUDE
			: NIPFS__CONF_SETTING;
		if (l.value.len == 0)
			return NIPFS_E_INVALID;
		if (l.kind == NIPFS__CONF_INCLUDE && nipfs__conf_word(&after).len)
			return NIPFS_E_INVALID;
		if (l.kind == NIPFS__CONF_SETTING) {
			if (!nipfs__slice_eq(l.value, nipfs__slice_str("=")))
				return NIPFS_E_INVALID;
			l.value = after;
		}
	}
	*out = l;
	return 0;
}

static const char *name_of(const struct text *t)
{
	return t->path ? t->path : "NIX_CONFIG";
}

static void pop(struct reader *rd)
{
	struct text *t = &rd->stack[--rd->depth];

	free(t->path);
	nipfs__buf_release(&t->bytes);
}

/* Begins a text; takes over what it is given, on failure too. */
static int push(struct reader *rd, char *take_path, struct nipfs_buf *take_bytes)
{
	struct text *t = &rd->stack[rd->depth++];

	*t = (struct text){ .path = take_path, .bytes = *take_bytes };
	*take_bytes = (struct nipfs_buf)NIPFS_BUF_INIT(0);
	if (t->bytes.len && memchr(t->bytes.ptr, 0, t->bytes.len))
		return nipfs__fail(rd->err, NIPFS_E_INVALID, "'%s' has a zero byte in it",
				   name_of(t));
	return 0;
}

/* 0, or 1 when the file can't be read: Nix passes over it. */
static int read_bytes(const char *path, struct nipfs_buf *out, struct nipfs_error *err)
{
	nipfs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got = 1;

	while (fd >= 0 && got) {
		int r = nipfs__buf_reserve(out, 4096);

		if (r == NIPFS_E_NOMEM)
			return nipfs__fail_nomem(err);
		if (r < 0)
			return nipfs__fail(err, r, "'%s' is longer than %d bytes", path,
					   NIPFS__CONF_TEXT_MAX);
		got = read(fd, out->ptr + out->len, out->cap - out->len);
		if (got < 0 && errno != EINTR)
			return 1;
		out->len += got > 0 ? (size_t)got : 0;
	}
	return fd < 0;
}

/* Begins a file, whose path it takes; one that can't be read is an empty one. */
static int push_file(struct reader *rd, char *take_path)
{
	nipfs_auto_buf struct nipfs_buf bytes = NIPFS_BUF_INIT(NIPFS__CONF_TEXT_MAX);
	int r = 0;

	if (rd->depth == DEPTH_MAX || rd->n_files++ == FILES_MAX)
		r = nipfs__fail(rd->err, NIPFS_E_LIMIT,
				"'%s': files of Nix's configuration include each other "
				"too deeply or too often",
				take_path);
	else
		r = read_bytes(take_path, &bytes, rd->err);
	if (r) {
		free(take_path);
		return r < 0 ? r : 0;
	}
	return push(rd, take_path, &bytes);
}

/* The file that a line of @t includes, relative to the folder that @t is in. */
static int included_path(struct reader *rd, const struct text *t, struct nipfs_slice name,
			 char **out)
{
	nipfs_auto_free char *file = nipfs__slice_dup(name);
	nipfs_auto_free char *dir = t->path ? strdup(t->path) : NULL;
	int r = file && (dir || !t->path) ? 0 : NIPFS_E_NOMEM;

	if (r == 0 && file[0] != '/' && (!dir || dir[0] != '/'))
		return nipfs__fail(rd->err, NIPFS_E_INVALID,
				   "'%s' includes '%s', which is not an absolute path",
				   name_of(t), file);
	if (r == 0 && dir && dir[0] == '/')
		strrchr(dir, '/')[1] = 0;
	if (r == 0)
		r = nipfs__path_join(dir && dir[0] == '/' ? dir : "/", file, out);
	return r < 0 ? nipfs__fail(rd->err, r, "'%s' includes '%.200s': %s", name_of(t),
				   file ? file : "", nipfs_err_text(r))
		     : 0;
}

static int include(struct reader *rd, const struct text *t,
		   const struct nipfs__conf_line *line)
{
	char *path;
	int r = included_path(rd, t, line->value, &path);

	if (r < 0)
		return r;
	if (access(path, F_OK) < 0) {
		if (!line->missing_ok)
			r = nipfs__fail(rd->err, NIPFS_E_INVALID,
					"'%s' includes '%s', which is not there",
					name_of(t), path);
		free(path);
		return r;
	}
	return push_file(rd, path);
}

static int take_line(struct reader *rd, struct text *t)
{
	const uint8_t *begin = t->bytes.ptr + t->at;
	const size_t left = t->bytes.len - t->at;
	const uint8_t *eol = memchr(begin, '\n', left);
	const size_t n = eol ? (size_t)(eol - begin) : left;
	struct nipfs__conf_line line;
	int r;

	t->at += eol ? n + 1 : n;
	t->line++;
	/* a line may hold a password: it is never shown */
	if (nipfs__conf_line_parse(nipfs__slice(begin, n), &line) < 0)
		return nipfs__fail(
		    rd->err, NIPFS_E_INVALID,
		    "'%s', line %u is neither 'name = value' nor an include", name_of(t),
		    t->line);
	if (line.kind == NIPFS__CONF_INCLUDE)
		return include(rd, t, &line);
	r = line.kind == NIPFS__CONF_SETTING
		? nipfs__conf_set(rd->conf, line.name, line.value)
		: 0;
	return r < 0 ? nipfs__fail(rd->err, r, "'%s', line %u: %s", name_of(t), t->line,
				   nipfs_err_text(r))
		     : 0;
}

/* Reads what push() or push_file() has begun, @r being what that returned. */
static int read_all(struct reader *rd, int r)
{
	while (rd->depth) {
		struct text *t = &rd->stack[rd->depth - 1];

		if (r == 0 && t->at < t->bytes.len)
			r = take_line(rd, t);
		else
			pop(rd);
	}
	return r;
}

/* @dir and what stands below it, as a file of the configuration. */
static int read_file(struct reader *rd, const char *dir, const char *below)
{
	nipfs_auto_buf struct nipfs_buf path = NIPFS_BUF_INIT(SIZE_MAX);
	int r = nipfs__buf_printf(&path, "%s%s", dir, below);
	char *text;

	if (r == 0)
		r = nipfs__buf_terminate(&path);
	if (r < 0)
		return nipfs__fail_nomem(rd->err);
	text = (char *)path.ptr;
	path = (struct nipfs_buf)NIPFS_BUF_INIT(0);
	return read_all(rd, push_file(rd, text));
}

/* The files of a list with ':' between them: the last comes first, the first wins. */
static int read_list(struct reader *rd, const char *list, const char *below)
{
	nipfs_auto_free char *copy = strdup(list);
	char *colon = copy;
	int r = copy ? 0 : nipfs__fail_nomem(rd->err);

	while (r == 0 && colon) {
		const char *item;

		colon = strrchr(copy, ':');
		item = colon ? colon + 1 : copy;
		if (*item)
			r = read_file(rd, item, below);
		if (colon)
			*colon = 0;
	}
	return r;
}

static int read_home(struct reader *rd)
{
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");
	const char *own = getenv("NIX_CONFIG_HOME");
	struct passwd pw, *found = NULL;
	char room[4096];

	if (own && *own)
		return read_file(rd, own, "/nix.conf");
	if (xdg && *xdg)
		return read_file(rd, xdg, "/nix/nix.conf");
	if ((!home || !*home) &&
	    getpwuid_r(geteuid(), &pw, room, sizeof(room), &found) == 0 && found)
		home = pw.pw_dir;
	return home && *home ? read_file(rd, home, "/.config/nix/nix.conf") : 0;
}

static int read_user(struct reader *rd)
{
	const char *files = getenv("NIX_USER_CONF_FILES");
	const char *dirs = getenv("XDG_CONFIG_DIRS");
	int r;

	if (files)
		return read_list(rd, files, "");
	r = read_list(rd, dirs ? dirs : "/etc/xdg", "/nix/nix.conf");
	return r < 0 ? r : read_home(rd);
}

static int read_env(struct reader *rd)
{
	nipfs_auto_buf struct nipfs_buf bytes = NIPFS_BUF_INIT(NIPFS__CONF_TEXT_MAX);
	const char *text = getenv("NIX_CONFIG");
	int r = text ? nipfs__buf_put_str(&bytes, text) : 0;

	if (r < 0)
		return nipfs__fail(rd->err, r, "NIX_CONFIG: %s", nipfs_err_text(r));
	return read_all(rd, push(rd, NULL, &bytes));
}

static int read_own(struct reader *rd)
{
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");
	int r = read_file(rd, "/etc", "/nix-ipfs/nix-ipfs.conf");

	if (r == 0 && xdg && *xdg)
		return read_file(rd, xdg, "/nix-ipfs/nix-ipfs.conf");
	return r == 0 && home && *home ? read_file(rd, home, "/.config/nix-ipfs/nix-ipfs.conf") :
					 r;
}

int nipfs_nix_conf_load(enum nipfs_nix_conf_scope scope, struct nipfs_nix_conf **out,
			struct nipfs_error *err)
{
	struct nipfs_nix_conf *conf = calloc(1, sizeof(*conf));
	struct reader rd = { .conf = conf, .err = err };
	int r;

	if (!conf)
		return nipfs__fail_nomem(err);
	if (scope == NIPFS_NIX_CONF_OWN)
		r = read_own(&rd);
	else
		r = read_file(&rd, nipfs__nix_conf_dir(), "/nix.conf");
	if (r == 0 && scope == NIPFS_NIX_CONF_ALL)
		r = read_user(&rd);
	if (r == 0 && scope == NIPFS_NIX_CONF_ALL)
		r = read_env(&rd);
	if (r < 0) {
		nipfs_nix_conf_free(conf);
		return r;
	}
	*out = conf;
	return 0;
}
