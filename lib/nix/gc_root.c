/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lasting garbage collector roots: symlinks anywhere that the state folder knows of. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "lib/nix/base32.h"
#include "lib/nix/path_text.h"
#include "lib/nix/store.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { SHA1_BYTES = 20 };

/* As in Nix no symlink is looked at: the name that is registered is the one given. */
static int make_absolute(const char *path, char **out, struct nipfs_error *err)
{
	nipfs_auto_free char *here = NULL;
	int r;

	if (path[0] != '/' && !(here = getcwd(NULL, 0)))
		return nipfs__fail_errno(err, errno, "cannot find the current directory");
	r = nipfs__path_join(here ? here : "/", path, out);
	if (r < 0)
		return nipfs__fail(err, r, "cannot use the path '%s': %s", path,
				   nipfs_err_text(r));
	return 0;
}

static bool is_below(const char *path, const char *dir)
{
	const size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* What is in the way stays, unless it is a root as this one will be. */
static int check_free(const struct nipfs_store *store, const char *link,
		      struct nipfs_error *err)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (lstat(link, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR ?
			       0 :
			       nipfs__fail_errno(err, errno, "cannot examine '%s'", link);
	n = readlink(link, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	if (n < 0 || !is_below(target, store->env.store_dir))
		return nipfs__fail(err, NIPFS_E_EXISTS,
				   "'%s' is there already and no link into the store: choose "
				   "another name for the root", link);
	return 0;
}

static int make_parent(const char *link, struct nipfs_error *err)
{
	nipfs_auto_free char *dir = strndup(link, (size_t)(strrchr(link, '/') - link));

	if (!dir)
		return nipfs__fail_nomem(err);
	return *dir ? nipfs__make_dirs(dir, err) : 0;
}

int nipfs__place_link(const char *link, const char *target, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf temp = NIPFS_BUF_INIT(2 * PATH_MAX);
	uint32_t random = 0;
	int r = make_parent(link, err);

	if (r < 0)
		return r;
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return nipfs__fail_errno(err, errno, "cannot get random bytes");
	r = nipfs__buf_printf(&temp, "%s.tmp-%ld-%lu", link, (long)getpid(),
			      (unsigned long)random);
	if (r == 0)
		r = nipfs__buf_terminate(&temp);
	if (r < 0)
		return nipfs__fail_nomem(err);
	if (symlink(target, (const char *)temp.ptr) != 0)
		return nipfs__fail_errno(err, errno, "cannot make the symlink '%s'", temp.ptr);
	if (rename((const char *)temp.ptr, link) != 0) {
		r = nipfs__fail_errno(err, errno, "cannot make the symlink '%s'", link);
		(void)unlink((const char *)temp.ptr);
	}
	return r;
}

int nipfs__root_name(const char *link, char *out, struct nipfs_error *err)
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(link, strlen(link), digest, NULL, EVP_sha1(), NULL) != 1)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED, "libcrypto has no SHA-1");
	(void)nipfs__base32_encode(nipfs__slice(digest, SHA1_BYTES), out);
	return 0;
}

int nipfs__root_register(const struct nipfs__store_env *env, const char *link,
			 struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf file = NIPFS_BUF_INIT(2 * PATH_MAX);
	char name[NIPFS__ROOT_NAME_MAX];
	int r = nipfs__root_name(link, name, err);

	if (r < 0)
		return r;
	r = nipfs__buf_printf(&file, "%s/auto/%s", env->gcroots_dir, name);
	if (r == 0)
		r = nipfs__buf_terminate(&file);
	if (r < 0)
		return nipfs__fail_nomem(err);
	return nipfs__place_link((const char *)file.ptr, link, err);
}

int nipfs__local_register_root(struct nipfs_store *store, const struct nipfs_store_path *path,
			       const char *link, struct nipfs_error *err)
{
	const int r = nipfs__root_register(&store->env, link, err);

	/*
	 * A collector reads the lasting roots first, for which it takes its time, and then
	 * the temporary ones: it may have missed the former, and will miss the latter when
	 * we are gone by then.
	 */
	return r < 0 ? r : nipfs__temp_roots_tell(&store->roots, path, 1, err);
}

static int check_link(const struct nipfs_store *store, const char *link,
		      struct nipfs_error *err)
{
	if (strcmp(link, "/") == 0)
		return nipfs__fail(err, NIPFS_E_USAGE, "'/' cannot be a root");
	if (is_below(link, store->env.store_dir) || is_below(link, store->env.real_store_dir))
		return nipfs__fail(err, NIPFS_E_USAGE, "the root '%s' would lie in the store",
				   link);
	return check_free(store, link, err);
}

int nipfs_store_add_root(struct nipfs_store *store, const struct nipfs_store_path *path,
			 const char *link, struct nipfs_error *err)
{
	nipfs_auto_free char *absolute = NULL;
	char target[NIPFS_STORE_PATH_MAX];
	int r = nipfs__store_need_write(store, err);

	if (r == 0)
		r = make_absolute(link, &absolute, err);
	if (r == 0)
		r = check_link(store, absolute, err);
	if (r == 0)
		r = nipfs_store_add_temp_roots(store, path, 1, err);
	if (r == 0 && (r = nipfs_store_is_valid(store, path, err)) == 0)
		r = nipfs__fail(err, NIPFS_E_NOTFOUND, "'%s' is not a valid path of this store",
				path->base);
	if (r < 0)
		return r;
	nipfs_store_path_format(path, store->env.store_dir, target);
	r = nipfs__place_link(absolute, target, err);
	return r < 0 ? r : store->backend->register_root(store, path, absolute, err);
}
