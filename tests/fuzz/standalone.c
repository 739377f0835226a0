/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a fuzz target over files and folders of files, without a fuzzer. Each
 * input is handed over in a heap block of its exact size, so that a sanitizer
 * or valgrind sees every read past its end.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t n_inputs;

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *exact;
	struct stat st;
	size_t size;

	if (!f || fstat(fileno(f), &st) < 0) {
		perror(path);
		return -1;
	}
	size = (size_t)st.st_size;
	exact = malloc(size ? size : 1);
	if (!exact || fread(exact, 1, size, f) != size) {
		perror(path);
		return -1;
	}
	(void)fclose(f);
	/* an input of no bytes must not even have one to read */
	if (size == 0) {
		free(exact);
		exact = NULL;
	}
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	n_inputs++;
	return 0;
}

static int run_folder(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		perror(path);
		return -1;
	}
	while (r == 0 && (entry = readdir(dir))) {
		char file[4096];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		r = run_file(file);
	}
	(void)closedir(dir);
	return r;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat st;
		int r;

		if (stat(argv[i], &st) < 0) {
			perror(argv[i]);
			return 1;
		}
		r = S_ISDIR(st.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
		if (r < 0)
			return 1;
	}
	printf("%s: %zu inputs, no crash\n", argv[0], n_inputs);
	return n_inputs ? 0 : 1;
}
