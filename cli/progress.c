/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line that says how far things are. */
#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/output.h"

/* The one that is shown; used with stderr locked, where other threads may note something. */
static struct progress_line *shown;

enum { FIRST_MS = 1000, EVERY_MS = 100, PLAIN_MS = 10000, WIDTH_DEFAULT = 80, WIDTH_MAX = 300 };

static long long elapsed_ms(const struct timespec *from, const struct timespec *to)
{
	return (long long)(to->tv_sec - from->tv_sec) * 1000 +
	       (to->tv_nsec - from->tv_nsec) / 1000000;
}

/* Asked for each time: that follows a window that changes its size without a signal
 * handler. */
static size_t width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return WIDTH_DEFAULT;
	return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

void progress_amount(char *out, size_t n, enum nipfs_unit unit, uint64_t amount)
{
	static const char *const units[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"
	};
	double value = (double)amount;
	size_t i = 0;

	if (unit == NIPFS_UNIT_ITEMS) {
		(void)snprintf(out, n, "%llu", (unsigned long long)amount);
		return;
	}
	for (; value >= 1024 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		value /= 1024;
	(void)snprintf(out, n, i ? "%.1f %s" : "%.0f %s", value, units[i]);
}

/* At most @n bytes, which are at least as many as columns, and no part of a character. */
static size_t cut_length(const char *text, size_t n)
{
	if (strlen(text) <= n)
		return strlen(text);
	while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* ", 1:05 left", when it can be told. */
static void time_left(const struct nipfs_progress_event *event, long long ms, char *out,
		      size_t n)
{
	uint64_t s;

	out[0] = 0;
	if (event->total <= event->done || event->done == 0 || ms < FIRST_MS)
		return;
	s = (uint64_t)((double)(event->total - event->done) / (double)event->done * (double)ms /
		       1000);
	if (s < 3600)
		(void)snprintf(out, n, ", %llu:%02llu left", (unsigned long long)s / 60,
			       (unsigned long long)s % 60);
	else
		(void)snprintf(out, n, ", %llu h %llu min left", (unsigned long long)s / 3600,
			       (unsigned long long)s % 3600 / 60);
}

static void draw(const struct progress_line *line,
		 const struct nipfs_progress_event *event, const struct timespec *now)
{
	const long long ms = elapsed_ms(&line->start, now);
	const size_t columns = line->plain ? WIDTH_MAX : width() - 1;
	char text[WIDTH_MAX + 256], done[32], total[32] = "", rate[32] = "", left[40];
	char *subject = output_escape(event->subject);
	int used;

	progress_amount(done, sizeof(done), event->unit, event->done);
	if (event->total)
		progress_amount(total, sizeof(total), event->unit, event->total);
	if (ms > 0 && event->unit == NIPFS_UNIT_BYTES)
		progress_amount(rate, sizeof(rate), event->unit,
			      (uint64_t)((double)event->done * 1000 / (double)ms));
	time_left(event, ms, left, sizeof(left));
	used = snprintf(text, sizeof(text), "%s %s%s%s%s%s%s%s",
			nipfs_phase_text(event->phase), done, *total ? " of " : "", total,
			*rate ? ", " : "", rate, *rate ? "/s" : "", left);
	if (event->items && event->unit == NIPFS_UNIT_BYTES)
		used += snprintf(text + used, sizeof(text) - (size_t)used, ", %llu items",
				 (unsigned long long)event->items);
	if (*subject)
		(void)snprintf(text + used, sizeof(text) - (size_t)used, "  %.*s",
			       WIDTH_MAX, subject);
	free(subject);
	(void)fprintf(stderr, line->plain ? "nix-ipfs: %.*s\n" : "\r%.*s\033[K",
		      (int)cut_length(text, columns), text);
	(void)fflush(stderr);
}

static void update(void *ctx, const struct nipfs_progress_event *event)
{
	struct progress_line *line = ctx;
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (elapsed_ms(&line->start, &now) < FIRST_MS ||
	    elapsed_ms(&line->last, &now) < (line->plain ? PLAIN_MS : EVERY_MS))
		return;
	line->last = now;
	flockfile(stderr);
	if (!line->plain) {
		line->shown = true;
		shown = line;
	}
	draw(line, event, &now);
	funlockfile(stderr);
}

const struct nipfs_progress *progress_begin(struct progress_line *line,
					    const struct common *common)
{
	*line = (struct progress_line){ .progress = { update, line } };
	(void)clock_gettime(CLOCK_MONOTONIC, &line->start);
	line->last = line->start;
	line->plain = !isatty(STDERR_FILENO);
	return common->quiet || (line->plain && common->json) ? NULL : &line->progress;
}

void progress_end(struct progress_line *line)
{
	flockfile(stderr);
	if (line->shown)
		(void)fputs("\r\033[K", stderr);
	line->shown = false;
	if (shown == line)
		shown = NULL;
	funlockfile(stderr);
}

void progress_hide(void)
{
	flockfile(stderr);
	if (shown)
		progress_end(shown);
	funlockfile(stderr);
}
