/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Allocations that fail, and the count of those that were not freed. A test program
 * that includes this in its one source file has a malloc() of its own in front of that
 * of the C library, for the libraries that it uses too.
 */
#ifndef TESTS_SUPPORT_OOM_H
#define TESTS_SUPPORT_OOM_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <nixipfs/error.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OOM_WORKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OOM_WORKS 0
#endif
#endif
#ifndef OOM_WORKS
#define OOM_WORKS 1
#endif

/*
 * @left: so many allocations succeed, then one fails, or all from then on; negative:
 *        none fails
 * @once: one alone fails
 * @live: allocations that were not freed
 */
static struct {
	long left;
	bool once;
	long live;
} oom = { .left = -1 };

static inline void oom_begin(long left, bool once)
{
	oom.once = once;
	__atomic_store_n(&oom.left, left, __ATOMIC_SEQ_CST);
}

static inline void oom_end(void)
{
	__atomic_store_n(&oom.left, -1, __ATOMIC_SEQ_CST);
}

static inline long oom_live(void)
{
	return __atomic_load_n(&oom.live, __ATOMIC_SEQ_CST);
}

#if OOM_WORKS
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *ptr, size_t n);
extern void __libc_free(void *ptr);

static inline bool oom_now(void)
{
	long left = __atomic_load_n(&oom.left, __ATOMIC_SEQ_CST);

	while (left > 0 &&
	       !__atomic_compare_exchange_n(&oom.left, &left, left - 1, true,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	if (left != 0)
		return false;
	if (oom.once)
		oom_end();
	errno = ENOMEM;
	return true;
}

static inline void *oom_count(void *ptr)
{
	if (ptr)
		(void)__atomic_add_fetch(&oom.live, 1, __ATOMIC_SEQ_CST);
	return ptr;
}

NIPFS_API void *malloc(size_t n)
{
	return oom_now() ? NULL : oom_count(__libc_malloc(n));
}

NIPFS_API void *calloc(size_t n, size_t size)
{
	return oom_now() ? NULL : oom_count(__libc_calloc(n, size));
}

NIPFS_API void *realloc(void *ptr, size_t n)
{
	void *moved;

	if (oom_now())
		return NULL;
	moved = __libc_realloc(ptr, n);
	return ptr ? moved : oom_count(moved);
}

NIPFS_API void free(void *ptr)
{
	if (ptr)
		(void)__atomic_sub_fetch(&oom.live, 1, __ATOMIC_SEQ_CST);
	__libc_free(ptr);
}
#endif

#endif
