/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Error codes and the error struct that every fallible function can fill. */
#ifndef NIXIPFS_ERROR_H
#define NIXIPFS_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#ifndef NIPFS_API
#define NIPFS_API __attribute__((visibility("default")))
#endif
#define NIPFS_MUSTUSE __attribute__((warn_unused_result))
#define NIPFS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * X(name, value, exit code of the command, text). The one list from which the
 * enum, the names, the texts and the exit codes are made. Values never change.
 */
#define NIPFS_ERR_MAP(X)                                                                 \
	X(NOMEM, -1, 1, "out of memory")                                                 \
	X(SYS, -2, 1, "system call failed")                                              \
	X(TRUNCATED, -3, 1, "input ended early")                                         \
	X(NONCANONICAL, -4, 1, "input is not in canonical form")                         \
	X(LIMIT, -5, 1, "a limit was exceeded")                                          \
	X(INVALID, -6, 1, "input is malformed")                                          \
	X(UNSUPPORTED, -7, 1, "not supported")                                           \
	X(MISMATCH, -8, 3, "content does not match its hash or signature")               \
	X(NOTFOUND, -9, 4, "not found")                                                  \
	X(UNREACHABLE, -10, 5, "cannot be reached")                                      \
	X(USAGE, -11, 2, "wrong use")                                                    \
	X(UNTRUSTED, -12, 1, "not signed by a trusted key")                              \
	X(EXISTS, -13, 1, "exists already")                                              \
	X(CHANGED, -14, 1, "changed while it was read")                                  \
	X(CANCELLED, -15, 1, "interrupted")                                              \
	X(REFUSED, -16, 1, "refused by the node")

enum nipfs_err {
#define NIPFS_ERR_ENUM(name, value, exit_code, text) NIPFS_E_##name = (value),
	NIPFS_ERR_MAP(NIPFS_ERR_ENUM)
#undef NIPFS_ERR_ENUM
};

/**
 * struct nipfs_error - what went wrong, in the caller's own memory
 * @code:      one of enum nipfs_err
 * @sys_errno: the errno value when @code is NIPFS_E_SYS, else 0
 * @msg:       one line, NUL-terminated, lower case, no full stop, no newline;
 *             bytes from outside stand in it as they came
 *
 * Functions that take one write it only when they fail; NULL is allowed.
 */
struct nipfs_error {
	int code;
	int sys_errno;
	char msg[1016];
};

/**
 * nipfs_err_text() - the fixed English text of an error code
 * @code: one of enum nipfs_err, or 0
 *
 * Return: a static string, never NULL; "success" for 0, "unknown error" for
 * anything else. Thread-safe.
 */
NIPFS_API const char *nipfs_err_text(int code);

/**
 * nipfs_err_name() - the stable short name of an error code
 * @code: one of enum nipfs_err, or 0
 *
 * Return: a static string as used in JSON output ("NOTFOUND"), "OK" for 0,
 * "UNKNOWN" for anything else. Thread-safe.
 */
NIPFS_API const char *nipfs_err_name(int code);

/**
 * nipfs_err_exit_code() - the exit code of the nix-ipfs command for an error
 * @code: one of enum nipfs_err, or 0
 *
 * Return: 0 for 0, else 1 failed, 2 usage, 3 content does not match its hash
 * or signature, 4 not found, 5 unreachable. Thread-safe.
 */
NIPFS_API int nipfs_err_exit_code(int code);

#ifdef __cplusplus
}
#endif
#endif
