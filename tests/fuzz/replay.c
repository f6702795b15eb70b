/*
 * A main for the fuzz targets where libFuzzer is not: runs the target once on every file of the
 * given files and folders, and on the empty input. Fails when there was no file, so that a lost
 * corpus is noticed.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long replayed;

static int replay_file(const char *path) {
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return -1;
	}
	struct stat st;
	if (fstat(fileno(file), &st) < 0 || st.st_size > 64L << 20) {
		fclose(file);
		return -1;
	}
	size_t size = (size_t)st.st_size;
	/* Exactly as large as the input, so that the sanitizer sees one byte too many. */
	uint8_t *data = malloc(size ? size : 1);
	if (!data || fread(data, 1, size, file) != size) {
		perror(path);
		free(data);
		fclose(file);
		return -1;
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	replayed++;
	return 0;
}

static int replay(const char *path) {
	struct stat st;
	if (stat(path, &st) < 0) {
		perror(path);
		return -1;
	}
	if (!S_ISDIR(st.st_mode)) {
		return replay_file(path);
	}
	DIR *dir = opendir(path);
	if (!dir) {
		perror(path);
		return -1;
	}
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		char name[4096];
		if (entry->d_name[0] == '.') {
			continue;
		}
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		r = replay(name);
	}
	closedir(dir);
	return r;
}

int main(int argc, char **argv) {
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++) {
		if (replay(argv[i]) < 0) {
			return 1;
		}
	}
	if (replayed == 0) {
		fprintf(stderr, "%s: no corpus file was replayed\n", argv[0]);
		return 1;
	}
	printf("%lu inputs replayed\n", replayed);
	return 0;
}
